import type { LiveSource } from '../../shared/contract/live.ts'
import type { Attempt, AttemptRequest } from './attempt-contract.ts'
import { Backoff } from './backoff.ts'
import type { AttemptFailure } from './failures.ts'
import type { Scope } from './ledger.ts'
import type { MachineSurroundings } from './machine-surroundings.ts'
import { Mender } from './mender.ts'
import { MovementWitness } from './movement-witness.ts'
import { PictureWitness } from './picture-witness.ts'
import type { CameraHealth, PictureState, TilePhase, TileReason, TileSize } from './player-types.ts'
import type { MediaSample } from './session.ts'
import { SoundChoice } from './sound-choice.ts'
import { Waiting } from './waiting.ts'
import type { Finding } from './watchdog.ts'
import { staleAfterMs, Watchdog } from './watchdog.ts'

const HIDDEN_GRACE_MS = 5000
const HEALTHY_MS = 30_000
const BLOCKED_RETRY_MS = 30_000
const NOT_PLAYABLE_RETRY_MS = 10 * 60_000
/** A source whose receiver Alta reports as stopped is not asked for more often. */
const NO_SIGNAL_RETRY_MS = 10_000
/** A tile that was made small plays on for a while: people go large and back. */
const SHRINK_DELAY_MS = 3000
/** A picture that returns with its source draws again within this time, or is opened anew. */
const RESUME_MS = 700
/** A hidden page draws nothing: its pictures have so long to move again before they are called old. */
const SEEN_AGAIN_MS = 1500
/** The least pause between two tries behind a good picture. */
const CLIMB_MS = 5000
/** A new session may lag more than the one before; what it shows first must be live already. */
const CLIMB_MARGIN_MS = 3000
const WHEP_QUIET_MS = 900
const HLS_QUIET_MS = 15_000

interface Trial<A extends Attempt> {
  attempt: A
  connected: boolean
  sound: boolean
}

/**
 * Decides what one tile plays: at most one attempt that is shown and one that is tried behind it. It knows no DOM. That something
 * plays is proved by a drawn frame; that it is live, by what the server says of its source.
 */
export class TileMachine<A extends Attempt> {
  shown: A | null = null
  reason: TileReason | null = null
  hasSound = false
  watchdog = new Watchdog(WHEP_QUIET_MS)
  sample: MediaSample | null = null
  private readonly witness = new PictureWitness()
  private readonly movement = new MovementWitness()
  private readonly around: MachineSurroundings<A>
  private readonly scope: Scope
  private readonly backoff: Backoff
  private readonly climbBackoff: Backoff
  private trial: Trial<A> | null = null
  private size: TileSize
  private stopped = true
  private ended = false
  private visible: boolean
  private verdict: 'blocked' | 'not-playable' | null = null
  private denied = false
  private readonly mender: Mender<A>
  private replacing = false
  private shownAt = 0
  /** When a picture that was well was last seen again. */
  private seenAt = -Infinity
  private climbAt = 0
  private gopMs: number | null = null
  private readonly waiting: Waiting
  private readonly soundChoice = new SoundChoice()
  private cancelGrace: (() => void) | null = null

  constructor(around: MachineSurroundings<A>, start: { size: TileSize; visible: boolean }) {
    this.around = around
    this.scope = around.ledger.scope()
    this.backoff = new Backoff(around.ledger.clock)
    this.climbBackoff = new Backoff(around.ledger.clock)
    this.waiting = new Waiting(this.scope)
    this.mender = new Mender(this.scope, {
      repair: (attempt) => attempt.repair(),
      replace: (attempt, reason) => this.replace(attempt, reason),
      changed: around.changed,
    })
    this.size = start.size
    this.visible = start.visible
    if (start.visible) {
      this.stopped = false
      this.begin()
    }
  }

  private get now(): number {
    return this.scope.clock.now()
  }

