import type { Exchange } from '../http/exchange.ts'
import { replyBody, replyError, replyJson } from '../http/exchange.ts'
import { mayStart } from './admission.ts'
import { masterPlaylist, mediaPlaylist } from './playlists.ts'
import type { PlaylistEntry } from './playlists.ts'
import { newSessionId } from './sessions.ts'
import type { StreamingHost, PlayableVariant } from './streaming-host.ts'
import { playableChannel, playableVariants } from './streaming-host.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
/** How long a request for a live playlist waits for a stream that has only just been asked for. */
const FIRST_SEGMENT_TIMEOUT_MS = 10_000
/** Alta's default Maximum Pause Duration: how long a session of a channel with storage lives unseen. */
const PAUSE_SECONDS = 30 * 60

/** A stretch of the archive that a session plays; `untilMs` undefined follows at a distance. */
interface Timeshift {
  fromMs: number
  untilMs: number | undefined
}

/** HLS on the OTT listener: master and session playlists, segments, recorded ranges. */
export class Hls {
  private readonly host: StreamingHost
  private readonly timeshifts = new Map<string, Timeshift>()

  constructor(host: StreamingHost) {
    this.host = host
  }

  /** `/<channel>/index.m3u8`: asks the authorizer and opens a session. */
  async master(exchange: Exchange, channelId: string): Promise<void> {
    const { host } = this
    const channel = playableChannel(host, channelId)
    const variants = channel ? playableVariants(host, channel) : []
    const sessionId = newSessionId()
    if (!channel) return replyError(exchange, 404, 'not found')
    if (!(await mayStart(host, exchange, channelId, sessionId))) return replyError(exchange, 403, 'forbidden')
    const timeshift = this.timeshiftOf(exchange.query)
    if (timeshift === 'invalid') return replyError(exchange, 400, 'start: invalid')
    const playable = timeshift
      ? variants.filter(({ name }) => this.recorded(channelId, name, timeshift).length > 0)
      : variants
    if (playable.length === 0) return replyError(exchange, 404, 'no stream')
    if (timeshift) this.timeshifts.set(sessionId, timeshift)
    host.sessions.open(sessionId, {
      protocol: 'hls',
      channel: channelId,
      variant: undefined,
      ip: exchange.ip,
      userAgent: exchange.request.headers['user-agent'] ?? '',
    })
    exchange.response.setHeader('Cache-Control', 'no-cache')
    replyBody(
      exchange,
      200,
      PLAYLIST_TYPE,
      masterPlaylist(playable.map((variant) => entryOf(variant, sessionId))),
    )
  }

  /** `/<channel>/<variant>/<session>.m3u8`: lives as long as its session. */
  async session(
    exchange: Exchange,
    channelId: string,
    variantName: string,
    sessionId: string,
  ): Promise<void> {
    const { host } = this
    this.expire()
    const session = host.sessions.get(sessionId)
    const channel = playableChannel(host, channelId)
    const variant = channel && playableVariants(host, channel).find(({ name }) => name === variantName)
    if (!variant || session?.protocol !== 'hls' || session.channel !== channelId) {
      return replyError(exchange, 404, 'session not found')
    }
    session.lastSeenAt = Date.now()
    session.variant = variantName
    const timeshift = this.timeshifts.get(sessionId)
    const entries = timeshift
      ? this.timeshiftWindow(channelId, variantName, timeshift, session.createdAt)
      : await this.liveWindow(exchange, variant)
    if (entries.length === 0) return replyError(exchange, 404, 'no stream')
    exchange.response.setHeader('Cache-Control', 'no-cache')
    const playlist = mediaPlaylist(entries, {
      vod: timeshift?.untilMs !== undefined && timeshift.untilMs <= Date.now(),
      targetSeconds: host.options.segmentSeconds,
      dateOffsetMs: host.faults.find('no-program-date-time', { channel: channelId })
        ? undefined
        : host.clockOffsetMs(),
    })
    replyBody(exchange, 200, PLAYLIST_TYPE, playlist)
  }

  /** `/<channel>/<variant>/<name>.ts`: from the live window or from the archive. */
  async segment(exchange: Exchange, channelId: string, variantName: string, name: string): Promise<void> {
    const { host } = this
    const channel = playableChannel(host, channelId)
    const variant = channel && playableVariants(host, channel).find((found) => found.name === variantName)
    if (!variant) return replyError(exchange, 404, 'not found')
    variant.stream.touch()
    const data = variant.stream.find(name)?.data ?? (await host.recorder.read(channelId, variantName, name))
    if (!data) return replyError(exchange, 404, 'not found')
    replyBody(exchange, 200, 'video/mp2t', data)
  }

