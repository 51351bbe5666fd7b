import { shallowReactive } from 'vue'
import type { LiveMark } from './playing-truth.ts'

/** What the tiles of this page say of the pictures that play on them, by camera: the list says the same. */
const marks = shallowReactive(new Map<string, LiveMark>())

/** What the tile of this camera says of its picture; null where none plays. */
export function tileMark(cameraId: string): LiveMark | null {
  return marks.get(cameraId) ?? null
}

/** A tile says this of its camera from now on; null when it plays no picture any more. */
export function noteTileMark(cameraId: string, mark: LiveMark | null): void {
  if (mark === null) marks.delete(cameraId)
  else marks.set(cameraId, mark)
}
