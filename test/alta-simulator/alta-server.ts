import type { IncomingMessage, ServerResponse } from 'node:http'
import { handleManagement } from './api/management.ts'
import type { ManagementHost } from './api/management.ts'
import { Logins } from './api/logins.ts'
import type { AltaConfig } from './config.ts'
import { initialConfig, receiverSource } from './config.ts'
import { FaultBoard } from './faults.ts'
import type { Exchange } from './http/exchange.ts'
import { exchangeOf, replyError } from './http/exchange.ts'
import { applyListenerFaults } from './http/fault-gate.ts'
import { Listener } from './http/listener.ts'
import type { TlsIdentity } from './http/listener.ts'
import { findFfmpeg } from './media/ffmpeg.ts'
import { ReceiverStream } from './media/receiver-stream.ts'
import type { StreamMode } from './media/receiver-stream.ts'
import type { ListenerName, ReceiverOptions, ResolvedOptions } from './options.ts'
import type { BackendCall } from './ott/authorizer.ts'
import { Hls } from './ott/hls.ts'
import { Recorder } from './ott/recorder.ts'
import { Sessions } from './ott/sessions.ts'
import { handleStreaming } from './ott/streaming.ts'
import type { StreamingHost } from './ott/streaming-host.ts'
import { BoundedLog } from './request-log.ts'
import type { LoggedRequest } from './request-log.ts'
import { statusOf } from './status.ts'
import { Whep } from './whep/whep.ts'

/** How soon an edit of the configuration object takes effect, ms. */
const RECONCILE_MS = 500
const SKEW_SECONDS = 600

/** One simulated Alta: two listeners, one configuration, streams that run on demand. */
export class AltaServer implements StreamingHost, ManagementHost {
  readonly options: ResolvedOptions
  readonly config: AltaConfig
  readonly faults = new FaultBoard()
  readonly logins = new Logins()
  readonly sessions = new Sessions()
  readonly recorder: Recorder
  readonly requests = new BoundedLog<LoggedRequest>()
  readonly backendCalls = new BoundedLog<BackendCall>()
  readonly problems = new BoundedLog<string>(100)
  readonly listeners: Record<ListenerName, Listener>
  private readonly hls: Hls
  private readonly whep: Whep
  /** By the source of their receivers, so that a renamed receiver keeps its picture. */
  private readonly streams = new Map<string, ReceiverStream>()
  private readonly stoppedChannels = new Set<string>()
  private channelSnapshots = new Map<string, string>()
  private ticker: NodeJS.Timeout | undefined
  private running = false

  constructor(options: ResolvedOptions, tls: TlsIdentity | undefined) {
    this.options = options
    this.config = initialConfig(options)
    for (const receiver of options.receivers)
      this.streams.set(receiverSource(receiver), this.newStream(receiver))
    this.recorder = new Recorder({
      config: this.config,
      limitBytes: options.recordingLimitBytes,
      streamOf: (id) => this.recordableStream(id),
      diskIsFull: () => this.faults.find('disk-full') !== undefined,
    })
    this.hls = new Hls(this)
    this.whep = new Whep(this)
    const listener = (name: ListenerName, port: number): Listener =>
      new Listener(options.host, port, (request, response) => this.onRequest(name, request, response), tls)
    this.listeners = { api: listener('api', options.apiPort), ott: listener('ott', options.ottPort) }
  }

  async start(): Promise<void> {
    if (this.running) return
    this.running = true
    for (const stream of this.streams.values()) stream.start()
    await this.applyFaults()
    this.ticker = setInterval(() => this.reconcile(), RECONCILE_MS)
    this.reconcile()
  }

  async stop(): Promise<void> {
    if (!this.running) return
    this.running = false
    clearInterval(this.ticker)
    this.recorder.stop()
    await Promise.all([this.listeners.api.close(), this.listeners.ott.close(), this.cutSessions()])
    for (const stream of this.streams.values()) stream.stop()
    this.logins.closeAll()
  }

  async dispose(): Promise<void> {
    await this.stop()
    this.recorder.dispose()
  }

  /** Makes what is not looked up on every request agree with the faults: listeners and streams. */
  async applyFaults(): Promise<void> {
    if (!this.running) return
    for (const name of ['api', 'ott'] as const) {
      const listener = this.listeners[name]
      if (!this.faults.find('refuse', { listener: name })) {
        await listener.open()
        const server = Object.values(this.config.servers).find(({ serve }) => serve === name)
        if (server) server.listen = `:${listener.boundPort}`
      } else if (listener.isOpen) {
        await listener.close()
        if (name === 'ott') await this.cutSessions()
      }
    }
    this.setStreamModes()
  }

  configChanged(): void {
    this.reconcile()
  }

  status(): unknown {
    return statusOf(this.config, (id) => this.streamOf(id), this.sessions.list())
  }

