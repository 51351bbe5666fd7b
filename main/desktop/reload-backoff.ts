const firstDelayMs = 1_000
const longestDelayMs = 30_000
/** A page that lived this long was well; its next crash counts as the first. */
const wellAfterMs = 60_000

/** How long to wait before a crashed page is loaded again; one per window. Never gives up: a desk is watched. */
export class ReloadBackoff {
  readonly #monotonicMs: () => number
  #delayMs = 0
  #lastCrashMs = Number.NEGATIVE_INFINITY

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Counts a crash; returns milliseconds until the reload: 1 s, doubling to 30 s, and 1 s again after a good minute. */
  crashed(): number {
    const now = this.#monotonicMs()
    const aliveMs = now - this.#lastCrashMs - this.#delayMs
    this.#delayMs = aliveMs >= wellAfterMs ? firstDelayMs : Math.min(this.#delayMs * 2, longestDelayMs)
    this.#lastCrashMs = now
    return this.#delayMs
  }
}