  get phase(): TilePhase {
    if (this.ended) return 'closed'
    if (this.stopped) return 'hidden'
    if (this.verdict) return this.verdict
    if (this.shown) return this.shownPhase(this.shown)
    if (this.around.health.allLost) return 'no-signal'
    if (this.trial) return this.trial.connected ? 'first-frame-wait' : 'connecting'
    return this.waiting.active ? 'retry-wait' : 'idle'
  }

  get trying(): boolean {
    return this.shown !== null && this.trial !== null
  }

  /** Milliseconds until the next planned try. */
  get retryInMs(): number | null {
    return this.waiting.remainingMs
  }

  /** Whether the shown picture is live. */
  get pictureState(): PictureState {
    const source = this.shown?.source
    return source ? this.around.health.pictureOf(source) : 'unknown'
  }

  /** When the last frame that means something was drawn; repeated pictures of a stopped receiver do not count. */
  get lastFrameAt(): number | null {
    const at = this.shown?.screen.lastAt ?? null
    const source = this.shown?.source
    if (at === null || !source || this.pictureState !== 'lost') return at
    return Math.min(at, this.around.health.lostAt(source.variant) ?? at)
  }

  get stale(): boolean {
    if (this.pictureState === 'lost') return true
    if (this.now - this.seenAt < SEEN_AGAIN_MS) return false
    const at = this.lastFrameAt
    return at !== null && this.now - at >= staleAfterMs(this.shown?.screen.intervalMs ?? 0)
  }

  /** Nothing in the picture has changed for 15 s, and no server says whether its source lives. */
  get unchanging(): boolean {
    return this.witness.unchanging && this.pictureState === 'unknown'
  }

  /** What is played for: the size on screen, or the large picture of which the sound is wanted. */
  private get aim(): TileSize {
    return this.soundChoice.wantsMain ? 'large' : this.size
  }

  private get shownIsLost(): boolean {
    const source = this.shown?.source
    return source ? this.around.health.isLost(source.variant) : false
  }

  private shownPhase({ source }: A): TilePhase {
    if (this.pictureState === 'lost') return 'frozen'
    if (this.mender.troubled || this.replacing) return 'stalled'
    const lesser = source !== null && this.reason !== null && this.around.ladder.isLesser(source, this.size)
    return lesser ? 'fallback' : 'playing'
  }

  setSize(size: TileSize): void {
    if (size === this.size || this.ended) return
    this.size = size
    this.climbAt = this.now + (size === 'small' ? SHRINK_DELAY_MS : 0)
    // What was chosen for the other size is not wanted any more.
    if (this.shown && !this.replacing) this.dropTrial()
    if (size === 'large') this.climb()
    this.around.changed()
  }

  /** Somebody listens to this tile, or no longer: a silent sub stream gives way to the main stream meanwhile. */
  listen(on: boolean): void {
    const borrowed = this.soundChoice.wantsMain
    this.soundChoice.listen(on)
    if (borrowed) this.climbAt = this.now + SHRINK_DELAY_MS
  }

  /** `atOnce` skips the grace, when the page itself ends. */
  setVisible(visible: boolean, atOnce = false): void {
    if (this.ended) return
    if (visible === this.visible && !atOnce) return
    if (visible && !this.visible && !this.mender.troubled && !this.replacing) this.seenAt = this.now
    this.visible = visible
    this.cancelGrace?.()
    this.cancelGrace = null
    this.watchdog.rest()
    this.witness.rest()
    this.movement.rest()
    if (visible && this.stopped) {
      this.stopped = false
      this.begin()
    } else if (!visible && atOnce) this.stop()
    else if (!visible && !this.stopped)
      this.cancelGrace = this.scope.after(HIDDEN_GRACE_MS, () => this.stop())
    this.around.changed()
  }

  /** What the desk says of the camera's streams has changed. */
  setHealth(health: CameraHealth): void {
    if (this.ended) return
    const wasLost = this.shownIsLost
    const recovered = this.around.health.set(health)
    for (const variant of recovered) this.around.ladder.recovered(variant)
    const tried = this.trial?.attempt.source
    // What is being tried is lost itself, and another stream is not.
    if (tried && this.around.health.isLost(tried.variant) && !this.around.health.allLost) this.tryAnother()
    if (recovered.length > 0) this.backoff.reset()
    if (!this.shown) this.beginAnew(recovered.length > 0)
    else if (this.shownIsLost) this.leaveLost(wasLost)
    else if (wasLost) this.resumeShown(this.shown)
    // A source that comes and goes does not drag the tile along with each turn.
    else if (recovered.length > 0) this.climbAt = Math.max(this.climbAt, this.now + CLIMB_MS)
    this.around.changed()
  }

