import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import type { Wall } from '../../../shared/contract/live.ts'
import { desk } from '../../app/client.ts'
import { keys } from '../../app/queries.ts'
import { queryClient } from '../../app/query-client.ts'
import { failureSentence } from '../../ui/failures.ts'
import { showToast } from '../../ui/toasts.ts'
import { fullWall, shownTiles } from './wall-model.ts'

/** A wall is remembered once nothing was moved for so long. */
const saveAfterMs = 800

/** The wall of the person who looks at it: read once, changed here, remembered by the desk. */
export function useWall() {
  const remembered = useQuery({
    queryKey: keys.wall,
    queryFn: ({ signal }) => desk.live.wall(undefined, { signal }),
    staleTime: Infinity,
  })
  const wall = shallowRef<Wall | null>(null)
  watch(
    remembered.data,
    (answer) => {
      if (answer && wall.value === null) wall.value = fullWall(answer)
    },
    { immediate: true },
  )

  let timer: ReturnType<typeof setTimeout> | undefined
  let unsaved = false

  async function save(): Promise<void> {
    clearTimeout(timer)
    if (!unsaved || wall.value === null) return
    unsaved = false
    queryClient.setQueryData(keys.wall, wall.value)
    try {
      await desk.live.saveWall(wall.value)
    } catch (error) {
      unsaved = true
      showToast('failed', `Your wall is not remembered yet. ${failureSentence(error)}`)
    }
  }

  function change(next: Wall): void {
    if (next === wall.value) return
    wall.value = next
    unsaved = true
    clearTimeout(timer)
    timer = setTimeout(() => void save(), saveAfterMs)
  }

  const saveNow = (): void => void save()
  window.addEventListener('pagehide', saveNow)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', saveNow)
    void save()
  })

  return {
    wall,
    tiles: computed(() => (wall.value ? shownTiles(wall.value) : [])),
    failure: remembered.error,
    change,
  }
}
