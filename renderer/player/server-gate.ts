import type { Ledger, Scope } from './ledger.ts'

const FIRST_PROBE_MS = 250
const PROBE_MS = 1000
const SLOW_PROBE_MS = 5000
/** How long a server is probed every second. */
const EAGER_MS = 60_000
/** A server that is lost again within this time after its return is probed more slowly. */
const FLAPPING_MS = 10_000

/** Resolves true when anything at all answered. Never rejects. */
export type Probe = (url: string, signal: AbortSignal) => Promise<boolean>

/**
 * Knows whether one server's streaming port answers. While it does not, its tiles wait here and one cheap probe at a time asks for
 * all of them; when it answers they all go at once.
 */
export class ServerGate {
  private readonly ledger: Ledger
  private readonly probe: Probe
  private scope: Scope | null = null
  private waiting = new Set<() => void>()
  private url = ''
  private downSince = 0
  private openedAt = -Infinity
  private flaps = 0
  private refusals = 0

  constructor(ledger: Ledger, probe: Probe) {
    this.ledger = ledger
    this.probe = probe
  }

  get down(): boolean {
    return this.scope !== null
  }

  /**
   * Something answers there, and yet this page's requests do not get through, again and again. Either the server does not list
   * this page's origin, or a reverse proxy answers in the place of a server that is away: CORS shows a page no more than that,
   * so the desk must be asked which (`pageAllowed` of a source).
   */
  get refusesPage(): boolean {
    return this.refusals >= 2
  }

  /** A request to `url` got no answer: it failed at once, or `timedOut`. */
  lost(url: string, timedOut: boolean): void {
    if (this.scope) return
    const now = this.ledger.clock.now()
    this.flaps = now - this.openedAt < FLAPPING_MS ? this.flaps + 1 : 0
    this.refusals = this.flaps > 0 && !timedOut ? this.refusals + 1 : 0
    this.url = url
    this.downSince = now
    this.scope = this.ledger.scope()
    this.plan(FIRST_PROBE_MS * 2 ** Math.min(this.flaps, 5))
  }

  /** Something answered, or the desk says that the server is back. */
  open(): void {
    if (!this.scope) return
    this.scope.dispose()
    this.scope = null
    this.openedAt = this.ledger.clock.now()
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const go of waiting) go()
  }

  /** Calls `go` once when the server answers again. Returns how to stop waiting. */
  wait(go: () => void): () => void {
    this.waiting.add(go)
    return () => this.waiting.delete(go)
  }

  /** Ends the probing, when the wall closes. */
  close(): void {
    this.waiting.clear()
    this.scope?.dispose()
    this.scope = null
  }

  private plan(delayMs: number): void {
    const { clock } = this.ledger
    this.scope?.after(delayMs * (0.75 + clock.random() / 4), () => void this.ask())
  }

  private async ask(): Promise<void> {
    const scope = this.scope
    if (!scope) return
    const control = new AbortController()
    scope.defer(() => control.abort())
    const cancel = scope.after(2000, () => control.abort())
    // Nobody waits: nobody needs to know.
    const answered = this.waiting.size > 0 && (await this.probe(this.url, control.signal))
    if (scope.disposed) return
    cancel()
    if (answered) return this.open()
    const eager = this.ledger.clock.now() - this.downSince < EAGER_MS
    this.plan(eager ? Math.min(PROBE_MS * 2 ** this.flaps, SLOW_PROBE_MS) : SLOW_PROBE_MS)
  }
}

/**
 * A HEAD without CORS for the root of the server: any answer, even an error, shows that it lives; it needs no ticket and gives
 * no session away.
 */
export const headProbe: Probe = async (url, signal) => {
  try {
    await fetch(new URL('/', url), {
      method: 'HEAD',
      mode: 'no-cors',
      cache: 'no-store',
      credentials: 'omit',
      signal,
    })
    return true
  } catch {
    // Refused, timed out or aborted: exactly what is being asked.
    return false
  }
}
