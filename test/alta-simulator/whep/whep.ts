import { randomBytes } from 'node:crypto'
import type { Exchange } from '../http/exchange.ts'
import { readBody, replyBody, replyEmpty, replyError } from '../http/exchange.ts'
import { mayStart } from '../ott/admission.ts'
import type { SessionEndReason } from '../ott/sessions.ts'
import { newSessionId } from '../ott/sessions.ts'
import type { PlayableVariant, StreamingHost } from '../ott/streaming-host.ts'
import { playableChannel, playableVariants } from '../ott/streaming-host.ts'
import { matches, parseIfMatch } from './if-match.ts'
import { offerProblem, parseIceFragment, ufragOf } from './session-description.ts'
import type { IceFragment } from './session-description.ts'
import { WhepSession } from './whep-session.ts'

const SDP = 'application/sdp'
const FRAGMENT = 'application/trickle-ice-sdpfrag'
const COUNTER_OFFER_VALID_MS = 30_000

interface Entry {
  session: WhepSession
  channel: string
  etag: string
  /** Our own offer waits for the viewer's answer. */
  awaitsAnswer: boolean
}

function newEtag(): string {
  return `"${randomBytes(8).toString('hex')}"`
}

function isType(exchange: Exchange, type: string): boolean {
  return (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() === type
}

/** WHEP on the OTT listener (draft-ietf-wish-whep). */
export class Whep {
  private readonly host: StreamingHost
  private readonly entries = new Map<string, Entry>()

  constructor(host: StreamingHost) {
    this.host = host
  }

  /** `/<channel>/whep`. */
  async endpoint(exchange: Exchange, channelId: string): Promise<void> {
    const { host } = this
    const { method, response, request } = exchange
    if (host.faults.find('whep-absent', { channel: channelId }) || !playableChannel(host, channelId)) {
      request.resume()
      return replyError(exchange, 404, 'not found')
    }
    response.setHeader('Accept-Post', SDP)
    if (method === 'POST') return this.start(exchange, channelId)
    if (method === 'OPTIONS') {
      this.setIceServers(exchange)
      return replyEmpty(exchange, 200)
    }
    if (method === 'HEAD' || method === 'GET') {
      response.setHeader('Content-Type', SDP)
      return replyEmpty(exchange, 200)
    }
    return replyError(exchange, 405, 'method not allowed')
  }

  /** `/<channel>/whep/<session>`. */
  async session(exchange: Exchange, channelId: string, sessionId: string): Promise<void> {
    const entry = this.entries.get(sessionId)
    if (!entry || entry.channel !== channelId) {
      exchange.request.resume()
      return replyError(exchange, 404, 'session not found')
    }
    if (exchange.method === 'DELETE') {
      replyEmpty(exchange, 200)
      return this.end(sessionId, 'delete')
    }
    if (exchange.method === 'OPTIONS') {
      exchange.response.setHeader('Accept-Patch', FRAGMENT)
      return replyEmpty(exchange, 200)
    }
    if (exchange.method !== 'PATCH') return replyError(exchange, 405, 'method not allowed')
    if (this.host.faults.find('whep-no-patch', { channel: channelId })) {
      exchange.request.resume()
      return replyError(exchange, 405, 'method not allowed')
    }
    return this.patch(exchange, entry)
  }

  /** Ends a session. Resolves when its sockets are closed. */
  async end(sessionId: string, reason: SessionEndReason): Promise<void> {
    const entry = this.entries.get(sessionId)
    if (!entry) return
    this.entries.delete(sessionId)
    this.host.sessions.end(sessionId, reason)
    await entry.session.close(reason === 'server-stopped')
  }

  /** Ends every session as a cut cable does: no viewer hears of it. */
  async cutAll(): Promise<void> {
    await Promise.all([...this.entries.keys()].map((id) => this.end(id, 'server-stopped')))
  }

  private async start(exchange: Exchange, channelId: string): Promise<void> {
    const { host } = this
    const body = await readBody(exchange.request)
    if (!isType(exchange, SDP)) return replyError(exchange, 415, `Content-Type must be ${SDP}`)
    const sessionId = newSessionId()
    if (!(await mayStart(host, exchange, channelId, sessionId))) return replyError(exchange, 403, 'forbidden')
    const variant = this.variantOf(channelId, exchange.query.get('variant'))
    if (!variant) return replyError(exchange, 404, 'unknown variant')
    const delay = this.refusalOf(channelId, variant)
    if (delay) {
      exchange.response.setHeader('Retry-After', String(delay.retryAfterSeconds))
      return replyError(exchange, delay.status, delay.problem)
    }
    const offer = body?.toString('utf8') ?? ''
    const problem = offerProblem(offer)
    if (problem) return replyError(exchange, problem.status, problem.problem)
    if (variant.stream.receiver.codec !== 'h264') return replyError(exchange, 406, 'the stream is H.265')
    await this.open(exchange, channelId, sessionId, variant, offer)
  }

  private async open(
    exchange: Exchange,
    channelId: string,
    sessionId: string,
    variant: PlayableVariant,
    offer: string,
  ): Promise<void> {
    const entry = this.add(exchange, channelId, sessionId, variant)
    const counterOffer = this.host.faults.find('whep-counter-offer', { channel: channelId }) !== undefined
    try {
      const sdp = counterOffer ? await entry.session.counterOffer() : await entry.session.answer(offer)
      const { response } = exchange
      response.setHeader('Location', `/${encodedChannel(channelId)}/whep/${sessionId}`)
      response.setHeader('ETag', entry.etag)
      response.setHeader('Accept-Patch', FRAGMENT)
      this.setIceServers(exchange)
      if (!counterOffer) return replyBody(exchange, 201, SDP, sdp)
      entry.awaitsAnswer = true
      const validUntil = new Date(Date.now() + COUNTER_OFFER_VALID_MS).toUTCString()
      replyBody(exchange, 406, `${SDP}; valid-until="${validUntil}"`, sdp)
    } catch (error) {
      await this.end(sessionId, 'closed')
      replyError(exchange, 400, `offer: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  private add(exchange: Exchange, channel: string, id: string, { name, stream }: PlayableVariant): Entry {
    const { host } = this
    const info = host.sessions.open(id, {
      protocol: 'whep',
      channel,
      variant: name,
      ip: exchange.ip,
      userAgent: exchange.request.headers['user-agent'] ?? '',
    })
    const place = { channel, receiver: stream.receiver.id }
    const session = new WhepSession({
      info,
      stream,
      host: host.options.host,
      silence: () => {
        const fault = host.faults.find('whep-silent', place)
        return fault && (fault.stage ?? 'media')
      },
      mute: () => host.faults.find('whep-no-sound', place) !== undefined,
      lossPercent: () => {
        const fault = host.faults.find('packet-loss', place)
        return fault ? (fault.percent ?? 5) : 0
      },
      onEnd: (reason) => void this.end(id, reason),
    })
    const entry: Entry = { session, channel, etag: newEtag(), awaitsAnswer: false }
    this.entries.set(id, entry)
    return entry
  }

  private async patch(exchange: Exchange, entry: Entry): Promise<void> {
    const body = (await readBody(exchange.request))?.toString('utf8') ?? ''
    if (isType(exchange, SDP) && entry.awaitsAnswer) {
      entry.awaitsAnswer = false
      await entry.session.accept(body)
      return replyEmpty(exchange, 204)
    }
    if (!isType(exchange, FRAGMENT)) return replyError(exchange, 415, `Content-Type must be ${FRAGMENT}`)
    const header = exchange.request.headers['if-match']
    if (header === undefined) return replyError(exchange, 428, 'If-Match is required')
    const asked = parseIfMatch(header)
    if (!asked) return replyError(exchange, 400, 'If-Match: malformed')
    if (!matches(asked, entry.etag)) return replyError(exchange, 412, 'the ETag is stale')
    const fragment = parseIceFragment(body)
    if (!fragment) return replyError(exchange, 400, 'body: no ICE fragment')
    const isRestart = fragment.ufrag !== ufragOf(entry.session.remoteDescription ?? '')
    if (!isRestart) return replyEmpty(exchange, 204)
    if (asked !== 'any') return replyError(exchange, 422, 'an ICE restart takes If-Match: "*"')
    return this.restart(exchange, entry, fragment)
  }

  private async restart(exchange: Exchange, entry: Entry, fragment: IceFragment): Promise<void> {
    const answer = await entry.session.restartIce(fragment)
    entry.etag = newEtag()
    exchange.response.setHeader('ETag', entry.etag)
    replyBody(exchange, 200, FRAGMENT, answer)
  }

  private variantOf(channelId: string, name: string | null): PlayableVariant | undefined {
    const channel = playableChannel(this.host, channelId)
    const variants = channel ? playableVariants(this.host, channel) : []
    return name === null ? variants[0] : variants.find((variant) => variant.name === name)
  }

  /** Not now: 409 without a source, 503 when told to be busy. */
  private refusalOf(
    channel: string,
    { stream }: PlayableVariant,
  ): { status: 409 | 503; retryAfterSeconds: number; problem: string } | undefined {
    const { faults } = this.host
    const busy = faults.find('whep-busy', { channel })
    if (busy) return { status: 503, retryAfterSeconds: busy.retryAfterSeconds ?? 1, problem: 'overloaded' }
    const notLive = faults.find('whep-not-live', { channel })
    if (!notLive && stream.mode !== 'stalled') return undefined
    return { status: 409, retryAfterSeconds: notLive?.retryAfterSeconds ?? 1, problem: 'not live' }
  }

  private setIceServers({ response }: Exchange): void {
    const links = this.host.options.iceServers.map(({ url, username, credential }) =>
      [
        `<${url}>; rel="ice-server"`,
        ...(username === undefined ? [] : [`username="${username}"`]),
        ...(credential === undefined ? [] : [`credential="${credential}"`, 'credential-type="password"']),
      ].join('; '),
    )
    if (links.length > 0) response.setHeader('Link', links)
  }
}

function encodedChannel(channelId: string): string {
  return channelId.split('/').map(encodeURIComponent).join('/')
}
