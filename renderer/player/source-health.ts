import type { LiveSource } from '../../shared/contract/live.ts'
import { variantNames } from '../../shared/domain/statuses.ts'
import type { VariantName } from '../../shared/domain/statuses.ts'
import type { CameraHealth, PictureState, PlayerClock } from './player-types.ts'

/** How far behind the camera an HLS picture may be until the player tells. */
const ASSUMED_HLS_DELAY_MS = 20_000
/** Frames may be under way for so long when a source is called lost. */
const DOUBT_AFTER_MS = 5000

/**
 * What the desk says of the sources behind a camera's streams. It alone tells a live picture from an old one: Alta goes on
 * sending the last frame of a source that has stopped.
 */
export class SourceHealth {
  /** How far an HLS picture of this camera is behind it. */
  hlsDelayMs = ASSUMED_HLS_DELAY_MS
  private readonly clock: PlayerClock
  private known: CameraHealth
  /** Since when each stream is what it was last said to be; monotonic, for somebody may set the clock of the page. */
  private readonly since = new Map<VariantName, number>()
  /** Since when a stream was last lost, also while HLS still plays what was sent then; by both clocks. */
  private readonly lostSince = new Map<VariantName, { readonly monotonic: number; readonly wall: number }>()
  /** When a stream that was lost first delivered again; monotonic. */
  private readonly returnedAt = new Map<VariantName, number>()
  /** Streams that move although the last word of a server that does not respond any more was that they were lost. */
  private readonly moving = new Set<VariantName>()

  constructor(clock: PlayerClock, known: CameraHealth) {
    this.clock = clock
    this.known = known
    this.note()
  }

  /** Takes in what the desk says now; returns the streams that were lost and deliver again. */
  set(known: CameraHealth): VariantName[] {
    const lostBefore = variantNames.filter((name) => this.isLost(name))
    this.known = known
    this.note()
    return lostBefore.filter((name) => !this.isLost(name))
  }

  isLost(variant: VariantName): boolean {
    return this.known[variant]?.state === 'lost' && !this.moving.has(variant)
  }

  /** True where the camera has no stream that may be live. */
  get allLost(): boolean {
    const told = variantNames.filter((name) => this.known[name])
    return told.length > 0 && told.every((name) => this.isLost(name))
  }

  /**
   * What is known of the picture of a source. HLS goes on playing what was sent before its source returned, so a picture
   * counts as live only from the moment at which the desk saw the source deliver. `marginMs`: by so much it may lag more.
   */
  pictureOf({ kind, variant }: Pick<LiveSource, 'kind' | 'variant'>, marginMs = 0): PictureState {
    const told = this.known[variant]
    if (told?.state === 'lost' && this.moving.has(variant)) return 'unknown'
    if (told?.state !== 'live') return told?.state ?? 'unknown'
    if (kind === 'whep') return 'live'
    const takenAt = this.clock.now() - this.hlsDelayMs - marginMs
    if (takenAt >= (this.since.get(variant) ?? Infinity)) return 'live'
    return takenAt < (this.returnedAt.get(variant) ?? -Infinity) ? 'lost' : 'unknown'
  }

  /** The monotonic time after which no frame of a lost stream was new; null where it was not lost. */
  lostAt(variant: VariantName): number | null {
    const since = this.lostSince.get(variant)
    if (!since) return null
    // By the clock that says more: one may be set back, the other stands still while the machine sleeps.
    const now = this.clock.now()
    return now - Math.max(now - since.monotonic, this.clock.wallNow() - since.wall)
  }

  /**
   * Whether movement in the picture of this source would show that the source is back: it was called lost, and what was sent
   * before that has been played.
   */
  wouldShowReturn({ kind, variant }: Pick<LiveSource, 'kind' | 'variant'>): boolean {
    const told = this.known[variant]
    const lostAt = this.lostAt(variant)
    if (told?.state !== 'lost' || lostAt === null) return false
    const playedMs = DOUBT_AFTER_MS + (kind === 'hls' ? this.hlsDelayMs : 0)
    return !this.moving.has(variant) && this.clock.now() - lostAt > playedMs
  }

  /** Whether the report that this stream is lost is the last one before its server stopped responding. */
  isReportOld(variant: VariantName): boolean {
    return this.known[variant]?.isCurrent === false
  }

  /** The picture moves: nothing is known of this stream until its server responds again. */
  noteMoving(variant: VariantName): void {
    this.moving.add(variant)
  }

  private note(): void {
    const wallAheadMs = this.clock.wallNow() - this.clock.now()
    for (const name of variantNames) {
      const told = this.known[name]
      if (told?.state !== 'lost' || told.isCurrent !== false) this.moving.delete(name)
      if (!told) continue
      const since = told.sinceAt - wallAheadMs
      this.since.set(name, since)
      if (told.state === 'lost') {
        this.lostSince.set(name, { monotonic: since, wall: told.sinceAt })
        this.returnedAt.delete(name)
      } else if (told.state === 'live' && this.lostSince.has(name) && !this.returnedAt.has(name))
        this.returnedAt.set(name, since)
    }
  }
}
