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
      if (this.frames.length > 0 && gap) this.cut(this.lastVideoEpochMs + 40)
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
