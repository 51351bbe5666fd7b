import { shallowRef } from 'vue'

/**
 * Cameras whose pictures are closed on this page because the person may not see them (any more): until the desk says that
 * one may be seen again, its tile shows nothing and nothing is asked about it. A tile closes in the drawing that follows,
 * without asking the desk first.
 */
const closed = shallowRef<ReadonlySet<string>>(new Set())
/** `cameras.visible` takes at most so many ids; those on screen come first. */
const mostAsked = 500
const walls = new Set<() => readonly string[]>()

/** True while nothing of this camera may be drawn. */
export function isClosed(cameraId: string): boolean {
  return closed.value.has(cameraId)
}

/** The cameras of which nothing may be drawn. */
export function closedCameraIds(): readonly string[] {
  return [...closed.value]
}

/** Closes the pictures of these cameras at once. */
export function closeCameras(cameraIds: readonly string[]): void {
  if (cameraIds.length > 0) closed.value = new Set([...closed.value, ...cameraIds])
}

/** The desk says that these cameras may be seen (again). */
export function reopenCameras(cameraIds: readonly string[]): void {
  const open = new Set(cameraIds)
  if ([...closed.value].some((id) => open.has(id)))
    closed.value = new Set([...closed.value].filter((id) => !open.has(id)))
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
 * Asks once which of the cameras on screen, and of those that are closed, may be seen; closes and opens them accordingly.
 * Where the desk does not answer, all on screen are closed with `close` (a picture less is better than one too many), or
 * stay as they are with `keep`. Answers whether the desk did.
 */
export async function closeForbidden(
  visibleOf: (cameraIds: string[]) => Promise<readonly string[]>,
  unanswered: 'close' | 'keep',
): Promise<boolean> {
  const before = closed.value
  const shown = new Set([...walls].flatMap((cameraIds) => cameraIds()))
  const asked = [...new Set([...shown, ...before])].slice(0, mostAsked)
  if (asked.length === 0) return true
  let visible: readonly string[]
  try {
    visible = await visibleOf(asked)
  } catch (_unanswered) {
    if (unanswered === 'close') closeCameras([...shown])
    return false
  }
  const allowed = new Set(visible)
  // What was closed while the desk was asked stays closed: that is the later word.
  const answered = new Set(asked.filter((id) => before.has(id) || !closed.value.has(id)))
  const others = [...closed.value].filter((id) => !answered.has(id))
  closed.value = new Set([...others, ...[...answered].filter((id) => !allowed.has(id))])
  return true
}
