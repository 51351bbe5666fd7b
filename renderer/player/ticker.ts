import type { Ledger, Scope } from './ledger.ts'

const TICK_MS = 1000

/** One timer for the whole wall. It runs only while somebody listens. */
export class Ticker {
  private readonly ledger: Ledger
  private readonly listeners = new Set<() => void>()
  private scope: Scope | null = null

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  add(listener: () => void): () => void {
    this.listeners.add(listener)
    if (!this.scope) {
      this.scope = this.ledger.scope()
      this.plan()
    }
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size > 0) return
      this.scope?.dispose()
      this.scope = null
    }
  }

  private plan(): void {
    this.scope?.after(TICK_MS, () => {
      this.plan()
      for (const listener of [...this.listeners]) listener()
    })
  }
}
