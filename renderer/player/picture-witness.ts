/** All encoded frames of one size for so long, and strips of the picture that do not change: the picture is not changing. */
const UNCHANGED_MS = 15_000
/** Strips are read only once sizes have been the same for a moment: on a living wall, never. */
const SUSPICIOUS_MS = 1000
/** At every second look of the wall. */
const STRIPS_EVERY_MS = 1500
/** Sizes are the same for up to two looks before the first strips are read, and the last ones are up to a look old. */
const STRIPS_SAME_MS = UNCHANGED_MS - 3500

/** What the witness looks at, once a second. */
export interface WitnessedPicture {
  /** Monotonic milliseconds. */
  readonly now: number
  /** For how long every encoded frame has had the same size; null where sizes are not known. */
  readonly sameSizeMs: number | null
  /** Strips of the frame on screen in its own pixels; null where they cannot be read. */
  readonly readStrips: () => Promise<Uint8Array | null>
}

/**
 * Tells a picture that is repeated from one of a scene in which nothing happens. Where a source dies, Alta goes on
 * delivering its last full frame, and a rendered frame is no evidence of life. Neither witness is enough: a camera that
 * removes noise gives the same pixels for minutes, but no two encoded frames of a sensor have the same size for long; and
 * an encoder may be told to fill each frame to one size while people walk through the picture.
 */
export class PictureWitness {
  /** Nothing in the picture has changed for 15 s, by pixels and by encoded sizes. */
  unchanging = false
  private strips: Uint8Array | null = null
  private sinceAt = 0
  private readAt = 0

  /** Forgets the past: another source is shown, or nobody looked for a while. */
  rest(): void {
    this.unchanging = false
    this.strips = null
  }

  async look({ now, sameSizeMs, readStrips }: WitnessedPicture): Promise<void> {
    if (sameSizeMs === null || sameSizeMs < SUSPICIOUS_MS) return this.rest()
    if (!this.strips || now - this.readAt >= STRIPS_EVERY_MS) {
      const strips = await readStrips()
      if (!strips) return this.rest()
      this.compare(now, strips)
    }
    this.unchanging = sameSizeMs >= UNCHANGED_MS && this.readAt - this.sinceAt >= STRIPS_SAME_MS
  }

  private compare(now: number, strips: Uint8Array): void {
    if (!this.strips || !samePixels(strips, this.strips)) this.sinceAt = now
    this.strips = strips
    this.readAt = now
  }
}

/** Whether two readings of the strips of a picture hold the same pixels. */
export function samePixels(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false
  return true
}
