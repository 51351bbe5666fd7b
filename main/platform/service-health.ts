import type { Bus } from './bus.ts'

/** A part of the desk that does not work as it should, with a sentence for people. */
export interface DegradedPart {
  readonly part: string
  readonly reason: string
}

/** Knows which parts of the desk are degraded, and says so on the bus when that changes. */
export class PartsHealth {
  readonly #bus: Bus
  readonly #reasons = new Map<string, string>()

  constructor(bus: Bus) {
    this.#bus = bus
  }

  degrade(part: string, reason: string): void {
    if (this.#reasons.get(part) === reason) return
    this.#reasons.set(part, reason)
    this.#bus.publish('part.degraded', { part, reason })
  }

  recover(part: string): void {
    if (this.#reasons.delete(part)) this.#bus.publish('part.recovered', { part })
  }

  /** For `/readyz`: the degraded parts in the order in which they became so. */
  degraded(): readonly DegradedPart[] {
    return [...this.#reasons].map(([part, reason]) => ({ part, reason }))
  }
}
