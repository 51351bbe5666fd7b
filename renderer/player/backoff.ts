import type { PlayerClock } from './player-types.ts'

const BASE_MS = 250
const CAP_MS = 15_000

/** Growing pauses with full jitter: 0.25-0.5 s first, the ceiling doubles, at most 15 s. */
export class Backoff {
  private failures = 0
  private readonly clock: Pick<PlayerClock, 'random'>

  constructor(clock: Pick<PlayerClock, 'random'>) {
    this.clock = clock
  }

  /** How long to wait after one more failure; never shorter than what the server asked for. */
  next(retryAfterMs = 0): number {
    const ceiling = Math.min(CAP_MS, 2 * BASE_MS * 2 ** this.failures)
    this.failures = Math.min(this.failures + 1, 16)
    const pause = BASE_MS + this.clock.random() * (ceiling - BASE_MS)
    // A server's own figure is spread a little, or all tiles would come back in the same instant.
    return Math.max(pause, retryAfterMs > 0 ? retryAfterMs * (1 + this.clock.random() / 4) : 0)
  }

  reset(): void {
    this.failures = 0
  }
}
