/** How much media may be left when the next segment arrives: a reload that comes too early is repeated half a segment later. */
const spareOf = (segmentS: number): number => segmentS / 2 + 0.3
/** A difference that is not worth a correction, seconds. */
const NEAR_S = 0.1
const MAX_RATE = 1.1
const MIN_RATE = 0.95
/** More than this would take the rate too long, seconds. */
const FAR_S = 1.5
/** So long after the start the picture may jump once; later only where it has fallen far behind. */
const SETTLING_MS = 15_000

/** A new segment has come. */
interface Arrival {
  /** Media that was still to be played in that moment, seconds. */
  readonly aheadS: number
  readonly segmentS: number
  /** Since the first frame, milliseconds. */
  readonly playedMs: number
}

/** How fast to play from now on, and how far to jump first, seconds. */
interface Correction {
  readonly rate: number
  readonly jumpS: number
}

/**
 * Keeps a live HLS picture as near to the live edge as it can be without running dry, wherever in a segment it was started. What
 * counts is how much media is left each time a segment arrives: that is known exactly, while the age of the newest segment is not.
 */
export class LiveEdge {
  private earlier: number | null = null
  private jumped = false

  /** Judges by the lesser of two arrivals in a row: one segment that came early says nothing. */
  arrived({ aheadS, segmentS, playedMs }: Arrival): Correction {
    const surplus = Math.min(aheadS, this.earlier ?? aheadS) - spareOf(segmentS)
    this.earlier = aheadS
    const settling = playedMs < SETTLING_MS && !this.jumped
    if (surplus > FAR_S && (settling || surplus > 2 * segmentS)) {
      this.jumped = true
      this.earlier = null
      return { rate: 1, jumpS: surplus }
    }
    if (Math.abs(surplus) < NEAR_S) return { rate: 1, jumpS: 0 }
    const wanted = 1 + surplus / (1.5 * segmentS)
    const rate = Math.round(Math.min(MAX_RATE, Math.max(MIN_RATE, wanted)) * 100) / 100
    return { rate, jumpS: 0 }
  }
}
