import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import { AltaProblem } from './alta-problem.ts'
import type { AltaReceiverStatus, CallContext } from './alta-types.ts'
import { parseMasterPlaylist, parseMediaPlaylist } from './hls-playlist.ts'
import type { HlsVariant } from './hls-playlist.ts'
import { observeProgress } from './hls-progress.ts'
import type { Progress } from './hls-progress.ts'
import { HttpExchange, textOf } from './http-exchange.ts'
import type { HttpAnswer } from './http-exchange.ts'
import { streamUrlOf } from './ott.ts'

const connectMs = 1500
const readMs = 4000
const connections = 4
const mainVariant = 'main'

export interface HlsStatusOptions {
  /** As findStreamOrigin gave it. */
  readonly streamOrigin: string
  readonly clock: Clock
  readonly logger: AreaLogger
}

/** The state of cameras, read from their playlists where Alta has no `/api/status`. Each camera is one viewer's session. */
export interface HlsStatus {
  /**
   * The main stream of one channel. `token` must start a session; it is used only when one is needed. What goes wrong
   * stands in `error`; rejects with the caller's signal only.
   */
  read(call: CallContext, channelId: string, token: string): Promise<AltaReceiverStatus>
  /** Length of the channel's segments, milliseconds, where its playlist was read; else null. */
  segmentMs(channelId: string): number | null
  forget(channelId: string): void
  stop(): Promise<void>
}

/** A channel that is being followed. */
interface Watch {
  /** The session playlist; null where the session has ended. */
  readonly mediaPath: string | null
  readonly variant: HlsVariant
  readonly progress: Progress | null
  readonly segmentMs: number | null
}

const unknown: AltaReceiverStatus = {
  active: null,
  bitrateKbps: null,
  codec: null,
  width: null,
  height: null,
  fps: null,
  error: '',
}

function masterUrl(streamOrigin: string, channelId: string, token: string): string {
  return `${streamUrlOf(streamOrigin, channelId, 'index.m3u8')}?token=${encodeURIComponent(token)}`
}

/** Asks the streaming listener for a channel's master playlist, as a player does when it starts. */
function openMaster(
  exchange: HttpExchange,
  call: CallContext,
  url: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { pathname, search } = new URL(url)
  const path = `${pathname}${search}`
  return exchange.send({ method: 'GET', path, headers: { 'x-request-id': call.requestId } }, signal)
}

/** Path and query of what a playlist names, on the listener that it came from; null where that is no web address. */
function pathOf(uri: string, playlistUrl: string): string | null {
  const named = URL.parse(uri, playlistUrl)
  return named && /^https?:$/.test(named.protocol) ? `${named.pathname}${named.search}` : null
}

function limited(call: CallContext, ...others: AbortSignal[]): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(readMs), ...(call.signal ? [call.signal] : []), ...others])
}

/**
 * Opens a channel once as a player would, so that Alta asks its authorizer. Gives the HTTP status: 200 where the
 * session was started, 403 where Alta refused. Rejects with AltaProblem where the listener does not answer.
 */
export async function openAsPlayer(
  options: Pick<HlsStatusOptions, 'streamOrigin' | 'clock'>,
  call: CallContext,
  channelId: string,
  token: string,
): Promise<number> {
  const { streamOrigin, clock } = options
  const baseUrl = new URL(streamOrigin).origin
  const exchange = new HttpExchange({ baseUrl, connections: 1, connectMs, clock })
  try {
    const url = masterUrl(streamOrigin, channelId, token)
    return (await openMaster(exchange, call, url, limited(call))).status
  } catch (error) {
    throw readProblem(error, call)
  } finally {
    await exchange.stop()
  }
}

/** Our own limit of time is Alta being slow; the caller's signal stays what it is. */
function readProblem(error: unknown, call: CallContext): unknown {
  if (call.signal?.aborted || error instanceof AltaProblem) return error
  const ranOut = error instanceof DOMException && error.name === 'TimeoutError'
  return ranOut
    ? new AltaProblem('ALTA_SLOW', { detail: `no playlist in ${readMs} ms`, retryable: true })
    : error
}

