import type { LiveAnswer, LiveSource } from '../../shared/contract/live.ts'
import { whepVariantParameter } from '../alta/assumptions.ts'
import { streamUrlOf } from '../alta/ott.ts'
import { allowsPage } from '../alta/ownership.ts'
import type { Ticket, TicketRefusal } from '../alta/tickets.ts'
import { cameraById, camerasById } from '../cameras/queries.ts'
import type { CameraRow } from '../cameras/queries.ts'
import type { Policy } from '../access/policy.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { PageOrigins } from '../servers/page-origins.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import type { Store } from '../store/store-types.ts'
import type { ViewingSessions } from './viewing-sessions.ts'
import { AppError } from '../rpc/app-error.ts'

export interface LiveOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly pageOrigins: PageOrigins
  readonly policy: Policy
  /** Whether a sign-in has not ended. */
  readonly isSignInLive: (signInId: string) => Promise<boolean>
  readonly bus: Bus
  /** Told of every ticket that a person is given. */
  readonly viewingSessions: ViewingSessions
  /** Origin of the page in the desktop window; null on a headless desk. */
  readonly desktopOrigin: string | null
  readonly clock: Clock
  readonly logger: AreaLogger
}

/** What Alta asks when a client starts a channel; `query` is the client's, `headers` are Alta's. */
export interface AuthorizeQuestion {
  readonly serverId: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly requestId: string
}

/** `reason` is for the log; Alta learns only that it was refused. */
export interface AuthorizeVerdict {
  readonly allowed: boolean
  readonly reason:
    'allowed' | 'unknown-server' | 'unknown-camera' | 'signed-out' | 'right-taken' | TicketRefusal
}

/** Alta's session ids are short; anybody may send another to this address. */
const longestSessionId = 100
/** An answer without any source says when to ask again, ms. */
const emptyAnswerMs = 60_000

/** Who may play what: tickets for players, answers for Alta, and answers whether a ticket still stands. */
export class LiveService {
  readonly #options: LiveOptions

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** The ways to play one camera, best first. */
  async open(context: RequestContext, cameraId: string): Promise<LiveAnswer> {
    const row = await this.#options.store.read((db) => cameraById(db, cameraId))
    if (!row) throw new AppError('NOT_FOUND')
    return this.#answer(context, [row])
  }

  /** The same for a whole wall; what does not exist, or is not the caller's to see, is left out. */
  async openMany(context: RequestContext, cameraIds: readonly string[]): Promise<LiveAnswer> {
    const mine = this.#visible(signedInCaller(context), new Set(cameraIds))
    const rows = await this.#options.store.read((db) => camerasById(db, mine))
    return this.#answer(context, rows)
  }

  /** Answers Alta's question: only a ticket of this very server, for this very channel, of a camera that exists. */
  async authorize({ serverId, query, headers, requestId }: AuthorizeQuestion): Promise<AuthorizeVerdict> {
    const { registry, bus, logger } = this.#options
    const connection = registry.connection(serverId)
    if (!connection) return { allowed: false, reason: 'unknown-server' }
    const verdict = await connection.tickets.verify(textOf(query['token']), textOf(headers['x-real-path']))
    const jti = verdict.ok ? verdict.ticket.jti : verdict.jti
    if (verdict.ok) bus.publish('ticket.presented', { serverId, jti: verdict.ticket.jti })
    const reason = !verdict.ok ? verdict.reason : await this.#refusalOf(serverId, verdict.ticket)
    const allowed = reason === 'allowed'
    logger[allowed ? 'debug' : 'info']('Alta asked who may watch', {
      serverId,
      requestId,
      jti,
      reason,
      sessionId: textOf(headers['x-session-id']).slice(0, longestSessionId),
    })
    return { allowed, reason }
  }

  /** What changed since the ticket was made counts at once: a right, or the sign-in. The desk's own trial has neither. */
  async #refusalOf(serverId: string, { personId, signInId, cameraId, channelId }: Ticket) {
    const { policy, isSignInLive } = this.#options
    if (!(await this.#cameraAt(serverId, cameraId, channelId))) return 'unknown-camera'
    if (personId === 'desk') return 'allowed'
    if (!policy.mayStillWatch(personId, cameraId)) return 'right-taken'
    return (await isSignInLive(signInId)) ? 'allowed' : 'signed-out'
  }

  async #cameraAt(serverId: string, cameraId: string, channelId: string): Promise<boolean> {
    const row = await this.#options.store.read((db) => cameraById(db, cameraId))
    return row?.serverId === serverId && row.channelId === channelId
  }

