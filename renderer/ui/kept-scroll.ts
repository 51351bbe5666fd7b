import { onBeforeUnmount, watch } from 'vue'
import type { Ref } from 'vue'
import { useRoute } from 'vue-router'

interface Left {
  readonly address: string
  readonly top: number
}

/** How far down one was in a list, by the path of its page. */
const leftAt = new Map<string, Left>()

/**
 * Keeps how far down one is in a list: who opens a row and comes back to the same address finds it there. Another page,
 * order or search of the list begins at its top. `ready`: the rows are there.
 */
export function useKeptScroll(scroller: Readonly<Ref<HTMLElement | null>>, ready: () => boolean): void {
  const route = useRoute()
  const { path } = route
  let address = route.fullPath

  watch(
    () => route.fullPath,
    (now) => {
      // On the way to another page the list is still here.
      if (route.path !== path) return
      address = now
      scroller.value?.scrollTo(0, 0)
    },
  )
  watch(
    () => scroller.value !== null && ready(),
    (isReady) => {
      if (!isReady) return
      const left = leftAt.get(path)
      leftAt.delete(path)
      if (left?.address === address) scroller.value?.scrollTo(0, left.top)
    },
    { immediate: true, flush: 'post' },
  )
  onBeforeUnmount(() => {
    if (scroller.value) leftAt.set(path, { address, top: scroller.value.scrollTop })
  })
}
