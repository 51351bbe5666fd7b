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

/** What is read of one server, and what becomes of it. */
export interface WatchedServer {
  /** Reads the status; rejects with what went wrong. */
  readonly readStatus: (signal: AbortSignal) => Promise<void>
  /** Reads the configuration; rejects with what went wrong. False: it could not be compared, so the next round reads it again. */
  readonly readConfig: (signal: AbortSignal) => Promise<boolean>
  /** One of the two could not be read twice in a row. */
  readonly lost: (error: unknown) => void
  /** Both could be read the last time, or failed once at most. */
  readonly answered: () => void
  /** Nothing is being read any more, whatever was found. What changes the server begins here: else a reading sees half of it. */
  readonly polled: () => void
}

/**
 * Looks after one server with a timer of its own, never two rounds at once. A round reads the status; a configuration that is due
 * is read beside it and may outlast it, so that a slow one delays no status. Servers share nothing, so that one which hangs costs
 * the others nothing.
 */
export class ServerWatch {
  readonly #server: WatchedServer
  readonly #clock: Clock
  readonly #times: WatchTimes
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #cycle: Promise<void> | null = null
  #config: { readonly ended: Promise<void>; readonly abort: AbortController } | null = null
  /** Calls of `lookNow` that wait. */
  #looksWanted = 0
  #statusFailures = 0
  #configFailures = 0
  #configDueAtMs = Number.NEGATIVE_INFINITY
  #configStartMs = Number.NEGATIVE_INFINITY
  #lastStartMs = Number.NEGATIVE_INFINITY
  /** When the next round begins. */
  #nextMs = Number.POSITIVE_INFINITY

  constructor(server: WatchedServer, clock: Clock, times: WatchTimes = defaultWatchTimes) {
    this.#server = server
    this.#clock = clock
    this.#times = times
  }

  /** `known`: a round has just been done by hand (the server was added now), so the first one may wait. */
  start(known: boolean): void {
    if (known) {
      this.#configDueAtMs = this.#clock.monotonicMs() + this.#times.driftMs
      this.#schedule(this.#times.statusMs)
    } else {
      this.#schedule(Math.random() * this.#times.spreadMs)
    }
  }

  /** Ends the watch: requests in flight are aborted, and their results are dropped. */
  async stop(): Promise<void> {
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#underWay()
  }

  /** Something hints that the state has changed: looks now, unless that was done within `unlessWithinMs`. */
  nudge(unlessWithinMs: number): void {
    if (this.#clock.monotonicMs() - this.#lastStartMs < unlessWithinMs) return
    void this.#begin()
  }

  /** Looks at everything now; resolves when a round that began after this call is over, whatever it found. */
  async pollNow(): Promise<void> {
    this.#looksWanted += 1
    await this.#underWay()
    this.#configDueAtMs = Number.NEGATIVE_INFINITY
    void this.#begin()
    await this.#underWay()
    this.#looksWanted -= 1
    this.#noteEnd()
  }

  /** Reads the configuration now; false where that is under way, or began within `unlessWithinMs`. */
  rereadConfig(unlessWithinMs: number): boolean {
    if (this.#abort.signal.aborted || this.#config) return false
    if (this.#clock.monotonicMs() - this.#configStartMs < unlessWithinMs) return false
    this.#beginConfig()
    return true
  }

  async #underWay(): Promise<void> {
    await Promise.all([this.#cycle, this.#config?.ended])
  }

  #begin(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve()
    this.#cycle ??= this.#run().finally(() => {
      this.#cycle = null
      this.#noteEnd()
    })
    return this.#cycle
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    const startedMs = this.#clock.monotonicMs()
    this.#lastStartMs = startedMs
    const status = this.#server.readStatus(this.#abort.signal)
    if (this.#failures > 0 || startedMs >= this.#configDueAtMs) this.#beginConfig()
    try {
      await status
      this.#statusFailures = 0
      this.#noteSuccess()
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#noteSilence(error)
    }
    this.#schedule(this.#pauseMs(startedMs))
  }

  /** A server without a status is away: what is being read of its configuration is given up, and read again with the next status. */
  #noteSilence(error: unknown): void {
    this.#config?.abort.abort()
    this.#statusFailures += 1
    if (this.#statusFailures < 2) return
    // It is back when both can be read.
    this.#configFailures = Math.max(this.#configFailures, 2)
    this.#server.lost(error)
  }

  #beginConfig(): void {
    if (this.#config) return
    const abort = new AbortController()
    const ended = this.#readConfig(AbortSignal.any([this.#abort.signal, abort.signal])).finally(() => {
      this.#config = null
      this.#noteEnd()
    })
    this.#config = { ended, abort }
  }

  async #readConfig(signal: AbortSignal): Promise<void> {
    const startedMs = this.#clock.monotonicMs()
    this.#configStartMs = startedMs
    try {
      const compared = await this.#server.readConfig(signal)
      if (compared) this.#configDueAtMs = startedMs + this.#times.driftMs
      this.#configFailures = 0
      this.#noteSuccess()
    } catch (error) {
      // Where the status fails as well, that counts.
      await this.#cycle
      if (signal.aborted) return
      this.#configFailures += 1
      if (this.#configFailures > 1) this.#server.lost(error)
      const soonMs = this.#configFailures === 1 ? this.#times.recheckMs : this.#times.awayMs
      // The next status may be due sooner.
      if (!this.#cycle && this.#clock.monotonicMs() + soonMs < this.#nextMs) this.#schedule(soonMs)
    }
  }

  #noteEnd(): void {
    const isOver = !this.#cycle && !this.#config && this.#looksWanted === 0
    if (isOver && !this.#abort.signal.aborted) this.#server.polled()
  }

  get #failures(): number {
    return Math.max(this.#statusFailures, this.#configFailures)
  }

  #noteSuccess(): void {
    if (!this.#abort.signal.aborted && this.#failures < 2) this.#server.answered()
  }

  #pauseMs(startedMs: number): number {
    const { recheckMs, awayMs, statusMs } = this.#times
    // A configuration that is being read may take its time: the status alone is not asked more often for it.
    const failures = this.#config ? this.#statusFailures : this.#failures
    if (failures === 1) return recheckMs
    if (failures > 1) return awayMs
    return Math.max(0, startedMs + statusMs - this.#clock.monotonicMs())
  }

  #schedule(delayMs: number): void {
    if (this.#abort.signal.aborted) return
    clearTimeout(this.#timer)
    this.#nextMs = this.#clock.monotonicMs() + delayMs
    this.#timer = setTimeout(() => void this.#begin(), delayMs)
  }
}