  /** Drops what is being tried; a picture that has stopped still needs another in its place. */
  private tryAnother(): void {
    this.dropTrial()
    if (this.shown && this.replacing) this.begin()
  }

  /** Nothing is shown: what is planned for later is done now where a source has returned. */
  private beginAnew(returned: boolean): void {
    if (!this.trial && (returned || !this.waiting.active) && !this.verdict) this.begin()
  }

  /** The shown picture is old: there is nothing to mend, only another stream to try. */
  private leaveLost(wasLost: boolean): void {
    this.stopMending()
    if (!wasLost) {
      this.climbBackoff.reset()
      this.climbAt = this.now
    }
    this.climb()
  }

  /** The source of the shown picture delivers again: a session that does not is replaced at once. */
  private resumeShown(shown: A): void {
    this.watchdog.rest()
    const { lastAt, intervalMs } = shown.screen
    if (lastAt !== null && this.now - lastAt < Math.max(RESUME_MS, 2.5 * intervalMs)) return
    this.replacing = true
    this.dropTrial()
    this.begin()
  }

  /** Forgets what was held against the camera's sources and tries at once. */
  retry(): void {
    if (this.ended) return
    this.around.ladder.forget()
    this.backoff.reset()
    this.climbBackoff.reset()
    this.denied = false
    this.verdict = null
    this.climbAt = 0
    if (this.stopped) return
    if (this.shown && !this.mender.troubled && !this.replacing) return this.climb()
    // A trial that is about to draw is left alone; one that is stuck at a dead server is not.
    if (this.trial && !this.trial.connected) this.dropTrial()
    if (!this.trial) this.begin()
    this.around.changed()
  }

  /** Once a second while the page is visible. */
  async tick(): Promise<void> {
    const { shown } = this
    if (!shown || this.ended || !this.visible) return
    const sample = await shown.sample()
    if (shown !== this.shown || this.ended) return
    this.sample = sample
    if (sample?.delayMs) this.around.health.hlsDelayMs = sample.delayMs
    const { count, lastAt, intervalMs } = shown.screen
    const finding = this.watchdog.look({ now: this.now, frames: { count, lastAt, intervalMs }, sample })
    this.gopMs = this.watchdog.gopMs ?? this.gopMs
    // The server says why nothing comes: there is nothing to mend.
    if (!this.shownIsLost) await this.act(shown, finding)
    if (shown === this.shown && !this.mender.troubled && !this.replacing) {
      this.chooseSound(shown)
      this.climb()
    }
    const sameSizeMs = sample?.sameSizeMs ?? null
    await this.witness.look({ now: this.now, sameSizeMs, readStrips: () => shown.readStrips() })
    await this.watchForReturn(shown)
    this.around.changed()
  }

  /**
   * The picture of a lost source may show that it is back. While its server responds, the server's report decides; the picture
   * is watched all the same, so that a server which stops responding at that moment does not cost the seconds of watching.
   */
  private async watchForReturn(shown: A): Promise<void> {
    const { health } = this.around
    const { source } = shown
    if (!source || !health.wouldShowReturn(source)) return this.movement.rest()
    const moves = await this.movement.look(this.now, () => shown.readStrips())
    if (moves && shown === this.shown && health.isReportOld(source.variant)) health.noteMoving(source.variant)
  }

  private chooseSound({ source }: A): void {
    const { hasSound, now, shownAt } = this
    if (source) this.soundChoice.look({ variant: source.variant, hasSound, forMs: now - shownAt })
  }

  close(): void {
    if (this.ended) return
    this.ended = true
    this.halt()
    this.scope.dispose()
    this.around.changed()
  }

