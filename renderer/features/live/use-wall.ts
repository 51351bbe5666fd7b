import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { Wall } from '../../../shared/contract/live.ts'
import { desk } from '../../app/client.ts'
import { showsCameras } from '../../app/closed-cameras.ts'
import { isLocked } from '../../app/desk-lock.ts'
import { keys } from '../../app/queries.ts'
import { queryClient } from '../../app/query-client.ts'
import { session } from '../../app/session.ts'
import { failureCode, failureSentence } from '../../ui/failures.ts'
import { showToast } from '../../ui/toasts.ts'
import { chosenGroup, chooseWallOf } from './chosen-wall.ts'
import { fullWall, shownTiles } from './wall-model.ts'

/** A wall is remembered once nothing was moved for so long. */
const saveAfterMs = 800

/**
 * The wall on screen: of the person who looks at it, or of one of their groups. One's own is remembered as it is changed;
 * a group's is changed on this screen alone until an operator saves it for everybody.
 */
export function useWall() {
  const userId = computed(() => session.user.value?.id ?? '')
  const key = computed(() => keys.wall(userId.value, chosenGroup.value))
  const remembered = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => {
      const groupId = chosenGroup.value
      return groupId === null
        ? desk.live.wall(undefined, { signal })
        : desk.groups.wall({ id: groupId }, { signal })
    },
    staleTime: computed(() => (chosenGroup.value === null ? Infinity : 0)),
    enabled: computed(() => userId.value !== ''),
  })
  const wall = shallowRef<Wall | null>(null)
  /** Whose wall is drawn. Until the next one has arrived, the pictures of the last one go on. */
  let drawnFor = ''
  const unsaved = ref(false)
  const origin = computed(() => `${userId.value} ${chosenGroup.value ?? ''}`)
  watch(
    [remembered.data, origin],
    ([answer, wanted]) => {
      const isAnother = drawnFor !== wanted
      // One's own wall is changed here and nowhere else; a group's may have been saved by somebody else.
      if (!answer || unsaved.value || (!isAnother && chosenGroup.value === null)) return
      wall.value = fullWall(answer)
      drawnFor = wanted
    },
    { immediate: true },
  )
  // What the last person changed was saved when they locked or chose another wall; nothing of it is the next one's.
  watch(origin, () => (unsaved.value = false), { flush: 'sync' })
  watch(remembered.error, (error) => {
    if (chosenGroup.value !== null && failureCode(error) === 'NOT_FOUND') chooseWallOf(null)
  })

  let timer: ReturnType<typeof setTimeout> | undefined

  async function save(): Promise<void> {
    clearTimeout(timer)
    if (!unsaved.value || wall.value === null || chosenGroup.value !== null) return
    unsaved.value = false
    queryClient.setQueryData(key.value, wall.value)
    try {
      await desk.live.saveWall(wall.value)
    } catch (error) {
      unsaved.value = true
      showToast('failed', `Your wall is not remembered yet. ${failureSentence(error)}`)
    }
  }

  function change(next: Wall): void {
    if (next === wall.value) return
    wall.value = next
    unsaved.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void save(), saveAfterMs)
  }

  /** Draws what a view holds; it is then one's own wall, as if it had been put together by hand. */
  async function draw(view: Wall): Promise<void> {
    await choose(null)
    drawnFor = origin.value
    change(fullWall(view))
  }

  /** Changes to the wall of a group, or with null to one's own. */
  async function choose(groupId: string | null): Promise<void> {
    await save()
    chooseWallOf(groupId)
  }

  /** Saves what is on screen for the whole group. */
  async function saveForGroup(): Promise<void> {
    const groupId = chosenGroup.value
    if (groupId === null || wall.value === null) return
    const saved = await desk.groups.saveWall({ id: groupId, ...wall.value })
    unsaved.value = false
    queryClient.setQueryData(key.value, saved)
    wall.value = fullWall(saved)
  }

  const saveNow = (): void => void save()
  watch(isLocked, saveNow)
  window.addEventListener('pagehide', saveNow)
  const tiles = computed(() => (wall.value ? shownTiles(wall.value) : []))
  const stopShowing = showsCameras(() => tiles.value.filter((id) => id !== null))
  onScopeDispose(() => {
    window.removeEventListener('pagehide', saveNow)
    stopShowing()
    void save()
  })

  return { wall, tiles, failure: remembered.error, unsaved, change, draw, choose, saveForGroup }
}