  /** Flussonic's call for recorded ranges. */
  recordingStatus(exchange: Exchange, channelId: string): void {
    const { host } = this
    const channel = playableChannel(host, channelId)
    if (!channel?.archive || host.faults.find('no-recording-status', { channel: channelId })) {
      return replyError(exchange, 404, 'not found')
    }
    const offset = host.clockOffsetMs()
    const now = Date.now() + offset
    const from = Number(exchange.query.get('from') ?? 0)
    const rawTo = exchange.query.get('to') ?? 'now'
    const to = rawTo === 'now' ? now / 1000 : Number(rawTo)
    const requested = (exchange.query.get('request') ?? '').split(',')
    if (!Number.isFinite(from) || !Number.isFinite(to) || !requested.includes('ranges')) {
      return replyError(exchange, 400, 'from, to, request: invalid')
    }
    const ranges = host.recorder
      .ranges(channelId, from * 1000 - offset, to * 1000 - offset)
      .map((range) => ({ ...range, from: range.from + Math.round(offset / 1000) }))
    replyJson(exchange, 200, [{ stream: channelId, ranges }])
  }

  /** Ends sessions that have not been seen for longer than Alta waits. */
  expire(): void {
    const { host } = this
    const { segmentSeconds, playlistSegments } = host.options
    for (const session of host.sessions.list()) {
      if (session.protocol !== 'hls') continue
      const hasStorage = Boolean(host.config.ott.channels[session.channel]?.archive)
      const seconds = hasStorage ? PAUSE_SECONDS : segmentSeconds * playlistSegments
      if (Date.now() - session.lastSeenAt > seconds * 1000) host.sessions.end(session.id, 'expired')
    }
    for (const id of this.timeshifts.keys()) if (!host.sessions.get(id)) this.timeshifts.delete(id)
  }

  private async liveWindow(
    exchange: Exchange,
    { stream }: PlayableVariant,
  ): Promise<readonly PlaylistEntry[]> {
    stream.touch()
    if (stream.window.length > 0) return stream.window
    const gone = new AbortController()
    exchange.response.once('close', () => gone.abort())
    await stream.waitForSegment(AbortSignal.any([gone.signal, AbortSignal.timeout(FIRST_SEGMENT_TIMEOUT_MS)]))
    return stream.window
  }

  private recorded(channelId: string, variant: string, { fromMs, untilMs }: Timeshift): PlaylistEntry[] {
    return this.host.recorder
      .segments(channelId, variant)
      .filter(
        ({ startEpochMs, durationMs }) =>
          startEpochMs + durationMs > fromMs && startEpochMs < (untilMs ?? Infinity),
      )
  }

  /** With a duration the whole stretch; without one a window that moves on at the speed of time. */
  private timeshiftWindow(
    channelId: string,
    variant: string,
    timeshift: Timeshift,
    createdAt: number,
  ): PlaylistEntry[] {
    const recorded = this.recorded(channelId, variant, timeshift)
    if (timeshift.untilMs !== undefined) return recorded
    const { segmentSeconds, playlistSegments } = this.host.options
    const edgeMs = timeshift.fromMs + playlistSegments * segmentSeconds * 1000 + (Date.now() - createdAt)
    return recorded
      .filter(({ startEpochMs, durationMs }) => startEpochMs + durationMs <= edgeMs)
      .slice(-playlistSegments)
  }

  /** `start` is Unix seconds, or seconds before now when negative; `duration` is seconds. */
  private timeshiftOf(query: URLSearchParams): Timeshift | 'invalid' | undefined {
    const rawStart = query.get('start')
    if (rawStart === null) return undefined
    const start = Number(rawStart)
    const duration = query.has('duration') ? Number(query.get('duration')) : undefined
    if (rawStart === '' || !Number.isFinite(start)) return 'invalid'
    if (duration !== undefined && !(duration > 0 && Number.isFinite(duration))) return 'invalid'
    const fromMs = start < 0 ? Date.now() + start * 1000 : start * 1000 - this.host.clockOffsetMs()
    return { fromMs, untilMs: duration === undefined ? undefined : fromMs + duration * 1000 }
  }
}

function entryOf(
  { name, stream }: PlayableVariant,
  sessionId: string,
): Parameters<typeof masterPlaylist>[0][number] {
  const { width, height, fps } = stream.receiver
  return {
    uri: `${encodeURIComponent(name)}/${sessionId}.m3u8`,
    bandwidthBps: stream.peakBps,
    width,
    height,
    fps,
    codecs: stream.codecs,
  }
}
