import type { MediaSample } from './session.ts'

/**
 * What the watchdog makes of a running source: `late` frames have stopped coming, the cause is not known yet; `no-bytes` nothing
 * arrives; `no-frames` bytes arrive, nothing is decoded; `not-drawn` frames are decoded, none is drawn.
 */
export type Finding = 'fine' | 'late' | 'no-bytes' | 'no-frames' | 'not-drawn'

/** What was drawn, by the video element's own account. */
export interface FrameFigures {
  readonly count: number
  /** Monotonic milliseconds; null before the first frame. */
  readonly lastAt: number | null
  /** Usual time between two frames, milliseconds. */
  readonly intervalMs: number
}

/** One look at a source. */
export interface Observation {
  readonly now: number
  readonly frames: FrameFigures
  /** Null when the source gives no figures at this moment. */
  readonly sample: MediaSample | null
}

/** Less than the distance of two looks, so that a freeze is noticed at the second look and within 2 s even on a busy machine. */
const NOTICE_MS = 700
const STALE_MS = 3000
const NO_FRAMES_MS = 3000
/** A source stays weak for so many looks, so that the word can be read. */
const WEAK_LOOKS = 3

/** From when on a picture is called stale (no new frame for 3 s or three frame intervals, whichever is longer). */
export function staleAfterMs(intervalMs: number): number {
  return Math.max(STALE_MS, 3 * intervalMs)
}

/** Tells from what a source delivers whether it is well, and what kind of trouble it is in. Looked at once a second. */
export class Watchdog {
  framesPerSecond: number | null = null
  weak = false
  /** Learnt distance of key frames, milliseconds. */
  gopMs: number | null = null
  private readonly quietMs: number
  private weakLooks = 0
  private last: Observation | null = null
  private firstKeyFrames: { at: number; count: number } | null = null
  private bytesAt = 0
  private decodedAt = 0
  private decodes = false

  /** `quietMs`: how long a healthy source may deliver nothing (HLS comes in pieces). */
  constructor(quietMs: number) {
    this.quietMs = quietMs
  }

  /** Forgets the past, after a time in which nobody looked. */
  rest(): void {
    this.last = null
  }

  look(observation: Observation): Finding {
    const { now, frames } = observation
    const before = this.last
    this.last = observation
    if (!before) {
      this.bytesAt = now
      this.decodedAt = now
      return 'fine'
    }
    this.measure(before, observation)
    if (frames.lastAt !== null && now - frames.lastAt < Math.max(NOTICE_MS, 2.5 * frames.intervalMs))
      return 'fine'
    return this.trouble(now, frames)
  }

  private trouble(now: number, { intervalMs }: FrameFigures): Finding {
    if (now - this.bytesAt >= Math.max(this.quietMs, 2.5 * intervalMs)) return 'no-bytes'
    const patience = Math.max(NO_FRAMES_MS, 2 * (this.gopMs ?? 1000) + 1000, 3 * intervalMs)
    if (now - this.decodedAt >= patience) return 'no-frames'
    return this.decodes ? 'not-drawn' : 'late'
  }

  private measure(before: Observation, { now, frames, sample }: Observation): void {
    const elapsed = now - before.now
    if (elapsed > 0)
      this.framesPerSecond = Math.round(((frames.count - before.frames.count) * 10_000) / elapsed) / 10
    const earlier = before.sample
    if (!sample) return
    if (!earlier || sample.bytes !== earlier.bytes) {
      // After a silence the decoder needs a key frame first: its patience starts anew.
      if (now - this.bytesAt > 1.5 * elapsed) this.decodedAt = now
      this.bytesAt = now
    }
    this.decodes = !earlier || sample.framesDecoded === null || sample.framesDecoded !== earlier.framesDecoded
    if (this.decodes) this.decodedAt = now
    if (earlier) this.weigh(earlier, sample)
    this.learnGop(now, earlier?.keyFrames ?? null, sample)
  }

  private weigh(earlier: MediaSample, sample: MediaSample): void {
    const lost = Math.max(0, (sample.packetsLost ?? 0) - (earlier.packetsLost ?? 0))
    const received = (sample.packetsReceived ?? 0) - (earlier.packetsReceived ?? 0)
    const dropped = sample.framesDropped - earlier.framesDropped
    const decoded = (sample.framesDecoded ?? 0) - (earlier.framesDecoded ?? 0)
    const bad = lost > 0.02 * (lost + received) || dropped > 0.1 * Math.max(1, decoded + dropped)
    this.weakLooks = bad ? WEAK_LOOKS : Math.max(0, this.weakLooks - 1)
    this.weak = this.weakLooks > 0
  }

  private learnGop(now: number, before: number | null, { keyFrames }: MediaSample): void {
    if (keyFrames === null) return
    this.firstKeyFrames ??= { at: now, count: keyFrames }
    const seen = keyFrames - this.firstKeyFrames.count
    // Only when a key frame has come: while none comes, time says nothing about their distance.
    if (seen >= 2 && keyFrames !== before) this.gopMs = (now - this.firstKeyFrames.at) / seen
  }
}
