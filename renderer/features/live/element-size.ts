import { onBeforeUnmount, onMounted, shallowRef } from 'vue'
import type { Ref } from 'vue'

/** The size of an element in CSS pixels, followed as it changes. */
export function useElementSize(element: Readonly<Ref<HTMLElement | null>>) {
  const width = shallowRef(0)
  const height = shallowRef(0)
  const observer = new ResizeObserver((entries) => {
    const box = entries.at(-1)?.contentRect
    if (!box) return
    width.value = box.width
    height.value = box.height
  })
  onMounted(() => element.value && observer.observe(element.value))
  onBeforeUnmount(() => observer.disconnect())
  return { width, height }
}
