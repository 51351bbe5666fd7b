import type { PlayerClock } from '../../../../renderer/player/player-types.ts'

/** Time that moves only when a test says so; chance that is always the same. */
export class FakeClock implements PlayerClock {
  chance = 0.5
  /** How far somebody has set the wall clock forward, milliseconds. */
  wallSetMs = 0
  private time = 1000
  private nextId = 1
  private readonly timers = new Map<number, { at: number; callback: () => void }>()

  now(): number {
    return this.time
  }

  wallNow(): number {
    return 1_700_000_000_000 + this.wallSetMs + this.time
  }

  random(): number {
    return this.chance
  }

  setTimeout(callback: () => void, delayMs: number): number {
    const id = this.nextId++
    this.timers.set(id, { at: this.time + delayMs, callback })
    return id
  }

  clearTimeout(id: number): void {
    this.timers.delete(id)
  }

  get pending(): number {
    return this.timers.size
  }

  /** Moves on, firing timers in order; promises that they settle are let through. */
  async pass(durationMs: number): Promise<void> {
    const end = this.time + durationMs
    for (;;) {
      await settle()
      const [next] = [...this.timers].sort(([, left], [, right]) => left.at - right.at)
      if (!next || next[1].at > end) break
      const [id, { at, callback }] = next
      this.timers.delete(id)
      this.time = Math.max(this.time, at)
      callback()
    }
    this.time = end
    await settle()
  }
}

/** Lets everything that is already resolved run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
