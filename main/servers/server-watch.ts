import type { Clock } from '../platform/clock.ts'

/** How often a server is looked at, ms. */
export interface WatchTimes {
  /** From the start of one round to the start of the next. */
  readonly statusMs: number
  /** From one look at the whole configuration to the next. */
  readonly driftMs: number
  /** After the first failed round: a single lost packet is no outage. */
  readonly recheckMs: number
  /** While the server is away, so that its return is seen soon. */
  readonly awayMs: number
  /** The first rounds of many servers are spread over this time. */
  readonly spreadMs: number
}

export const defaultWatchTimes: WatchTimes = {
  statusMs: 5_000,
  driftMs: 30_000,
  recheckMs: 1_000,
  awayMs: 2_000,
  spreadMs: 1_000,
}

/** What one round does. */
export interface WatchedServer {
  /**
   * Reads the status, and with `whole` the configuration too; rejects with what went wrong. False: the configuration
   * could not be compared just now, so the next round reads it again.
   */
  readonly look: (whole: boolean, signal: AbortSignal) => Promise<boolean>
  /** Two rounds in a row have failed. */
  readonly lost: (error: unknown) => void
}

/**
 * Looks after one server with a timer of its own, never two rounds at once. Servers share nothing, so that one which
 * hangs costs the others nothing.
 */
export class ServerWatch {
  readonly #server: WatchedServer
  readonly #clock: Clock
  readonly #times: WatchTimes
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | null = null
  #failures = 0
  #wholeDueAtMs = Number.NEGATIVE_INFINITY
  #lastStartMs = Number.NEGATIVE_INFINITY

  constructor(server: WatchedServer, clock: Clock, times: WatchTimes = defaultWatchTimes) {
    this.#server = server
    this.#clock = clock
    this.#times = times
  }

  /** `known`: a round has just been done by hand (the server was added now), so the first one may wait. */
  start(known: boolean): void {
    if (known) {
      this.#wholeDueAtMs = this.#clock.monotonicMs() + this.#times.driftMs
      this.#schedule(this.#times.statusMs)
    } else {
      this.#schedule(Math.random() * this.#times.spreadMs)
    }
  }

  /** Ends the watch; a round under way is cut short and tells nobody its result. */
  async stop(): Promise<void> {
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#round
  }

  /** Something hints that the state has changed: looks now, unless that was done within `unlessWithinMs`. */
  nudge(unlessWithinMs: number): void {
    if (this.#clock.monotonicMs() - this.#lastStartMs < unlessWithinMs) return
    void this.#begin()
  }

  /** Looks at everything now; resolves when a round that began after this call is over, whatever it found. */
  async lookNow(): Promise<void> {
    this.#wholeDueAtMs = Number.NEGATIVE_INFINITY
    await this.#round
    await this.#begin()
  }

  #begin(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve()
    this.#round ??= this.#run().finally(() => {
      this.#round = null
    })
    return this.#round
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    const startedMs = this.#clock.monotonicMs()
    this.#lastStartMs = startedMs
    const whole = startedMs >= this.#wholeDueAtMs || this.#failures > 0
    try {
      const compared = await this.#server.look(whole, this.#abort.signal)
      if (whole && compared) this.#wholeDueAtMs = startedMs + this.#times.driftMs
      this.#failures = 0
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#failures += 1
      if (this.#failures > 1) this.#server.lost(error)
    }
    this.#schedule(this.#pauseMs(startedMs))
  }

  #pauseMs(startedMs: number): number {
    const { recheckMs, awayMs, statusMs } = this.#times
    if (this.#failures === 1) return recheckMs
    if (this.#failures > 1) return awayMs
    return Math.max(0, startedMs + statusMs - this.#clock.monotonicMs())
  }

  #schedule(delayMs: number): void {
    if (this.#abort.signal.aborted) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#begin(), delayMs)
  }
}
