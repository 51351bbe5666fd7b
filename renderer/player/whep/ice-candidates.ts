import type { Scope } from '../ledger.ts'

/** The candidates of one gathering of a peer connection, as they come. */
export class IceCandidates {
  readonly found: string[] = []
  complete = false
  private waiting: (() => void)[] = []

  constructor(connection: RTCPeerConnection, scope: Scope) {
    scope.listen(connection, 'icecandidate', (event) => {
      const { candidate } = event as RTCPeerConnectionIceEvent
      if (candidate && candidate.candidate !== '') this.found.push(candidate.candidate)
      else if (!candidate) this.finish()
    })
  }

  /** Calls back when gathering is complete, at the latest after `limitMs`. */
  gathered(scope: Scope, limitMs: number, callback: () => void): void {
    if (this.complete) return callback()
    let told = false
    const tell = (): void => {
      if (told) return
      told = true
      cancel()
      callback()
    }
    const cancel = scope.after(limitMs, tell)
    this.waiting.push(tell)
  }

  /** A new gathering begins (ICE restart): what was found belongs to the old credentials. */
  restart(): void {
    this.found.length = 0
    this.complete = false
  }

  private finish(): void {
    this.complete = true
    const waiting = this.waiting
    this.waiting = []
    for (const tell of waiting) tell()
  }
}
