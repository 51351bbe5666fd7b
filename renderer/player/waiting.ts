import type { Scope } from './ledger.ts'
import type { ServerGate } from './server-gate.ts'

/** The one thing a tile waits for before it tries again: a time, or a server's return. */
export class Waiting {
  private readonly scope: Scope
  private cancel: (() => void) | null = null
  private until: number | null = null

  constructor(scope: Scope) {
    this.scope = scope
  }

  get active(): boolean {
    return this.cancel !== null
  }

  /** Milliseconds until the planned time; null where none is planned. */
  get remainingMs(): number | null {
    return this.until === null ? null : Math.max(0, this.until - this.scope.clock.now())
  }

  plan(delayMs: number, go: () => void): void {
    this.stop()
    this.until = this.scope.clock.now() + delayMs
    this.cancel = this.scope.after(delayMs, go)
  }

  server(gate: ServerGate, go: () => void): void {
    this.stop()
    this.cancel = gate.wait(go)
  }

  stop(): void {
    this.cancel?.()
    this.cancel = null
    this.until = null
  }
}