  async #answer(context: RequestContext, rows: readonly CameraRow[]): Promise<LiveAnswer> {
    const { registry, pageOrigins, clock } = this.#options
    const linked = rows.flatMap((row) => {
      const connection = registry.connection(row.serverId)
      return connection ? [{ row, connection }] : []
    })
    const connections = new Set(linked.map(({ connection }) => connection))
    const blockedOrigin = await pageOrigins.open(context, [...connections])
    const opened = await Promise.all(
      linked.map(({ row, connection }) => this.#sources(context, row, connection)),
    )
    const expiries = opened.flatMap(({ sources, expiresAt }) => (sources.length > 0 ? [expiresAt] : []))
    return {
      sources: opened.flatMap(({ sources }) => sources),
      expiresAt: Math.min(clock.now() + emptyAnswerMs, ...expiries),
      ...(blockedOrigin !== null && { blockedOrigin }),
    }
  }

  async #sources(context: RequestContext, row: CameraRow, connection: ServerConnection): Promise<LiveAnswer> {
    const { channelId, serverId, id: cameraId } = row
    connection.noteWatched(channelId)
    const { streamOrigin, stats } = connection.state
    if (streamOrigin === null) return { sources: [], expiresAt: 0 }
    this.#options.viewingSessions.note(context, row)
    const { userId: personId, family: signInId } = signedInCaller(context)
    const { remoteAddress } = context
    const { token, expiresAt } = await connection.token({
      personId,
      signInId,
      cameraId,
      channelId,
      remoteAddress,
    })
    const pageAllowed = this.#pageAllowed(context, connection)
    const receivers = { main: row.receiverId, sub: row.subReceiverId }
    const variants = row.subReceiverId === null ? (['main'] as const) : (['main', 'sub'] as const)
    const source = (kind: LiveSource['kind'], variant: LiveSource['variant']): LiveSource => {
      const { codec, width, height } = stats.get(receivers[variant] ?? '') ?? noFigures
      const url = playUrl(kind, variant, {
        streamOrigin,
        channelId,
        whepPath: connection.row.whepPath,
        token,
      })
      return { cameraId, serverId, kind, variant, url, codec, width, height, pageAllowed }
    }
    const sources = (['whep', 'hls'] as const).flatMap((kind) =>
      variants.map((variant) => source(kind, variant)),
    )
    return { sources, expiresAt }
  }

  /**
   * Whether Alta, by its own configuration, lets the page that asks read its streams. A page whose requests fail cannot tell a
   * missing origin from a reverse proxy that answers for a dead server. What is known of a server that is away is old: null.
   */
  #pageAllowed({ requestOrigin }: RequestContext, { state }: ServerConnection): boolean | null {
    const origin = requestOrigin ?? this.#options.desktopOrigin
    if (origin === null || state.config === null || state.problem !== null) return null
    return allowsPage(state.config, origin)
  }

  #visible(caller: Caller, ids: ReadonlySet<string>): string[] {
    return [...ids].filter((id) => this.#options.policy.canSeeCamera(caller, id))
  }
}

const noFigures = { codec: null, width: null, height: null } as const

interface PlayTarget {
  readonly streamOrigin: string
  readonly channelId: string
  readonly whepPath: string
  readonly token: string
}

/** A URL that a player may use as it is. HLS has one master playlist for all variants: the player picks the level. */
function playUrl(kind: LiveSource['kind'], variant: LiveSource['variant'], target: PlayTarget): string {
  const { streamOrigin, channelId, whepPath } = target
  const token = encodeURIComponent(target.token)
  return kind === 'whep'
    ? `${streamUrlOf(streamOrigin, channelId, whepPath)}?token=${token}&${whepVariantParameter}=${variant}`
    : `${streamUrlOf(streamOrigin, channelId, 'index.m3u8')}?token=${token}`
}

/** A parameter or header that may come several times, or not at all. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
