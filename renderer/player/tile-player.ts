import type { AttemptSurroundings } from './attempt.ts'
import { BrowserAttempt } from './attempt.ts'
import type { PlayableCodecs } from './codecs.ts'
import { Ladder } from './ladder.ts'
import type { CameraHealth, TileOptions, TilePlayer, TileSize, TileState } from './player-types.ts'
import { stillCanvas } from './screen.ts'
import type { ServerGate } from './server-gate.ts'
import { SourceHealth } from './source-health.ts'
import { forgetStill, keepStill, stillOf } from './still-store.ts'
import { TileMachine } from './tile-machine.ts'

/** What a tile needs of its wall. */
export interface TileSurroundings {
  readonly attempts: AttemptSurroundings
  readonly codecs: PlayableCodecs
  readonly gateOf: (serverId: string) => ServerGate
  readonly onClose: (tile: StagedTile) => void
  readonly pageVisible: boolean
}

const nothingKnown: CameraHealth = { main: null, sub: null }

type Listener = (state: TileState) => void

function sameState(left: TileState, right: TileState): boolean {
  return (Object.keys(left) as (keyof TileState)[]).every(
    (name) => left[name] === right[name] || JSON.stringify(left[name]) === JSON.stringify(right[name]),
  )
}

/** A tile on its stage: the machine decides, this class moves the elements and tells the interface. */
export class StagedTile implements TilePlayer {
  readonly cameraId: string
  private readonly around: TileSurroundings
  private readonly stage: HTMLElement
  private readonly ladder: Ladder
  private readonly machine: TileMachine<BrowserAttempt>
  private readonly canvas: HTMLCanvasElement
  private readonly listeners = new Set<Listener>()
  private latest: TileState
  private muted: boolean
  private visible: boolean
  private pageVisible: boolean

  constructor(options: TileOptions, around: TileSurroundings) {
    const { cameraId, stage, size, visible = true, muted = true } = options
    const { attempts } = around
    const { clock } = attempts.ledger
    const health = new SourceHealth(clock, options.health ?? nothingKnown)
    this.cameraId = cameraId
    this.around = around
    this.stage = stage
    this.muted = muted
    this.visible = visible
    this.pageVisible = around.pageVisible
    stage.style.isolation = 'isolate'
    this.canvas = stillCanvas(stage)
    this.drawStill()
    this.ladder = new Ladder(
      around.codecs,
      () => clock.now(),
      (variant) => health.isLost(variant),
    )
    this.machine = new TileMachine<BrowserAttempt>(
      {
        cameraId,
        ledger: attempts.ledger,
        ladder: this.ladder,
        health,
        gateOf: around.gateOf,
        attempt: (request, events) => new BrowserAttempt(attempts, stage, request, events),
        show: ({ screen }) => this.show(screen.video),
        leave: ({ screen }) => this.leave(screen.video),
        conceal: () => this.conceal(),
        changed: () => this.announce(),
      },
      { size, visible: visible && around.pageVisible },
    )
    if (!muted) this.machine.listen(true)
    this.latest = this.read()
  }

  get state(): TileState {
    return this.latest
  }

  get serverId(): string | null {
    return this.ladder.serverId
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    listener(this.latest)
    return () => this.listeners.delete(listener)
  }

  setSize(size: TileSize): void {
    this.machine.setSize(size)
  }

  setVisible(visible: boolean): void {
    this.visible = visible
    this.machine.setVisible(this.visible && this.pageVisible)
  }

  /** The whole page is seen or not; `ending` when it is being left. */
  setPageVisible(visible: boolean, ending = false): void {
    this.pageVisible = visible
    this.machine.setVisible(this.visible && this.pageVisible, ending)
  }

  setMuted(muted: boolean): void {
    this.muted = muted
    const video = this.machine.shown?.screen.video
    if (video) video.muted = muted
    this.machine.listen(!muted)
  }

  setHealth(health: CameraHealth): void {
    this.machine.setHealth(health)
  }

