/** Where a segment lies in the video element's time, in seconds; hls.js corrects both while it reads the segment. */
export interface SegmentPlace {
  readonly start: number
  readonly duration: number
}

interface ReadSegment {
  readonly place: SegmentPlace
  readonly sizes: number[]
}

/**
 * Tells for how long every frame that an HLS player has shown had the same encoded size. Segments arrive before they are
 * shown: only what the picture has reached counts.
 */
export class HlsFrameSizes {
  private readonly segments: ReadSegment[] = []
  /** Frames of the first segment that were shown already. */
  private shown = 0
  private size: number | null = null
  private since = 0
  private until = 0

  /** Frames of a segment were read; empty `sizes` where they are not known. A segment may come in several pieces. */
  add(place: SegmentPlace, sizes: readonly number[]): void {
    const last = this.segments.at(-1)
    if (last?.place === place) last.sizes.push(...sizes)
    else this.segments.push({ place, sizes: [...sizes] })
  }

  /**
   * Milliseconds of video up to `position` (the element's `currentTime`, seconds) whose frames all have one size; close to
   * 0 while sizes differ, null where they are not known.
   */
  sameMs(position: number): number | null {
    for (
      let [segment] = this.segments;
      segment && segment.place.start <= position;
      [segment] = this.segments
    ) {
      if (!this.show(segment, position)) break
      this.segments.shift()
      this.shown = 0
    }
    if (this.size === null) return null
    return Math.max(0, (Math.min(position, this.until) - this.since) * 1000)
  }

  /** Takes the frames that lie before the position; false while some lie behind it. */
  private show({ place, sizes }: ReadSegment, position: number): boolean {
    if (sizes.length === 0) this.size = null
    const frameSeconds = place.duration / Math.max(1, sizes.length)
    for (; this.shown < sizes.length; this.shown += 1) {
      const at = place.start + this.shown * frameSeconds
      if (at > position) return false
      const size = sizes[this.shown] ?? null
      if (size !== this.size) this.since = at
      this.size = size
      this.until = at + frameSeconds
    }
    return true
  }
}
