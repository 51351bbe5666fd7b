import { watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

interface WallLinks {
  /** Whether there is a wall yet that a camera could be put on. */
  readonly isReady: () => boolean
  readonly camera: (id: string) => void
  readonly group: (id: string) => void
  readonly view: (id: string) => void
}

/**
 * The search of the top bar, and the list of groups, lead to the wall with what is to be shown on it
 * (`/live?camera=`, `?group=`, `?view=`). It is shown once, and the address is plain again.
 */
export function useWallLinks(links: WallLinks): void {
  const route = useRoute()
  const router = useRouter()
  watch(
    [() => route.query, links.isReady],
    ([{ camera, group, view }, isReady]) => {
      if (route.name !== 'live') return
      if (typeof camera === 'string') {
        if (!isReady) return
        links.camera(camera)
      } else if (typeof group === 'string') links.group(group)
      else if (typeof view === 'string') links.view(view)
      else return
      void router.replace({ path: '/live' })
    },
    { immediate: true },
  )
}
