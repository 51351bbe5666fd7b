import type { DriftEntry } from '../../shared/contract/servers.ts'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import { AltaProblem } from '../alta/alta-problem.ts'
import { defaultSegmentMs } from '../alta/assumptions.ts'
import type {
  AltaClient,
  AltaConfig,
  AltaReceiverStatus,
  AltaStatus,
  CallContext,
} from '../alta/alta-types.ts'
import { findStreamOrigin, isPortOpen } from '../alta/ott.ts'
import type { Authorization, ServerExpectation } from '../alta/ownership-types.ts'
import { compareServer } from '../alta/ownership.ts'
import { issueSecuretoken, securetokenSecret, viewerAddressTowards } from '../alta/securetoken.ts'
import { createTicketOffice } from '../alta/tickets.ts'
import type { TicketSigner } from '../alta/tickets.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import { Mutex } from '../platform/mutex.ts'
import { isLoopback, plainAddress, readPageOrigins } from './addresses.ts'
import { contradictions } from './contradictions.ts'
import { PlaylistReader } from './playlist-reader.ts'
import type { ExpectedCamera, ServerRow } from './queries.ts'
import { ServerWatch } from './server-watch.ts'
import type { WatchTimes } from './server-watch.ts'

/** What the last rounds found out about a server; replaced as a whole. */
export interface LinkState {
  /** False until Alta answered for the first time since the desk started. */
  readonly reached: boolean
  /** What keeps the server unavailable; null while it answers. */
  readonly problem: { readonly code: AltaProblemCode; readonly sentence: string } | null
  readonly unavailableSinceAt: number | null
  readonly checkedAt: number | null
  readonly config: AltaConfig | null
  readonly configAt: number | null
  /** By receiver id. */
  readonly stats: ReadonlyMap<string, AltaReceiverStatus>
  readonly drift: readonly DriftEntry[]
  /** Where players are sent: as the last run knew it until Alta answers. Null where that is unknown, or Alta has no OTT listener. */
  readonly streamOrigin: string | null
  readonly streamingClosed: boolean
  /** The last round failed, and the last status is too old to say anything of now. */
  readonly isStatusOld: boolean
  /** True where this Alta has no `/api/status` and playlists are read instead. */
  readonly statusByPlaylists: boolean
  readonly clockOffsetMs: number | null
  /** A write was refused because the disk of Alta is full; forgotten with the next write that works. */
  readonly writesRefused: boolean
  /** Alta's status reports a full disk. */
  readonly diskReportedFull: boolean
}

/** What a verification has just found. */
export interface KnownServer {
  readonly config: AltaConfig
  readonly streamOrigin: string | null
}

/** A client that has just proved an address and an account, and what it found. */
export interface VerifiedServer {
  readonly client: AltaClient
  readonly known: KnownServer
}

export interface LinkParts {
  readonly row: ServerRow
  readonly client: AltaClient
  readonly ticketSecret: string
  readonly deskId: string
  /** `PUBLIC_URL`, which outranks the origin that was kept when the server was added. */
  readonly publicUrl: string | null
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly times: WatchTimes
  readonly expectedCameras: () => Promise<ExpectedCamera[]>
  /** After every change of the state. */
  readonly onChanged: () => void
  /** After every round, whatever it found. */
  readonly onPolled: () => void
}

/** A viewer's claim to a camera. */
interface Viewing {
  readonly personId: string
  /** The sign-in in which they ask; empty for the desk itself. */
  readonly signInId: string
  readonly cameraId: string
  readonly channelId: string
  /** Peer address at the door; `desktop` for the window of the desk itself. */
  readonly remoteAddress: string
}

const statusTimeoutMs = 2_500
/** From the question: a status comes every 5 s, and one that does not come is given up after 2.5 s. */
const statusHoldsMs = 7_000
const configTimeoutMs = 10_000
const portTimeoutMs = 1_500
/** A configuration that the status contradicts is not read more often than this. */
const rereadAfterMs = 3_000

const untouched: LinkState = {
  reached: false,
  problem: null,
  unavailableSinceAt: null,
  checkedAt: null,
  config: null,
  configAt: null,
  stats: new Map(),
  drift: [],
  streamOrigin: null,
  streamingClosed: false,
  isStatusOld: false,
  statusByPlaylists: false,
  clockOffsetMs: null,
  writesRefused: false,
  diskReportedFull: false,
}