  private async act(shown: A, finding: Finding): Promise<void> {
    if (finding === 'fine') this.recover()
    else if (this.replacing) this.mender.troubled = true
    else await this.mender.act(shown, finding)
  }

  /** Frames come again by themselves, or the repair worked: what was tried instead is dropped. */
  private recover(): void {
    if (this.replacing) {
      this.dropTrial()
      const { source } = this.shown ?? {}
      if (source && !this.around.ladder.isLesser(source, this.aim)) this.reason = null
    }
    this.verdict = null
    this.stopMending()
    if (this.now - this.shownAt >= HEALTHY_MS) this.backoff.reset()
  }

  private stopMending(): void {
    this.replacing = false
    this.mender.rest()
    if (this.shown) this.waiting.stop()
  }

  /** Gets a new session while the frozen picture stays. */
  private replace(shown: A, reason: TileReason): void {
    if (this.replacing || shown !== this.shown) return
    this.replacing = true
    this.reason = reason
    if (shown.source) this.around.ladder.failed(shown.source, { reason })
    this.dropTrial()
    this.begin()
  }

  /** A better source than the shown one may be had: tries it behind the picture. */
  private climb(): void {
    const { shown } = this
    if (!shown?.source || this.trial || this.waiting.active || this.stopped || this.now < this.climbAt) return
    const { ladder, health } = this.around
    const better = ladder.better(shown.source, this.aim)
    if (!better) return
    // From a live picture only to one that is live as well; from a lost one to any that is not lost.
    const isLost = this.shownIsLost
      ? health.isLost(better.variant)
      : health.pictureOf(better, CLIMB_MARGIN_MS) === 'lost'
    if (!isLost) this.begin()
  }

  private begin(): void {
    this.waiting.stop()
    const { ladder, gateOf, cameraId } = this.around
    if (this.ended || this.stopped || this.trial) return
    const gate = ladder.serverId === null ? null : gateOf(ladder.serverId)
    if (gate?.down) {
      if (!this.shown || this.replacing)
        this.reason = gate.refusesPage && ladder.pageRefused ? 'page-refused' : 'server-unreachable'
      this.waiting.server(gate, () => this.begin())
      return this.around.changed()
    }
    const request: AttemptRequest = {
      cameraId,
      expects: ladder.best(this.aim) ?? ladder.playable(this.aim)[0] ?? null,
      gopMs: this.gopMs,
      choose: (sources) => this.choose(sources),
    }
    const trial: Trial<A> = {
      connected: false,
      sound: false,
      attempt: this.around.attempt(request, {
        connected: () => {
          trial.connected = true
          this.around.changed()
        },
        sound: () => {
          trial.sound = true
          if (trial.attempt === this.shown) this.hasSound = true
        },
        firstFrame: () => this.onFirstFrame(trial),
        failed: (failure) => this.onFailure(trial, failure),
      }),
    }
    this.trial = trial
    trial.attempt.start()
    this.around.changed()
  }

  private choose(sources: LiveSource[]): LiveSource | AttemptFailure {
    const { ladder } = this.around
    if (sources.length === 0) return { reason: 'not-available' }
    ladder.learn(sources)
    if (ladder.playable(this.size).length === 0) return { reason: 'codec-not-playable' }
    if (this.shown?.source && !this.replacing) {
      return ladder.better(this.shown.source, this.aim) ?? { reason: 'no-data', needless: true }
    }
    const best = ladder.best(this.aim)
    if (best) return best
    // Everything has failed lately; a tile without a picture goes round again.
    ladder.pardon()
    return ladder.best(this.aim) ?? ladder.playable(this.aim).at(-1) ?? { reason: 'codec-not-playable' }
  }

