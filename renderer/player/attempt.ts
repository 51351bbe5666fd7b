import type { LiveSource } from '../../shared/contract/live.ts'
import type { AttemptFailure } from './failures.ts'
import type { HlsSurroundings } from './hls/hls-session.ts'
import { HlsSession } from './hls/hls-session.ts'
import { hasMediaSource } from './hls/load-hls.ts'
import { NativeHlsSession } from './hls/native-hls-session.ts'
import type { Scope } from './ledger.ts'
import { Screen } from './screen.ts'
import type { MediaSample, PictureSession, SessionEvents } from './session.ts'
import { readStrips } from './strips.ts'
import type { Attempt, AttemptEvents, AttemptRequest } from './attempt-contract.ts'
import type { TicketDesk } from './ticket-desk.ts'
import type { WhepSurroundings } from './whep/whep-session.ts'
import { WhepSession } from './whep/whep-session.ts'

const FIRST_FRAME_MS = 3000
/** With bytes arriving and the distance of key frames unknown, cameras of up to 4 s are waited for. */
const UNKNOWN_GOP_MS = 4000
/** HLS comes in segments of several seconds, and a stream that was just asked for has none yet. */
const HLS_FIRST_FRAME_MS = 15_000

/** What all attempts of a wall share. */
export interface AttemptSurroundings extends WhepSurroundings, HlsSurroundings {
  readonly tickets: TicketDesk
}

/** One try to get a picture: ticket, session, first drawn frame; and, where that came, the playing itself. */
export class BrowserAttempt implements Attempt {
  source: LiveSource | null = null
  readonly screen: Screen
  private readonly around: AttemptSurroundings
  private readonly request: AttemptRequest
  private readonly events: AttemptEvents
  private readonly scope: Scope
  private session: PictureSession | null = null

  constructor(
    around: AttemptSurroundings,
    stage: HTMLElement,
    request: AttemptRequest,
    events: AttemptEvents,
  ) {
    this.around = around
    this.request = request
    this.events = events
    this.scope = around.ledger.scope()
    this.screen = new Screen(around.ledger, stage, () => {
      if (!this.scope.disposed) events.firstFrame()
    })
  }

  /** Asks for a ticket and, where WHEP is to be expected, makes the offer meanwhile. */
  start(): void {
    const { expects } = this.request
    if (expects?.kind !== 'hls') this.session = this.whep(expects?.serverId ?? null)
    this.around.tickets.open(this.request.cameraId).then(
      (sources) => this.choose(sources),
      (error: unknown) => {
        if (this.scope.disposed) return
        this.around.log('The desk gave no tickets.', error)
        this.events.failed({ reason: 'desk-unreachable' })
      },
    )
  }

  async sample(): Promise<MediaSample | null> {
    return (await this.session?.sample()) ?? null
  }

  readStrips(): Promise<Uint8Array | null> {
    return readStrips(this.screen.video)
  }

  async repair(): Promise<boolean> {
    return (await this.session?.repair()) ?? false
  }

  resume(): void {
    this.screen.resume((error) => this.around.log('The picture cannot be resumed.', error))
  }

  close(): void {
    if (this.scope.disposed) return
    this.scope.dispose()
    this.session?.close()
    this.screen.dispose()
  }

  private choose(sources: LiveSource[]): void {
    if (this.scope.disposed) return
    const choice = this.request.choose(sources)
    if ('reason' in choice) return this.events.failed(choice)
    this.source = choice
    if (choice.kind === 'hls') {
      this.session?.close()
      this.session = this.hls()
    }
    this.session ??= this.whep(choice.serverId)
    this.session.start(choice)
  }

  private whep(serverId: string | null): PictureSession {
    return new WhepSession(this.around, serverId, this.screen.video, this.sessionEvents())
  }

  private hls(): PictureSession {
    const { around, screen } = this
    const events = this.sessionEvents()
    if (hasMediaSource()) return new HlsSession(around, screen.video, events)
    return new NativeHlsSession(around, screen.video, events)
  }

  private sessionEvents(): SessionEvents {
    return {
      connected: () => {
        this.awaitFirstFrame()
        this.events.connected()
      },
      failed: (failure) => this.fail(failure),
      sound: () => this.events.sound(),
    }
  }

  private awaitFirstFrame(): void {
    const { gopMs } = this.request
    if (this.source?.kind === 'hls') {
      this.scope.after(HLS_FIRST_FRAME_MS, () => this.failWithoutFrame('no-data'))
      return
    }
    this.scope.after(Math.max(FIRST_FRAME_MS, 2 * (gopMs ?? 1000) + 1000), () => void this.judgeSilence())
  }

  /** Nothing arrives: over. Something does: a key frame may still come, where we do not know better. */
  private async judgeSilence(): Promise<void> {
    if (this.screen.lastAt !== null) return
    const sample = await this.sample()
    if (!sample || sample.bytes === 0) return this.failWithoutFrame('no-data')
    if (this.request.gopMs !== null) return this.failWithoutFrame('no-frames')
    this.scope.after(2 * UNKNOWN_GOP_MS + 1000 - FIRST_FRAME_MS, () => this.failWithoutFrame('no-frames'))
  }

  private failWithoutFrame(reason: AttemptFailure['reason']): void {
    if (this.screen.lastAt === null) this.fail({ reason })
  }

  private fail(failure: AttemptFailure): void {
    if (!this.scope.disposed) this.events.failed(failure)
  }
}
