import type { PlayerClock } from './player-types.ts'

/** The browser's clock. */
export const browserClock: PlayerClock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (callback, delayMs) => Number(globalThis.setTimeout(callback, delayMs)),
  clearTimeout: (id) => globalThis.clearTimeout(id),
}

/** What can be left behind by mistake. */
export type Counted = 'peerConnections' | 'hlsPlayers' | 'videos' | 'timers' | 'listeners'

/** Counts everything a wall holds, so that a test can see that nothing is left. */
export class Ledger {
  readonly clock: PlayerClock
  private readonly counts: Record<Counted, number> = {
    peerConnections: 0,
    hlsPlayers: 0,
    videos: 0,
    timers: 0,
    listeners: 0,
  }

  constructor(clock: PlayerClock) {
    this.clock = clock
  }

  add(what: Counted, by: 1 | -1): void {
    this.counts[what] += by
  }

  count(what: Counted): number {
    return this.counts[what]
  }

  scope(): Scope {
    return new Scope(this)
  }
}

/** Owns timers, listeners and clean-up steps; `dispose` ends them all, newest first. */
export class Scope {
  readonly clock: PlayerClock
  private readonly ledger: Ledger
  private readonly endings = new Set<() => void>()
  private ended = false

  constructor(ledger: Ledger) {
    this.ledger = ledger
    this.clock = ledger.clock
  }

  get disposed(): boolean {
    return this.ended
  }

  /** Runs `ending` at dispose, or at once when it is already over. Returns how to forget it. */
  defer(ending: () => void): () => void {
    if (this.ended) {
      ending()
      return () => undefined
    }
    this.endings.add(ending)
    return () => this.endings.delete(ending)
  }

  /** A counted thing that lives as long as this scope. */
  hold(what: Counted): void {
    this.ledger.add(what, 1)
    this.defer(() => this.ledger.add(what, -1))
  }

  /** One timer; returns how to cancel it. After dispose nothing is started. */
  after(delayMs: number, callback: () => void): () => void {
    if (this.ended) return () => undefined
    const { clock, ledger } = this
    ledger.add('timers', 1)
    const stop = (): void => {
      clock.clearTimeout(id)
      if (this.endings.delete(stop)) ledger.add('timers', -1)
    }
    const id = clock.setTimeout(() => {
      stop()
      callback()
    }, delayMs)
    this.endings.add(stop)
    return stop
  }

  /** One listener; returns how to remove it. */
  listen(target: EventTarget, type: string, callback: (event: Event) => void): () => void {
    if (this.ended) return () => undefined
    const { ledger } = this
    ledger.add('listeners', 1)
    target.addEventListener(type, callback)
    const stop = (): void => {
      if (!this.endings.delete(stop)) return
      target.removeEventListener(type, callback)
      ledger.add('listeners', -1)
    }
    this.endings.add(stop)
    return stop
  }

  dispose(): void {
    if (this.ended) return
    this.ended = true
    for (const ending of [...this.endings].reverse()) {
      ending()
      this.endings.delete(ending)
    }
  }
}
