import type { HlsProgress } from './hls-playlist.ts'

/** A source is dead when its playlist stands still for so many segment durations. */
const deadAfterSegments = 3

/** What is remembered of one media playlist between two looks. */
export interface Progress {
  readonly lastSequence: number
  /** Monotonic milliseconds at which the sequence was first seen. */
  readonly movedAt: number
  /** Null until the playlist was seen to move, or to stand still for long enough: bytes are no proof of life. */
  readonly active: boolean | null
}

/** What a new look at a playlist says, given what the look before it said. */
export function observeProgress(before: Progress | null, seen: HlsProgress, nowMs: number): Progress {
  const { lastSequence, targetMs } = seen
  if (before === null) return { lastSequence, movedAt: nowMs, active: null }
  if (lastSequence !== before.lastSequence) return { lastSequence, movedAt: nowMs, active: lastSequence >= 0 }
  if (nowMs - before.movedAt >= deadAfterSegments * targetMs) return { ...before, active: false }
  return before
}