  startChannel(id: string): void {
    this.stoppedChannels.delete(id)
  }

  stopChannel(id: string): void {
    this.stoppedChannels.add(id)
    this.endSessionsOf(id)
  }

  isStopped(channelId: string): boolean {
    return this.stoppedChannels.has(channelId)
  }

  clockOffsetMs(): number {
    const skew = this.faults.find('clock-skew')
    return skew ? (skew.seconds ?? SKEW_SECONDS) * 1000 : 0
  }

  onBackendCall(call: BackendCall): void {
    this.backendCalls.add(call)
  }

  /** The stream of a receiver; undefined when its source is none of ours. */
  streamOf(receiverId: string): ReceiverStream | undefined {
    const { receivers } = this.config
    const receiver = Object.hasOwn(receivers, receiverId) ? receivers[receiverId] : undefined
    if (!receiver) return undefined
    return this.streams.get(receiver.source)
  }

  get isRunning(): boolean {
    return this.running
  }

  get encoders(): number {
    return [...this.streams.values()].filter((stream) => stream.isEncoding).length
  }

  private recordableStream(receiverId: string): ReceiverStream | undefined {
    const stream = this.streamOf(receiverId)
    return stream?.receiver.kind === 'video' ? stream : undefined
  }

  private newStream(receiver: ReceiverOptions): ReceiverStream {
    const { segmentSeconds, playlistSegments, encoderLingerMs, alwaysEncode, ffmpegPath } = this.options
    return new ReceiverStream(receiver, {
      ffmpeg: () => findFfmpeg(ffmpegPath),
      segmentMs: segmentSeconds * 1000,
      playlistSegments,
      lingerMs: encoderLingerMs,
      alwaysEncode,
      onProblem: (problem) => this.problems.add(problem),
    })
  }

  private onRequest(listener: ListenerName, request: IncomingMessage, response: ServerResponse): void {
    const exchange = exchangeOf(request, response)
    const entry: LoggedRequest = {
      at: Date.now(),
      listener,
      method: exchange.method,
      path: exchange.rawPath,
      query: exchange.rawQuery,
      headers: request.headers,
      status: undefined,
    }
    this.requests.add(entry)
    response.once('finish', () => {
      entry.status = response.statusCode
    })
    this.answer(listener, exchange).catch((error: unknown) => {
      // A viewer that hangs up in mid-request is no problem of ours.
      if (request.destroyed || response.destroyed) return
      this.problems.add(`${exchange.method} ${exchange.rawPath}: ${String(error)}`)
      if (response.headersSent) response.destroy()
      else replyError(exchange, 500, String(error))
    })
  }

  private async answer(listener: ListenerName, exchange: Exchange): Promise<void> {
    const { response } = exchange
    response.setHeader('Server', `Alta/${this.config.version}`)
    response.setHeader('Date', new Date(Date.now() + this.clockOffsetMs()).toUTCString())
    if (await applyListenerFaults(this.faults, listener, exchange)) return
    if (listener === 'api') await handleManagement(exchange, this)
    else await handleStreaming(exchange, this, { hls: this.hls, whep: this.whep })
  }

  /** Brings sessions, recordings and streams in line with the configuration, whoever changed it. */
  private reconcile(): void {
    const before = this.channelSnapshots
    this.channelSnapshots = new Map(
      Object.entries(this.config.ott.channels).map(([id, { enable, authorizer, variants }]) => [
        id,
        JSON.stringify([enable !== false, authorizer, variants]),
      ]),
    )
    for (const [id, snapshot] of before) {
      if (this.channelSnapshots.get(id) !== snapshot) this.endSessionsOf(id)
    }
    this.setStreamModes()
    this.recorder.reconcile()
    this.hls.expire()
  }

  private setStreamModes(): void {
    const enabled = new Set(
      Object.entries(this.config.receivers)
        .filter(([, { enable }]) => enable !== false)
        .flatMap(([id]) => this.streamOf(id) ?? []),
    )
    for (const stream of this.streams.values()) {
      stream.setMode(enabled.has(stream) ? this.faultyMode(stream.receiver.id) : 'stalled')
    }
  }

  private faultyMode(receiver: string): StreamMode {
    if (this.faults.find('receiver-stalled', { receiver })) return 'stalled'
    return this.faults.find('receiver-frozen', { receiver }) ? 'frozen' : 'live'
  }

  private endSessionsOf(channel: string): void {
    for (const session of this.sessions.list()) {
      if (session.channel !== channel) continue
      if (session.protocol === 'hls') this.sessions.end(session.id, 'channel-changed')
      else void this.whep.end(session.id, 'channel-changed')
    }
  }

  private async cutSessions(): Promise<void> {
    await this.whep.cutAll()
    for (const { id } of this.sessions.list()) this.sessions.end(id, 'server-stopped')
  }
}