/** One server as the running desk knows it: its client, its secret, and what the last rounds found. */
export class ServerConnection {
  readonly id: string
  /** Everything that changes our objects on this server goes through here, one after the other. */
  readonly changes = new Mutex()
  readonly #parts: LinkParts
  readonly #watch: ServerWatch
  readonly #playlists: PlaylistReader
  #row: ServerRow
  #client: AltaClient
  #callbackDoubtful = true
  #tickets: TicketSigner
  #state: LinkState
  /** When the last status that was taken in was asked for, monotonic. */
  #statusMs = Number.NEGATIVE_INFINITY
  #changing = 0
  #generation = 0
  /** In what the status contradicted the configuration when that was read again. */
  #contradictions: readonly string[] = []
  #pollSoon: NodeJS.Timeout | undefined
  #stopped = false

  constructor(parts: LinkParts) {
    this.id = parts.row.id
    this.#parts = parts
    this.#row = parts.row
    this.#state = { ...untouched, streamOrigin: parts.row.streamOrigin }
    this.#client = parts.client
    this.#tickets = this.#openTicketOffice()
    const server = {
      readStatus: (signal: AbortSignal) => this.#readStatus(signal),
      readConfig: (signal: AbortSignal) => this.#readConfig(signal),
      lost: (error: unknown) => this.#lose(error),
      answered: () => this.#noteAnswered(),
      polled: () => parts.onPolled(),
    }
    this.#playlists = new PlaylistReader(parts.clock, parts.logger)
    this.#watch = new ServerWatch(server, parts.clock, parts.times)
  }

  get row(): ServerRow {
    return this.#row
  }

  /** Ask for it anew each time: a change of address or account puts another in its place. */
  get client(): AltaClient {
    return this.#client
  }

  /** Whether it should be tried again if Alta reaches our authorizer. */
  get isCallbackDoubtful(): boolean {
    return this.#callbackDoubtful
  }

  get state(): LinkState {
    return this.#state
  }

  get tickets(): TicketSigner {
    return this.#tickets
  }

  /** Where Alta calls our authorizer; null where there is no such address. */
  get callbackOrigin(): string | null {
    return this.#parts.publicUrl ?? this.#row.callbackOrigin
  }

  /** `known`: what a verification has just found, so that the first round may wait. */
  start(known: KnownServer | null): void {
    if (known) this.#state = this.#knownState(known)
    this.#watch.start(known !== null)
  }

  /** Ends rounds, calls and sockets. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#pollSoon)
    await Promise.all([this.#watch.stop(), this.#client.stop(), this.#playlists.stop()])
  }

  /** Takes over a changed row, and the client that has just proved a changed address or account. */
  adopt(row: ServerRow, fresh: VerifiedServer | null): void {
    const reticket = row.whepPath !== this.#row.whepPath
    const moved = row.baseUrl !== this.#row.baseUrl
    this.#row = row
    if (reticket) this.#tickets = this.#openTicketOffice()
    if (!fresh) return
    void this.#client.stop()
    this.#client = fresh.client
    this.#callbackDoubtful = true
    const stats = moved ? new Map<string, AltaReceiverStatus>() : this.#state.stats
    this.#state = { ...this.#knownState(fresh.known), stats }
  }

  /** Whether Alta reaches our authorizer was just found out, or became doubtful (a repair, a new address). */
  noteCallbackDoubtful(doubtful: boolean): void {
    this.#callbackDoubtful = doubtful
  }

  /** Somebody opened this camera: its state matters now. */
  noteWatched(channelId: string): void {
    this.#playlists.noteWatched(channelId)
    this.#watch.nudge(1_000)
  }

  /** Length of a channel's segments, milliseconds: as its playlist says, where one was read. */
  segmentMs(channelId: string): number {
    return this.#playlists.segmentMs(channelId) ?? defaultSegmentMs
  }

  /** Looks at everything now; resolves when that is over, whatever was found. */
  pollNow(): Promise<void> {
    return this.#watch.pollNow()
  }

