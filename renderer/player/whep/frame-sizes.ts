/** What the browser says of the video of one WebRTC session, summed up since its start. */
export interface ReceivedFrames {
  readonly bytes: number
  /** Frames that arrived whole. */
  readonly frames: number
  readonly framesDecoded: number | null
  readonly keyFrames: number | null
}

interface Look extends ReceivedFrames {
  readonly at: number
}

/**
 * So many looks in a row may find a sum that is only nearly right, for a packet was lost or is being sent again, before the
 * series ends: few while the size is a guess from one look, more once a second look has confirmed it.
 */
const TOLERATED_GUESSES = 4
const TOLERATED_LOOKS = 12
/** Frames that arrived without being counted yet, or never were, because a part of them was lost. */
const SPARE_FRAMES = 5

/**
 * Tells whether every frame of a WebRTC session has the same encoded size. The browser gives sums only: frames of one
 * size add up to a whole multiple of it between any two looks, those of an encoder practically never do. A look that
 * falls into the middle of a frame, or a lost packet, spoils one sum a little; many in a row mean sizes that differ.
 *
 * A server that repeats a picture can only repeat a full one. Where the browser counts key frames, a stream that has
 * frames of both kinds therefore counts as living, whatever the sums: on a black night they can agree by chance.
 */
export class WhepFrameSizes {
  private last: Look | null = null
  /** The last look whose sum fitted. */
  private fitting: Look | null = null
  private size: number | null = null
  private sinceAt = 0
  private confirmed = false
  private misses = 0

  /** Call with each new reading; `now` in monotonic milliseconds. */
  look(now: number, received: ReceivedFrames): void {
    const before = this.last
    // A slow camera may have sent nothing since: the sum is made when its next frame is there.
    if (before && received.frames === before.frames) return
    const look = { ...received, at: now }
    this.last = look
    if (!before || received.frames < before.frames || hasBothKinds(before, received)) return this.forget()
    this.compare(before, look)
  }

  /** For how long all frames have had one size, milliseconds; 0 while sizes differ. */
  get sameMs(): number {
    return this.confirmed && this.last ? this.last.at - this.sinceAt : 0
  }

  private compare(before: Look, look: Look): void {
    if (this.fits(before, look) || (this.fitting && this.fits(this.fitting, look))) {
      this.confirmed = true
      this.fitting = look
      this.misses = 0
      return
    }
    this.misses += 1
    // Without the count of key frames the sums are all there is: they have to fit every time.
    const tolerated = look.keyFrames === null ? 0 : this.confirmed ? TOLERATED_LOOKS : TOLERATED_GUESSES
    if (this.size !== null && this.misses <= tolerated && this.nearlyFits(before, look)) return
    this.guess(before, look)
  }

  private guess(before: Look, look: Look): void {
    this.forget()
    const mean = (look.bytes - before.bytes) / (look.frames - before.frames)
    if (!Number.isInteger(mean)) return
    this.size = mean
    this.sinceAt = before.at
    this.fitting = look
  }

  private fits(from: Look, to: Look): boolean {
    if (this.size === null) return false
    return Number.isInteger((to.bytes - from.bytes) / this.size) && this.nearlyFits(from, to)
  }

  private nearlyFits(from: Look, to: Look): boolean {
    const frames = (to.bytes - from.bytes) / (this.size ?? 1)
    return Math.abs(frames - (to.frames - from.frames)) <= SPARE_FRAMES
  }

  private forget(): void {
    this.size = null
    this.fitting = null
    this.confirmed = false
    this.misses = 0
  }
}

function hasBothKinds(before: ReceivedFrames, now: ReceivedFrames): boolean {
  if (now.keyFrames === null || before.keyFrames === null) return false
  if (now.framesDecoded === null || before.framesDecoded === null) return false
  return now.keyFrames - before.keyFrames < now.framesDecoded - before.framesDecoded
}
