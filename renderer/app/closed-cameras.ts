import { shallowRef } from 'vue'

/**
 * Cameras whose pictures are closed on this page because the person may not see them (any more): until the desk answers
 * for one anew, its tile shows nothing. A tile closes in the drawing that follows, without asking the desk first.
 */
const closed = shallowRef<ReadonlySet<string>>(new Set())
const walls = new Set<() => readonly string[]>()

/** True while nothing of this camera may be drawn. */
export function isClosed(cameraId: string): boolean {
  return closed.value.has(cameraId)
}

/** Closes the pictures of these cameras at once. */
export function closeCameras(cameraIds: readonly string[]): void {
  if (cameraIds.length > 0) closed.value = new Set([...closed.value, ...cameraIds])
}

/** The desk answered for this camera: it may be seen (again). */
export function reopenCamera(cameraId: string): void {
  if (!closed.value.has(cameraId)) return
  closed.value = new Set([...closed.value].filter((id) => id !== cameraId))
}

/** Forgets what was closed: nobody is signed in, or nothing is on screen. */
export function forgetClosedCameras(): void {
  closed.value = new Set()
}

/** Tells which cameras are on screen, until the returned function is called. */
export function showsCameras(cameraIds: () => readonly string[]): () => void {
  walls.add(cameraIds)
  return () => void walls.delete(cameraIds)
}

/**
 * Asks for every camera on screen whether it may be seen, and closes those that may not. One that cannot be asked for is
 * closed too: a picture less is better than one too many.
 */
export async function closeForbidden(maySee: (cameraId: string) => Promise<boolean>): Promise<void> {
  const shown = [...new Set([...walls].flatMap((cameraIds) => cameraIds()))]
  const before = closed.value
  const answers = await Promise.allSettled(shown.map(maySee))
  const isAllowed = (index: number): boolean => {
    const answer = answers[index]
    return answer?.status === 'fulfilled' && answer.value
  }
  // What was closed while the desk was asked stays closed: that is the later word.
  const meanwhile = [...closed.value].filter((id) => !before.has(id))
  closed.value = new Set([...shown.filter((_, index) => !isAllowed(index)), ...meanwhile])
}
