import { computed, shallowRef } from 'vue'

const asked = shallowRef(false)
const isFullScreen = shallowRef(false)

document.addEventListener('fullscreenchange', () => {
  isFullScreen.value = document.fullscreenElement !== null
  if (!isFullScreen.value) asked.value = false
})

/** True while the wall is full screen with nothing else: the frame hides itself. */
export const wallOnly = computed(() => asked.value && isFullScreen.value)

/**
 * Shows the wall full screen, or ends that. The whole page goes full screen, not the wall alone, so that menus and
 * dialogs still lie above it. Rejects when the browser refuses.
 */
export async function toggleWallOnly(): Promise<void> {
  if (document.fullscreenElement) return document.exitFullscreen()
  asked.value = true
  await document.documentElement.requestFullscreen()
}

/** Ends the full screen, if there is one. */
export async function leaveWallOnly(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen()
}
