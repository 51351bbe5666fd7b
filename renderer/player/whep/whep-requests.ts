import type { Bulkhead } from '../bulkhead.ts'
import type { Ledger } from '../ledger.ts'
import type { WhepAddress, WhepAnswer } from './whep-answer.ts'
import { boundedText, readAnswer } from './whep-answer.ts'

/** How long a POST whose caller has given up is still listened to, so that a late session can be deleted. */
const LATE_MS = 10_000
const PATCH_TIMEOUT_MS = 5000
const DELETE_TIMEOUT_MS = 5000

const trickle = 'application/trickle-ice-sdpfrag'

/** What a POST came to; `unanswered` means that no HTTP answer arrived at all. */
export type PostResult = WhepAnswer | { kind: 'unanswered' }

/** What a PATCH came to; null when no answer arrived. */
export type PatchResult = { status: number; etag: string | null; body: string } | null

/**
 * The HTTP of all WHEP sessions of a wall: POSTs pass a bulkhead, and every session that a server grants is deleted in the end,
 * also one that is granted after nobody wants it any more.
 */
export class WhepRequests {
  granted = 0
  deleted = 0
  deletesInFlight = 0
  private readonly ledger: Ledger
  private readonly bulkhead: Bulkhead
  private readonly log: (message: string, detail?: unknown) => void
  private readonly pending = new Set<Promise<unknown>>()

  constructor(ledger: Ledger, bulkhead: Bulkhead, log: (message: string, detail?: unknown) => void) {
    this.ledger = ledger
    this.bulkhead = bulkhead
    this.log = log
  }

  /**
   * Sends an offer as soon as there is room. `onSent` is told when it really goes; `onResult` gets the answer unless the
   * caller has left by then, in which case a granted session is deleted. Returns how to leave.
   */
  post(
    target: { url: string; serverId: string },
    sdp: string,
    on: { sent: () => void; result: (result: PostResult) => void },
  ): () => void {
    let wanted = true
    const leaveQueue = this.bulkhead.enter(target.serverId, (release) => {
      on.sent()
      void this.track(
        this.sendOffer(target.url, sdp)
          .finally(release)
          .then((result) => {
            const session = 'session' in result ? result.session : undefined
            if (session?.url) this.granted += 1
            if (wanted) on.result(result)
            else this.delete(session)
          }),
      )
    })
    return () => {
      wanted = false
      leaveQueue()
    }
  }

  /** Sends candidates or the credentials of an ICE restart. */
  patchFragment(address: WhepAddress, body: string, ifMatch: string | null): Promise<PatchResult> {
    const headers = { 'Content-Type': trickle, ...(ifMatch === null ? {} : { 'If-Match': ifMatch }) }
    return this.patch(address, headers, body)
  }

  /** Sends our answer to a counter-offer. */
  patchAnswer(address: WhepAddress, sdp: string): Promise<PatchResult> {
    return this.patch(address, { 'Content-Type': 'application/sdp' }, sdp)
  }

  /** Ends a session. `keepalive` lets the request outlive the page. */
  delete(address: WhepAddress | undefined): void {
    if (!address?.url) return
    this.deleted += 1
    this.deletesInFlight += 1
    const request = this.request(
      address.url,
      { method: 'DELETE', keepalive: true },
      DELETE_TIMEOUT_MS,
      () => 'done',
    )
    void this.track(
      request.then((done) => {
        this.deletesInFlight -= 1
        if (done === null) this.log('A WHEP session could not be deleted; the server will notice by itself.')
      }),
    )
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending)
  }

  private async sendOffer(url: string, sdp: string): Promise<PostResult> {
    const headers = { 'Content-Type': 'application/sdp' }
    const answer = await this.request(url, { method: 'POST', headers, body: sdp }, LATE_MS, (response) =>
      readAnswer(response, url, this.ledger.clock.wallNow()),
    )
    return answer ?? { kind: 'unanswered' }
  }

  private patch(address: WhepAddress, headers: Record<string, string>, body: string): Promise<PatchResult> {
    if (address.url === null) return Promise.resolve(null)
    const result = this.request(
      address.url,
      { method: 'PATCH', headers, body },
      PATCH_TIMEOUT_MS,
      async (response): Promise<PatchResult> => {
        const text = await boundedText(response)
        // One that has no end counts as none.
        return text === null
          ? null
          : { status: response.status, etag: response.headers.get('etag'), body: text }
      },
    )
    return this.track(result)
  }

  /**
   * Null when no (whole) answer came in time: refused, timed out, broken off, or kept from this page by CORS. The time covers
   * the body too: a server that sends one byte at a time must not hold a place in the bulkhead.
   */
  private async request<T>(
    url: string,
    init: RequestInit,
    timeoutMs: number,
    read: (response: Response) => T | Promise<T>,
  ): Promise<T | null> {
    const control = new AbortController()
    const scope = this.ledger.scope()
    scope.after(timeoutMs, () => control.abort())
    try {
      const response = await fetch(url, {
        ...init,
        signal: control.signal,
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      })
      return await read(response)
    } catch {
      // The browser tells a page nothing more about why, and logs it itself.
      return null
    } finally {
      scope.dispose()
    }
  }

  private track<T>(promise: Promise<T>): Promise<T> {
    this.pending.add(promise)
    const done = (): void => void this.pending.delete(promise)
    promise.then(done, done)
    return promise
  }
}