  /** Looks at everything shortly; many calls in a row make one look. */
  pollSoon(): void {
    if (this.#stopped) return
    this.#pollSoon ??= setTimeout(() => {
      this.#pollSoon = undefined
      void this.#watch.pollNow()
    }, 250)
  }

  /**
   * Runs a change of our objects on Alta, one at a time. Rounds that overlap it do not compare: they would see half of
   * it and call it drift.
   */
  async change<T>(work: () => Promise<T>): Promise<T> {
    return this.changes.run(async () => {
      this.#changing += 1
      try {
        const result = await work()
        this.#noteDisk(false)
        return result
      } catch (error) {
        if (error instanceof AltaProblem && error.code === 'ALTA_DISK_FULL') this.#noteDisk(true)
        throw error
      } finally {
        this.#changing -= 1
        this.#generation += 1
      }
    })
  }

  /** Our authorizer's address for this server; null where Alta has none to ask. */
  get callbackUrl(): string | null {
    const origin = this.callbackOrigin
    return origin === null ? null : `${origin}/alta/${this.id}/authorize`
  }

  /** How this server is made to ask who may watch, or would be in another mode. */
  authorization(mode = this.#row.authorizationMode): Authorization {
    const { callbackUrl } = this
    return mode === 'backend' && callbackUrl !== null
      ? { mode, callbackUrl }
      : { mode: 'securetoken', ticketSecret: this.#parts.ticketSecret }
  }

  /** Everything of ours that should stand on this server now. */
  async expectation(): Promise<ServerExpectation> {
    return {
      deskId: this.#parts.deskId,
      authorization: this.authorization(),
      origins: readPageOrigins(this.#row.pageOrigins).map(({ origin }) => origin),
      channels: await this.#parts.expectedCameras(),
    }
  }

  /** A token that Alta accepts for this viewer and camera, in the way this server asks. */
  async token(viewing: Viewing): Promise<{ token: string; expiresAt: number }> {
    if (this.authorization().mode === 'backend') return this.#tickets.sign(viewing)
    const offsetMs = this.#state.clockOffsetMs ?? 0
    const { token, expiresAt } = issueSecuretoken({
      ticketSecret: this.#parts.ticketSecret,
      channelId: viewing.channelId,
      viewerAddress: await this.#viewerAddress(viewing.remoteAddress),
      nowMs: this.#parts.clock.now() + offsetMs,
    })
    return { token, expiresAt: Math.floor(expiresAt - offsetMs) }
  }

  /** Whether the secret in an authorizer on Alta is this server's. */
  ownsSecret(secret: string): boolean {
    return secret === securetokenSecret(this.#parts.ticketSecret)
  }

  /** The address Alta sees a viewer come from. */
  async #viewerAddress(remoteAddress: string): Promise<string> {
    if (this.#row.viewerAddress !== null) return this.#row.viewerAddress
    const address = plainAddress(remoteAddress)
    const elsewhere = address !== 'desktop' && !isLoopback(address)
    return elsewhere ? address : viewerAddressTowards(this.#state.streamOrigin ?? this.#row.baseUrl)
  }

  #knownState({ config, streamOrigin }: KnownServer): LinkState {
    const now = this.#parts.clock.now()
    const clockOffsetMs = this.#client.health().clockOffsetMs
    return {
      ...untouched,
      config,
      streamOrigin,
      reached: true,
      configAt: now,
      checkedAt: now,
      clockOffsetMs,
      stats: this.#state.stats,
    }
  }

  #openTicketOffice(): TicketSigner {
    const { deskId, ticketSecret, clock } = this.#parts
    return createTicketOffice({
      deskId,
      serverId: this.id,
      secret: ticketSecret,
      whepPath: this.#row.whepPath,
      clock,
    })
  }

  async #readStatus(signal: AbortSignal): Promise<void> {
    try {
      const isAnswered = this.#takeStatus(signal)
      const [, streamingClosed] = await Promise.all([isAnswered, this.#isStreamingClosed(signal)])
      signal.throwIfAborted()
      if (streamingClosed !== null && streamingClosed !== this.#state.streamingClosed)
        this.#set({ streamingClosed })
    } catch (error) {
      const ageMs = this.#parts.clock.monotonicMs() - this.#statusMs
      if (!signal.aborted && ageMs >= statusHoldsMs) this.#set({ isStatusOld: true })
      throw error
    }
  }

  /** Waits for nothing but the status: a tile must say soon that its picture is old. */
  async #takeStatus(signal: AbortSignal): Promise<void> {
    const call: CallContext = { requestId: newId(), signal, retries: 0 }
    const client = this.#client
    const startedMs = this.#parts.clock.monotonicMs()
    client.allowLogin()
    const status = await client.status({ ...call, timeoutMs: statusTimeoutMs })
    const stats = status ? new Map(Object.entries(status.receivers)) : await this.#readPlaylists(call)
    signal.throwIfAborted()
    // An answer of the address that the server had before.
    if (client !== this.#client) return
    this.#statusMs = startedMs
    this.#set({
      checkedAt: this.#parts.clock.now(),
      stats,
      isStatusOld: false,
      statusByPlaylists: status === null,
      diskReportedFull: status?.diskFull === true,
      clockOffsetMs: client.health().clockOffsetMs,
    })
    if (status) this.#noteContradictions(status)
  }

  /** A configuration that the status contradicts has changed since it was read. A contradiction that lasts is asked about once. */
  #noteContradictions(status: AltaStatus): void {
    const { config } = this.#state
    const found = config === null ? [] : contradictions(config, status)
    const isNew = JSON.stringify(found) !== JSON.stringify(this.#contradictions)
    if (found.length === 0 || (isNew && this.#watch.rereadConfig(rereadAfterMs))) this.#contradictions = found
  }

  async #readConfig(signal: AbortSignal): Promise<boolean> {
    const call: CallContext = { requestId: newId(), signal, retries: 0, timeoutMs: configTimeoutMs }
    const client = this.#client
    const expectation = await this.expectation()
    const startedAt = this.#parts.clock.now()
    const generation = this.#generation
    const settled = this.#changing === 0
    const config = await client.config(call)
    signal.throwIfAborted()
    if (client !== this.#client) return false
    if (!config.receivers) throw new AltaProblem('ALTA_TOO_OLD')
    const comparable = settled && generation === this.#generation && this.#changing === 0
    const facts = this.#configFacts(config, startedAt)
    const moved = facts.streamOrigin !== this.#state.streamOrigin
    this.#set({
      reached: true,
      checkedAt: this.#parts.clock.now(),
      clockOffsetMs: client.health().clockOffsetMs,
      ...facts,
      // The old address is closed because Alta streams from another now, which the next round tries.
      ...(moved && { streamingClosed: false }),
      ...(comparable && { drift: compareServer(config, expectation) }),
    })
    return comparable
  }

  #noteAnswered(): void {
    if (this.#state.problem) this.#set({ problem: null, unavailableSinceAt: null })
  }

  #configFacts(
    config: AltaConfig,
    configAt: number,
  ): Pick<LinkState, 'config' | 'configAt' | 'streamOrigin'> {
    const { baseUrl, streamUrl } = this.#row
    return { config, configAt, streamOrigin: findStreamOrigin(config, baseUrl, streamUrl) }
  }

  /** Asks in the name of the desk itself, which Alta's sessions show. */
  async #readPlaylists(call: CallContext): Promise<ReadonlyMap<string, AltaReceiverStatus>> {
    const { stats, streamOrigin } = this.#state
    if (streamOrigin === null) return stats
    const token = async ({ id, channelId }: ExpectedCamera): Promise<string> => {
      const viewing = { personId: 'desk', signInId: '', cameraId: id, channelId, remoteAddress: 'desktop' }
      return (await this.token(viewing)).token
    }
    const read = await this.#playlists.read(call, streamOrigin, await this.#parts.expectedCameras(), token)
    return new Map([...stats, ...read])
  }

  /** Null where another address than the one that was tried is the right one by now. */
  async #isStreamingClosed(signal: AbortSignal): Promise<boolean | null> {
    const { streamOrigin } = this.#state
    const closed = streamOrigin !== null && !(await isPortOpen(streamOrigin, portTimeoutMs, signal))
    return streamOrigin === this.#state.streamOrigin ? closed : null
  }

  #lose(error: unknown): void {
    const { clock, logger } = this.#parts
    if (!(error instanceof AltaProblem)) {
      logger.error('a health round failed by a mistake of ours', { serverId: this.id, error })
      return
    }
    const now = clock.now()
    this.#set({
      problem: { code: error.code, sentence: error.message },
      unavailableSinceAt: this.#state.unavailableSinceAt ?? now,
      checkedAt: now,
      clockOffsetMs: this.#client.health().clockOffsetMs,
    })
  }

  #noteDisk(writesRefused: boolean): void {
    if (this.#state.writesRefused !== writesRefused) this.#set({ writesRefused })
  }

  #set(changes: Partial<LinkState>): void {
    this.#state = { ...this.#state, ...changes }
    this.#parts.onChanged()
  }
}
