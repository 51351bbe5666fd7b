import type { Frame } from './frame.ts'
import { TransportStreamMuxer } from './transport-stream-muxer.ts'

/** One MPEG-TS piece of a stream. */
export interface Segment {
  /** Counts up by one within the stream. */
  sequence: number
  /** File name, `<sequence>-<start>.ts`. */
  name: string
  startEpochMs: number
  durationMs: number
  data: Buffer
  /** Whether time is missing between the segment before and this one. */
  discontinuity: boolean
  /** How many discontinuities there were up to and including this segment. */
  discontinuitySequence: number
}

/** A hole in a stream that is longer than this is a discontinuity, ms. */
const GAP_MS = 1500
/**
 * How much longer than wanted a segment may become, ms: rounded to seconds it must not exceed the target duration of its playlist,
 * which must not change (RFC 8216, 4.3.3.1). What comes later waits for the next key frame.
 */
const SLACK_MS = 440
const FRAME_MS = 40

/**
 * The peak segment bit rate, bits a second (RFC 8216, 4.1): the highest of any segments in a row that last between half and one
 * and a half target durations together. 0 without any.
 */
export function peakBitrate(
  segments: readonly { data: { length: number }; durationMs: number }[],
  targetMs: number,
): number {
  let peak = 0
  for (let first = 0; first < segments.length; first += 1) {
    let bytes = 0
    let durationMs = 0
    for (const segment of segments.slice(first)) {
      bytes += segment.data.length
      durationMs += segment.durationMs
      if (durationMs > 1.5 * targetMs) break
      if (durationMs >= 0.5 * targetMs) peak = Math.max(peak, (bytes * 8000) / durationMs)
    }
  }
  return Math.round(peak)
}

/** Cuts a stream at key frames into segments of at least the wanted length. */
export class Segmenter {
  private readonly segmentMs: number
  private readonly muxer: TransportStreamMuxer
  private readonly onSegment: (segment: Segment) => void
  private frames: Frame[] = []
  private startEpochMs = 0
  private lastVideoEpochMs = 0
  private sequence = 0
  private discontinuitySequence = 0
  private previousEndMs: number | undefined

  constructor(segmentMs: number, epochBaseMs: number, onSegment: (segment: Segment) => void) {
    this.segmentMs = segmentMs
    this.muxer = new TransportStreamMuxer(epochBaseMs)
    this.onSegment = onSegment
  }

  write(frame: Frame): void {
    if (frame.kind === 'video') {
      const gap = this.frames.length > 0 && frame.epochMs - this.lastVideoEpochMs > GAP_MS
      // Half a frame of slack: 25 frames of 40 ms may miss the second by a rounding.
      const full = frame.keyFrame && frame.epochMs - this.startEpochMs >= this.segmentMs - 20
      const tooLong = frame.epochMs - this.startEpochMs > this.segmentMs + SLACK_MS
      if (this.frames.length > 0 && (gap || tooLong)) this.cut(this.lastVideoEpochMs + FRAME_MS)
      else if (this.frames.length > 0 && full) this.cut(frame.epochMs)
      if (this.frames.length === 0) {
        if (!frame.keyFrame) return
        this.startEpochMs = frame.epochMs
      }
      this.lastVideoEpochMs = frame.epochMs
    } else if (this.frames.length === 0) return
    this.frames.push(frame)
  }

  /** Forgets the segment that was begun. */
  reset(): void {
    this.frames = []
  }

  private cut(endEpochMs: number): void {
    const { startEpochMs, previousEndMs } = this
    const data = this.muxer.segment(this.frames)
    const durationMs = endEpochMs - startEpochMs
    this.frames = []
    this.previousEndMs = endEpochMs
    const discontinuity = previousEndMs !== undefined && startEpochMs - previousEndMs > GAP_MS
    if (discontinuity) this.discontinuitySequence += 1
    const { sequence, discontinuitySequence } = this
    this.sequence += 1
    const name = `${sequence}-${Math.round(startEpochMs)}.ts`
    this.onSegment({ sequence, name, startEpochMs, durationMs, data, discontinuity, discontinuitySequence })
  }
}