  private onFirstFrame(trial: Trial<A>): void {
    if (trial !== this.trial) return
    const { attempt } = trial
    const { source } = attempt
    const before = this.shown
    this.trial = null
    this.stopMending()
    this.waiting.stop()
    this.shown = attempt
    this.shownAt = this.now
    this.hasSound = trial.sound
    this.verdict = null
    this.denied = false
    this.sample = null
    this.witness.rest()
    this.movement.rest()
    this.climbBackoff.reset()
    this.climbAt = Math.max(this.climbAt, this.now)
    this.watchdog = new Watchdog(source?.kind === 'hls' ? HLS_QUIET_MS : WHEP_QUIET_MS)
    if (source) this.around.ladder.played(source)
    if (!source || !this.around.ladder.isLesser(source, this.aim)) this.reason = null
    this.around.show(attempt)
    before?.close()
    this.around.changed()
  }

  private onFailure(trial: Trial<A>, failure: AttemptFailure): void {
    if (trial.attempt === this.shown) return this.onLost(trial.attempt, failure)
    if (trial !== this.trial) return
    const { source } = trial.attempt
    this.dropTrial()
    if (failure.needless) return this.around.changed()
    if (failure.again) return this.begin()
    if (failure.reason === 'ticket-refused' && !this.denied) {
      // The ticket may have grown old in the queue: one fresh one.
      this.denied = true
      return this.begin()
    }
    if (this.shown && !this.replacing) this.onClimbFailed(source, failure)
    else this.onTrialFailed(source, failure)
    this.around.changed()
  }

  private onClimbFailed(source: LiveSource | null, failure: AttemptFailure): void {
    if (source) this.around.ladder.failed(source, failure)
    this.reason = failure.reason
    this.climbAt = this.now + CLIMB_MS + this.climbBackoff.next(failure.retryAfterMs)
  }

  private onTrialFailed(source: LiveSource | null, failure: AttemptFailure): void {
    const { reason } = failure
    this.reason = reason
    if (reason === 'not-available' || reason === 'ticket-refused') return this.block(reason)
    if (reason === 'codec-not-playable' && source === null) {
      this.verdict = 'not-playable'
      return this.plan(NOT_PLAYABLE_RETRY_MS)
    }
    const { ladder, gateOf } = this.around
    if (source) ladder.failed(source, failure)
    // Waits there for the server's return.
    if (source && gateOf(source.serverId).down) return this.begin()
    const next = ladder.best(this.aim)
    const stepsDown = source !== null && next !== null && !this.same(next, source)
    const pause = stepsDown ? 0 : this.backoff.next(failure.retryAfterMs)
    this.plan(this.around.health.allLost ? Math.max(pause, NO_SIGNAL_RETRY_MS) : pause)
  }

  private same(left: LiveSource, right: LiveSource): boolean {
    return left.kind === right.kind && left.variant === right.variant
  }

  private block(reason: TileReason): void {
    this.verdict = 'blocked'
    this.denied = false
    if (reason === 'not-available') {
      this.dropShown()
      this.around.conceal()
    }
    this.plan(BLOCKED_RETRY_MS)
  }

  /** The playing source broke. */
  private onLost(attempt: A, failure: AttemptFailure): void {
    // A source that was given up before says nothing new: what was found since (the server is away) is newer.
    if (!this.replacing) {
      this.reason = failure.reason
      if (attempt.source) this.around.ladder.failed(attempt.source, failure)
    }
    if (this.now - this.shownAt >= HEALTHY_MS) this.backoff.reset()
    this.dropShown()
    this.stopMending()
    if (!this.trial && !this.waiting.active) this.begin()
    this.around.changed()
  }

  private plan(delayMs: number): void {
    this.waiting.plan(delayMs, () => this.begin())
  }

  private dropTrial(): void {
    const trial = this.trial
    this.trial = null
    trial?.attempt.close()
  }

  private dropShown(): void {
    const { shown } = this
    if (!shown) return
    this.around.leave(shown)
    this.shown = null
    this.sample = null
    this.hasSound = false
    shown.close()
  }

  private halt(): void {
    this.stopMending()
    this.waiting.stop()
    this.dropTrial()
    this.dropShown()
  }

  /** Nobody has looked for a while, or the page goes. */
  private stop(): void {
    this.cancelGrace = null
    this.stopped = true
    this.halt()
    this.around.changed()
  }
}