  retryNow(): void {
    this.machine.retry()
  }

  capture(): HTMLCanvasElement | null {
    const video = this.machine.shown?.screen.video
    const still = stillOf(this.cameraId)?.canvas
    const copy = this.stage.ownerDocument.createElement('canvas')
    if (video && video.videoWidth > 0) {
      copy.width = video.videoWidth
      copy.height = video.videoHeight
      copy.getContext('2d')?.drawImage(video, 0, 0)
      return copy
    }
    if (!still || this.latest.picture !== 'still') return null
    copy.width = still.width
    copy.height = still.height
    copy.getContext('2d')?.drawImage(still, 0, 0)
    return copy
  }

  close(): void {
    if (this.latest.phase === 'closed') return
    this.machine.close()
    this.listeners.clear()
    this.canvas.remove()
    this.around.onClose(this)
  }

  tick(): void {
    // A moving picture is announced once its figures are there.
    if (!this.machine.shown) return this.announce()
    this.machine
      .tick()
      .catch((error: unknown) => this.around.attempts.log('A tile could not be checked.', error))
  }

  private show(video: HTMLVideoElement): void {
    this.machine.shown?.screen.show(this.muted)
    this.canvas.style.display = 'none'
    // From now on something can be shown at once when this camera is opened again.
    const { clock } = this.around.attempts.ledger
    const { lastFrameAt } = this.machine
    keepStill(this.cameraId, video, clock.wallNow() - (clock.now() - (lastFrameAt ?? clock.now())))
  }

  private leave(video: HTMLVideoElement): void {
    const { lastFrameAt } = this.latest
    keepStill(this.cameraId, video, lastFrameAt ?? this.around.attempts.ledger.clock.wallNow())
    this.drawStill()
  }

  private conceal(): void {
    forgetStill(this.cameraId)
    this.canvas.style.display = 'none'
  }

  private drawStill(): void {
    const still = stillOf(this.cameraId)
    if (!still) return
    this.canvas.width = still.canvas.width
    this.canvas.height = still.canvas.height
    this.canvas.getContext('2d')?.drawImage(still.canvas, 0, 0)
    this.canvas.style.display = ''
  }

  private announce(): void {
    // The machine may report while it is being made.
    if (!this.machine) return
    const state = this.read()
    if (sameState(state, this.latest)) return
    this.latest = state
    for (const listener of [...this.listeners]) listener(state)
  }

  private read(): TileState {
    const { machine, cameraId, ladder } = this
    const { shown, phase } = machine
    const { clock } = this.around.attempts.ledger
    const still = phase === 'blocked' && machine.reason === 'not-available' ? undefined : stillOf(cameraId)
    const drawnAt = machine.lastFrameAt
    const lastFrameAt = drawnAt === null ? (still?.at ?? null) : clock.wallNow() - (clock.now() - drawnAt)
    const ageMs = lastFrameAt === null ? null : Math.max(0, clock.wallNow() - lastFrameAt)
    const video = shown?.screen.video
    return {
      cameraId,
      phase,
      picture: shown ? 'video' : still ? 'still' : 'none',
      protocol: shown ? (shown.source?.kind ?? null) : still ? 'still' : null,
      variant: shown?.source?.variant ?? null,
      pictureState: machine.pictureState,
      ageMs,
      lastFrameAt,
      stale: shown ? machine.stale : ageMs !== null && ageMs >= 3000,
      unchanging: shown !== null && machine.unchanging,
      weak: shown !== null && machine.watchdog.weak,
      framesPerSecond: shown ? machine.watchdog.framesPerSecond : null,
      delayMs: shown ? (machine.sample?.delayMs ?? null) : null,
      width: video?.videoWidth || null,
      height: video?.videoHeight || null,
      retryInMs: machine.retryInMs,
      reason: phase === 'no-signal' || phase === 'frozen' ? 'receiver-stopped' : machine.reason,
      unplayable: ladder.unplayable(),
      hasSound: machine.hasSound,
      trying: machine.trying,
    }
  }
}
