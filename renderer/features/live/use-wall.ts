import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { Wall } from '../../../shared/contract/live.ts'
import type { View } from '../../../shared/contract/views.ts'
import { desk } from '../../app/client.ts'
import { showsCameras } from '../../app/closed-cameras.ts'
import { isLocked } from '../../app/desk-lock.ts'
import { keys } from '../../app/queries.ts'
import { queryClient } from '../../app/query-client.ts'
import { session } from '../../app/session.ts'
import { failureCode, failureSentence } from '../../ui/failures.ts'
import { showToast } from '../../ui/toasts.ts'
import { chosenGroup, chooseWallOf } from './chosen-wall.ts'
import type { Undo } from './use-undo.ts'
import { fullWall, isSameWall, lossText, shownTiles } from './wall-model.ts'

/** A wall is remembered once nothing was moved for so long. */
const saveAfterMs = 800

/**
 * The wall on screen: of the person who looks at it, or of one of their groups. One's own is remembered as it is changed;
 * a group's is changed on this screen alone until an operator saves it for everybody.
 */
export function useWall(undo: Undo) {
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
  /** The view that was drawn last. */
  let drawnView: Wall | null = null
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
  /** The last save, on which the next one waits: what is saved later must arrive later. */
  let sending: Promise<unknown> = Promise.resolve()

  async function save(hurry = false): Promise<void> {
    clearTimeout(timer)
    const changed = wall.value
    if (!unsaved.value || changed === null || chosenGroup.value !== null) return
    unsaved.value = false
    queryClient.setQueryData(key.value, changed)
    const send = (): Promise<unknown> => desk.live.saveWall(changed)
    const sent = hurry ? send() : sending.then(send)
    // Its failure is handled below; the next save only waits for its end.
    sending = sent.catch(() => undefined)
    try {
      await sent
    } catch (error) {
      unsaved.value = true
      showToast('failed', `Your wall could not be saved. ${failureSentence(error)}`)
    }
  }

  function put(next: Wall): void {
    wall.value = next
    drawnFor = origin.value
    unsaved.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void save(), saveAfterMs)
  }

  /** Changes the wall on screen. What that takes from it is told, and can be undone like every change. */
  function change(next: Wall): void {
    const before = wall.value
    if (next === before) return
    put(next)
    // What changed nothing is nothing to undo: Ctrl+Z would say that it was done, and take the offer for the last change away.
    if (before && !isSameWall(before, next)) remember(before, lossText(before, next))
  }

  /** Lets the wall on screen be put back to `before`; `text` says what was done, null where that is plain to see. */
  function remember(before: Wall, text: string | null): void {
    const groupId = chosenGroup.value
    const back = async (): Promise<void> => {
      if (chosenGroup.value !== groupId) await choose(groupId)
      put(before)
      const saved = remembered.data.value
      if (groupId !== null && saved) unsaved.value = !isSameWall(before, saved)
      await save()
    }
    undo.did({ subject: `wall ${origin.value}`, undo: back }, text)
  }

  /** Draws what a view holds; it is then one's own wall, as if it had been put together by hand. */
  async function draw(view: View): Promise<void> {
    const groupId = chosenGroup.value
    /** What was arranged of the wall of a group and saved for nobody. */
    const arranged = groupId !== null && unsaved.value ? wall.value : null
    const before = groupId === null ? wall.value : await ownWall()
    await choose(null)
    const next = fullWall(view)
    put(next)
    // From view to view nothing is lost that could not be called again.
    const isLost = arranged !== null || (before !== null && !isSameWall(before, drawnView ?? next))
    drawnView = next
    if (!before) return
    const back = async (): Promise<void> => {
      await choose(null)
      put(before)
      await choose(groupId)
      if (arranged) put(arranged)
    }
    const done = { subject: `wall ${origin.value}`, undo: back }
    undo.did(
      done,
      isLost ? `“${view.name}” replaced ${arranged ? 'an unsaved group wall' : 'your wall'}.` : null,
    )
  }

  /** The wall of one's own that is remembered while the one of a group is on screen; null where the desk does not answer. */
  async function ownWall(): Promise<Wall | null> {
    try {
      const queryKey = keys.wall(userId.value, null)
      const queryFn = (): Promise<Wall> => desk.live.wall()
      return fullWall(await queryClient.fetchQuery({ queryKey, queryFn, staleTime: Infinity }))
    } catch (_unanswered) {
      return null
    }
  }

  /** Changes to the wall of a group, or with null to one's own. */
  async function choose(groupId: string | null): Promise<void> {
    await save()
    chooseWallOf(groupId)
  }

  /**
   * Changes to another wall because somebody chose it. What was arranged of a group's wall and saved for nobody can be brought
   * back.
   */
  async function leaveFor(groupId: string | null): Promise<void> {
    const left = chosenGroup.value
    const arranged = left !== null && left !== groupId && unsaved.value ? wall.value : null
    const subject = `wall ${origin.value}`
    await choose(groupId)
    if (arranged === null) return
    const back = async (): Promise<void> => {
      await choose(left)
      put(arranged)
    }
    undo.did({ subject, undo: back }, 'Unsaved group wall discarded.')
  }

  /** Saves what is on screen for the whole group; `text` says so, with the offer to undo it. */
  async function saveForGroup(text: string): Promise<void> {
    const groupId = chosenGroup.value
    if (groupId === null || wall.value === null) return
    const savedKey = key.value
    const { savedAt, ...saved } = await desk.groups.saveWall({ id: groupId, ...wall.value })
    unsaved.value = false
    queryClient.setQueryData(savedKey, saved)
    wall.value = fullWall(saved)
    const back = async (): Promise<void> => {
      // What the operator arranged stays on their screen, as it was before they saved it; known before the desk tells this
      // page that the wall has changed.
      if (chosenGroup.value === groupId) unsaved.value = true
      queryClient.setQueryData(savedKey, await desk.groups.restoreWall({ id: groupId, savedAt }))
    }
    undo.did({ subject: `saved wall of ${groupId}`, undo: back }, text)
  }

  const saveNow = (): void => void save(true)
  watch(isLocked, saveNow)
  window.addEventListener('pagehide', saveNow)
  const tiles = computed(() => (wall.value ? shownTiles(wall.value) : []))
  const stopShowing = showsCameras(() => tiles.value.filter((id) => id !== null))
  onScopeDispose(() => {
    window.removeEventListener('pagehide', saveNow)
    stopShowing()
    void save(true)
  })

  return { wall, tiles, failure: remembered.error, unsaved, change, draw, choose: leaveFor, saveForGroup }
}
