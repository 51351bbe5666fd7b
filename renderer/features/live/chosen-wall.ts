import { computed, shallowRef, watch } from 'vue'
import { onDeskMessage } from '../../app/desk-feed.ts'
import { session } from '../../app/session.ts'

const groupId = shallowRef<string | null>(null)

// At once, so that nobody asks for the wall of a group that was another person's, or is theirs no more.
watch(
  () => session.user.value?.id,
  () => (groupId.value = null),
  { flush: 'sync' },
)
onDeskMessage((message) => {
  if (message.type !== 'rights.changed' || groupId.value === null) return
  if (message.lostGroups.includes(groupId.value)) groupId.value = null
})

/** The group whose wall is on screen; null for one's own. It outlives a visit to another page. */
export const chosenGroup = computed(() => groupId.value)

/** Chooses the wall of a group, or with null one's own. */
export function chooseWallOf(next: string | null): void {
  groupId.value = next
}