/** Follows the playlists of one Alta's channels. */
export function createHlsStatus(options: HlsStatusOptions): HlsStatus {
  return new PlaylistFollower(options)
}

class PlaylistFollower implements HlsStatus {
  readonly #options: HlsStatusOptions
  readonly #exchange: HttpExchange
  readonly #watches = new Map<string, Watch>()
  readonly #stopped = new AbortController()

  constructor(options: HlsStatusOptions) {
    this.#options = options
    const baseUrl = new URL(options.streamOrigin).origin
    this.#exchange = new HttpExchange({ baseUrl, connections, connectMs, clock: options.clock })
  }

  async read(call: CallContext, channelId: string, token: string): Promise<AltaReceiverStatus> {
    const signal = limited(call, this.#stopped.signal)
    try {
      const before = this.#watches.get(channelId)
      const again = before?.mediaPath ? await this.#follow(call, channelId, before, signal) : null
      return again ?? (await this.#open(call, channelId, token, signal))
    } catch (error) {
      call.signal?.throwIfAborted()
      this.#stopped.signal.throwIfAborted()
      const problem = readProblem(error, call)
      if (!(problem instanceof AltaProblem)) throw problem
      this.#options.logger.debug('a playlist could not be read', { channelId, code: problem.code })
      return { ...unknown, error: problem.detail || problem.message }
    }
  }

  segmentMs(channelId: string): number | null {
    return this.#watches.get(channelId)?.segmentMs ?? null
  }

  forget(channelId: string): void {
    this.#watches.delete(channelId)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#watches.clear()
    await this.#exchange.stop()
  }

  /** Starts a session; what was known of the playlist's progress outlives the session before. */
  async #open(
    call: CallContext,
    channelId: string,
    token: string,
    signal: AbortSignal,
  ): Promise<AltaReceiverStatus> {
    const url = masterUrl(this.#options.streamOrigin, channelId, token)
    const answer = await openMaster(this.#exchange, call, url, signal)
    if (answer.status === 403) return { ...unknown, error: 'Alta refuses the desk this channel' }
    if (answer.status === 404) return { ...unknown, active: false, error: 'no stream' }
    const variants = answer.status === 200 ? parseMasterPlaylist(textOf(answer)) : null
    if (!variants) return { ...unknown, error: `no playlist (HTTP ${answer.status})` }
    const variant = variants.find(({ uri }) => uri.startsWith(`${mainVariant}/`)) ?? variants[0]
    if (!variant) return { ...unknown, active: false, error: 'no stream' }
    const mediaPath = pathOf(variant.uri, url)
    if (mediaPath === null) return { ...unknown, error: 'the playlist names no stream' }
    const watch = {
      mediaPath,
      variant,
      progress: this.#watches.get(channelId)?.progress ?? null,
      segmentMs: null,
    }
    return (
      (await this.#follow(call, channelId, watch, signal)) ?? {
        ...unknown,
        active: false,
        error: 'no stream',
      }
    )
  }

  /** Null where the session has ended. */
  async #follow(
    call: CallContext,
    channelId: string,
    watch: Watch,
    signal: AbortSignal,
  ): Promise<AltaReceiverStatus | null> {
    const request = {
      method: 'GET',
      path: watch.mediaPath ?? '',
      headers: { 'x-request-id': call.requestId },
    } as const
    const answer = await this.#exchange.send(request, signal)
    const seen = answer.status === 200 ? parseMediaPlaylist(textOf(answer)) : null
    if (!seen) {
      this.#watches.set(channelId, { ...watch, mediaPath: null })
      return null
    }
    const progress = observeProgress(watch.progress, seen, this.#options.clock.monotonicMs())
    this.#watches.set(channelId, { ...watch, progress, segmentMs: seen.targetMs })
    const { uri: _uri, ...stats } = watch.variant
    const error = progress.active === false ? 'the playlist of this channel stands still' : ''
    return { ...stats, active: progress.active, error }
  }
}
