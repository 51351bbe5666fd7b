import { computed, shallowRef } from 'vue'

const groupId = shallowRef<string | null>(null)

/** The group whose wall is on screen; null for one's own. It outlives a visit to another page. */
export const chosenGroup = computed(() => groupId.value)

/** Chooses the wall of a group, or with null one's own. */
export function chooseWallOf(next: string | null): void {
  groupId.value = next
}
