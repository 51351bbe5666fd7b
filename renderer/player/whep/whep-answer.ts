import type { AttemptFailure } from '../failures.ts'

/** What a server made of our POST. */
export type WhepAnswer =
  | { kind: 'answer'; sdp: string; session: WhepAddress }
  /** The server wants to offer itself; `until` is the last moment for our answer, milliseconds since the epoch. */
  | { kind: 'counter-offer'; sdp: string; session: WhepAddress; until: number }
  | { kind: 'failure'; failure: AttemptFailure; session?: WhepAddress }

/** Where a session lives; `url` null when the server named no (readable) place. */
export interface WhepAddress {
  readonly url: string | null
  readonly etag: string | null
  readonly link: string | null
}

const COUNTER_OFFER_MS = 30_000
/** Far more than a session description of one camera needs. */
const MAX_BODY_BYTES = 256 * 1024

/**
 * `Retry-After` in milliseconds: seconds or a date (RFC 9110, section 10.2.3); at most 5 minutes. `wallNow` is the time by
 * the clock that wrote the date, milliseconds since the epoch.
 */
export function retryAfterMs(header: string | null, wallNow: number): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  const pause = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - wallNow
  return Number.isFinite(pause) ? Math.min(Math.max(pause, 0), 300_000) : undefined
}

/** Where the session lives: `Location` may be relative to the address that answered, also after a redirect. */
function addressOf(response: Response, requestUrl: string): WhepAddress {
  const location = response.headers.get('location')
  const base = response.url || requestUrl
  const url = location !== null && URL.canParse(location, base) ? new URL(location, base).href : null
  return { url, etag: response.headers.get('etag'), link: response.headers.get('link') }
}

/** The body as text; null where it is larger than any answer to us. Rejects where it breaks off. */
export async function boundedText(response: Response): Promise<string | null> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > MAX_BODY_BYTES) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}

const isSdp = (response: Response): boolean =>
  /^application\/sdp\s*(;|$)/i.test(response.headers.get('content-type') ?? '')

/** `valid-until="<HTTP date>"` of the content type; 30 s where it is not given. */
function validUntil(response: Response, wallNow: number): number {
  const [, date = ''] = /valid-until="([^"]+)"/i.exec(response.headers.get('content-type') ?? '') ?? []
  const until = Date.parse(date)
  return Number.isNaN(until) ? wallNow + COUNTER_OFFER_MS : until
}

/** Only a description that can be answered is an offer: older servers say 406 for "codec not supported". */
function isOffer(sdp: string): boolean {
  return /^v=0/.test(sdp) && /^m=(video|audio) /m.test(sdp) && /^a=setup:actpass/m.test(sdp)
}

/** The server's own clock where it may be read: a date in its headers is by that clock, which may be minutes off. */
function serverNow(response: Response, wallNow: number): number {
  const date = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(date) ? wallNow : date
}

function failureOf(response: Response, wallNow: number): AttemptFailure {
  const wait = retryAfterMs(response.headers.get('retry-after'), serverNow(response, wallNow))
  const { status } = response
  if (status === 404 || status === 405) return { reason: 'whep-absent', retryAfterMs: wait }
  if (status === 409) return { reason: 'not-live-yet', retryAfterMs: wait }
  // A success that holds no answer is a server in trouble, not one that refuses.
  if (status === 429 || status >= 500 || response.ok) return { reason: 'server-busy', retryAfterMs: wait }
  return { reason: 'server-refused' }
}

/** Reads the answer to a POST (draft-ietf-wish-whep; unknown codes count as their class). */
export async function readAnswer(
  response: Response,
  requestUrl: string,
  wallNow: number,
): Promise<WhepAnswer> {
  const { status } = response
  if (status === 401 || status === 403) return { kind: 'failure', failure: { reason: 'ticket-refused' } }
  const session = addressOf(response, requestUrl)
  if (response.ok) {
    const sdp = await boundedText(response)
    // Servers that leave the type out are played all the same: Go's HTTP library then says text/plain, whatever they send.
    if (sdp !== null && (isSdp(response) || sdp.startsWith('v=0'))) return { kind: 'answer', sdp, session }
  }
  if (status === 406 && isSdp(response) && session.url !== null) {
    const until = validUntil(response, wallNow)
    const sdp = await boundedText(response)
    if (sdp !== null && isOffer(sdp)) return { kind: 'counter-offer', sdp, session, until }
  }
  return { kind: 'failure', failure: failureOf(response, wallNow), session }
}
