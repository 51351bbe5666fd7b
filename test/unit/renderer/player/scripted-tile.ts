import { Ladder } from '../../../../renderer/player/ladder.ts'
import { Ledger } from '../../../../renderer/player/ledger.ts'
import type { AttemptFailure } from '../../../../renderer/player/failures.ts'
import type { CameraHealth, PictureState, TileSize } from '../../../../renderer/player/player-types.ts'
import { ServerGate } from '../../../../renderer/player/server-gate.ts'
import type { MediaSample } from '../../../../renderer/player/session.ts'
import { SourceHealth } from '../../../../renderer/player/source-health.ts'
import type { Attempt, AttemptEvents, AttemptRequest } from '../../../../renderer/player/attempt-contract.ts'
import { TileMachine } from '../../../../renderer/player/tile-machine.ts'
import type { LiveSource } from '../../../../shared/contract/live.ts'
import { FakeClock } from './fake-clock.ts'

/** Stands where the browser's media would be: a test says what arrives and what is drawn. */
export class ScriptedAttempt implements Attempt {
  source: LiveSource | null = null
  closed = false
  resumed = 0
  repairs = 0
  repairWorks = false
  delayMs: number | null = null
  /** For how long all frames have had one size, and one pixel of each. */
  sameSizeMs: number | null = null
  pixel = 0
  stripsRead = 0
  readonly screen = { count: 0, lastAt: null as number | null, intervalMs: 40 }
  readonly request: AttemptRequest
  readonly events: AttemptEvents
  private readonly clock: FakeClock
  private bytes = 0
  private decoded = 0

  constructor(clock: FakeClock, request: AttemptRequest, events: AttemptEvents) {
    this.clock = clock
    this.request = request
    this.events = events
  }

  start(): void {
    this.closed = false
  }

  sample(): Promise<MediaSample> {
    const figures = {
      framesDropped: 0,
      keyFrames: null,
      packetsReceived: null,
      packetsLost: null,
      delayMs: this.delayMs,
      sameSizeMs: this.sameSizeMs,
    }
    return Promise.resolve({ bytes: this.bytes, framesDecoded: this.decoded, ...figures })
  }

  readStrips(): Promise<Uint8Array> {
    this.stripsRead += 1
    return Promise.resolve(Uint8Array.of(this.pixel))
  }

  repair(): Promise<boolean> {
    this.repairs += 1
    return Promise.resolve(this.repairWorks)
  }

  resume(): void {
    this.resumed += 1
  }

  close(): void {
    this.closed = true
  }

  /** The desk answers with these sources. */
  tickets(sources: LiveSource[]): void {
    const choice = this.request.choose(sources)
    if ('reason' in choice) this.events.failed(choice)
    else this.source = choice
  }

  fail(failure: AttemptFailure): void {
    this.events.failed(failure)
  }

  /** Media arrives; what is named stays away. */
  flow(without: 'nothing' | 'drawing' | 'decoding' = 'nothing'): void {
    this.bytes += 50_000
    if (without === 'decoding') return
    this.decoded += 25
    if (without === 'drawing') return
    const first = this.screen.lastAt === null
    this.screen.count += 25
    this.screen.lastAt = this.clock.now()
    if (first) this.events.firstFrame()
  }
}

/** A machine with everything a test needs to drive it. */
export class ScriptedTile {
  readonly clock = new FakeClock()
  readonly ledger = new Ledger(this.clock)
  readonly attempts: ScriptedAttempt[] = []
  readonly shown: ScriptedAttempt[] = []
  readonly gate: ServerGate
  serverUp = true
  concealed = 0
  readonly machine: TileMachine<ScriptedAttempt>

  constructor(start: { size?: TileSize; visible?: boolean; health?: CameraHealth } = {}) {
    const { clock, ledger } = this
    const { health: told = { main: null, sub: null }, ...size } = start
    const health = new SourceHealth(clock, told)
    this.gate = new ServerGate(ledger, () => Promise.resolve(this.serverUp))
    this.machine = new TileMachine<ScriptedAttempt>(
      {
        cameraId: 'cam',
        ledger,
        ladder: new Ladder(
          { plays: ({ codec }) => codec !== 'h265' },
          () => clock.now(),
          (variant) => health.isLost(variant),
        ),
        health,
        gateOf: () => this.gate,
        attempt: (request, events) => {
          const attempt = new ScriptedAttempt(clock, request, events)
          this.attempts.push(attempt)
          return attempt
        },
        show: (attempt) => this.shown.push(attempt),
        leave: () => undefined,
        conceal: () => (this.concealed += 1),
        changed: () => undefined,
      },
      { size: 'large', visible: true, ...size },
    )
  }

  /** What the desk says of main and sub stream, since now. */
  tell(main: PictureState, sub: PictureState): void {
    const at = this.clock.wallNow()
    this.machine.setHealth({ main: { state: main, sinceAt: at }, sub: { state: sub, sinceAt: at } })
  }

  get latest(): ScriptedAttempt {
    const attempt = this.attempts.at(-1)
    if (!attempt) throw new Error('nothing was tried')
    return attempt
  }

  get open(): ScriptedAttempt[] {
    return this.attempts.filter(({ closed }) => !closed)
  }

  /** The latest attempt gets its tickets, connects and draws. */
  play(sources: LiveSource[] = all): ScriptedAttempt {
    const { latest } = this
    latest.tickets(sources)
    latest.events.connected()
    latest.flow()
    return latest
  }

  /** Seconds go by; each ends with the wall's tick. */
  async seconds(count: number, during: () => void = () => undefined): Promise<void> {
    for (let second = 0; second < count; second++) {
      await this.clock.pass(990)
      during()
      await this.clock.pass(10)
      await this.machine.tick()
      await this.clock.pass(0)
    }
  }
}

export function source(
  kind: LiveSource['kind'],
  variant: LiveSource['variant'],
  codec: string | null = 'h264',
): LiveSource {
  const url = `http://alta.example/cam/${kind}/${variant}`
  return {
    cameraId: 'cam',
    serverId: 'alta',
    kind,
    variant,
    url,
    codec,
    width: null,
    height: null,
    pageAllowed: null,
  }
}

export const whepMain = source('whep', 'main')
export const whepSub = source('whep', 'sub')
export const hlsMain = source('hls', 'main')
export const hlsSub = source('hls', 'sub')
export const all = [whepMain, whepSub, hlsMain, hlsSub]
