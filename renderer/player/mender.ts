import type { Attempt } from './attempt-contract.ts'
import type { Scope } from './ledger.ts'
import type { TileReason } from './player-types.ts'
import type { Finding } from './watchdog.ts'
import { staleAfterMs } from './watchdog.ts'

/** How long a mended source may take to deliver before it is replaced. */
const MENDING_MS = 2500
/** Frames that are decoded but not drawn, for so long, need a new element. */
const UNDRAWN_MS = 5000

/** What the mender may do. */
export interface MenderActions<A extends Attempt> {
  readonly repair: (attempt: A) => Promise<boolean>
  /** Get a new session while the frozen picture stays. */
  readonly replace: (attempt: A, reason: TileReason) => void
  readonly changed: () => void
}

/** What is done about a picture that has stopped, by what the watchdog found. */
export class Mender<A extends Attempt> {
  /** The picture has stopped. */
  troubled = false
  private readonly scope: Scope
  private readonly actions: MenderActions<A>
  private mendUntil: number | null = null
  private undrawnSince: number | null = null
  private cancelStale: (() => void) | null = null

  constructor(scope: Scope, actions: MenderActions<A>) {
    this.scope = scope
    this.actions = actions
  }

  /** Frames come, or nobody expects any. */
  rest(): void {
    this.troubled = false
    this.mendUntil = null
    this.undrawnSince = null
    this.cancelStale?.()
    this.cancelStale = null
  }

  async act(attempt: A, finding: Exclude<Finding, 'fine'>): Promise<void> {
    const now = this.scope.clock.now()
    this.troubled = true
    this.planStale(attempt)
    this.undrawnSince = finding === 'not-drawn' ? (this.undrawnSince ?? now) : null
    if (finding === 'no-frames') this.actions.replace(attempt, 'no-frames')
    else if (finding === 'no-bytes') await this.mend(attempt, now)
    else if (finding === 'not-drawn') {
      attempt.resume()
      if (now - (this.undrawnSince ?? now) >= UNDRAWN_MS) this.actions.replace(attempt, 'no-frames')
    }
  }

  private async mend(attempt: A, now: number): Promise<void> {
    if (this.mendUntil !== null) {
      if (now >= this.mendUntil) this.actions.replace(attempt, 'no-data')
      return
    }
    const until = (this.mendUntil = now + MENDING_MS)
    const mended = await this.actions.repair(attempt)
    // Another picture, or this one moving again, is no longer this repair's business.
    if (!mended && this.mendUntil === until) this.actions.replace(attempt, 'no-data')
  }

  /** The word has to stand there after 3 s, not at the next tick. */
  private planStale({ screen }: A): void {
    if (this.cancelStale || screen.lastAt === null) return
    const wait = screen.lastAt + staleAfterMs(screen.intervalMs) - this.scope.clock.now()
    // Timers may fire a fraction of a millisecond early.
    this.cancelStale = this.scope.after(Math.max(0, Math.ceil(wait) + 1), () => {
      this.cancelStale = null
      this.actions.changed()
    })
  }
}
