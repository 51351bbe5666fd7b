import type { LiveSource } from '../../shared/contract/live.ts'
import type { PlayableCodecs } from './codecs.ts'
import type { AttemptFailure } from './failures.ts'
import type { TileReason, TileSize, UnplayableSource } from './player-types.ts'

type Rung = Pick<LiveSource, 'kind' | 'variant'>

const VERDICT_MS = 10 * 60_000
/** A first silence may be chance: it is held against a source for a short time only, then longer. */
const SOFT_VERDICT_MS = [30_000, 120_000, VERDICT_MS]
/** A 404 or 405 of a WHEP that never played here: probably there is none, yet a camera may only just be starting. */
const ABSENT_MS = [15_000, 60_000, VERDICT_MS]
/** The same of one that has played: the camera or its server is starting again, so it is never left alone for long. */
const ABSENT_AFTER_PLAY_MS = [15_000, 30_000, 60_000]
/** A server that names a moment is not asked before; nor more often than this, whatever it names. */
const LEAST_RETRY_MS = 5000

/** Failures that say something about a source for certain: no second try of it before the verdict expires. */
const certain: ReadonlySet<TileReason> = new Set<TileReason>([
  'server-refused',
  'decoder-error',
  'codec-not-playable',
])

/** How many failures in a row it takes to step down where the source may be fine. */
const tolerance: Partial<Record<TileReason, number>> = {
  'server-busy': 3,
  'connection-lost': 2,
  // Neither says anything about one source more than about the next.
  'not-live-yet': Infinity,
  'server-unreachable': Infinity,
  'desk-unreachable': Infinity,
  'ticket-refused': Infinity,
}

interface Verdict {
  until: number
  soft: number
  failures: number
  played: boolean
}

/** What is known of a camera's WHEP as a whole. */
interface Absence {
  /** A frame came by WHEP since the camera was configured as it is. */
  played: boolean
  /** How often in a row it was absent without naming a time. */
  count: number
  until: number
}

function key({ kind, variant }: Rung): string {
  return `${kind} ${variant}`
}

/** The sources for a tile of this size, best first: WHEP before HLS, the fitting variant before the other. */
export function orderSources<S extends Rung>(sources: readonly S[], size: TileSize): S[] {
  const wanted = size === 'large' ? 'main' : 'sub'
  const rank = ({ kind, variant }: S): number => (kind === 'whep' ? 0 : 2) + (variant === wanted ? 0 : 1)
  return [...sources].sort((left, right) => rank(left) - rank(right))
}

/** Which of a camera's sources to play next, by what was seen of them. */
export class Ladder {
  private readonly codecs: PlayableCodecs
  private readonly now: () => number
  private readonly isLost: (variant: LiveSource['variant']) => boolean
  private readonly verdicts = new Map<string, Verdict>()
  private absence: Absence = { played: false, count: 0, until: 0 }
  /** The codec that was last told of each source; null where none was. */
  private told = new Map<string, string | null>()
  private sources: LiveSource[] = []

  /** `isLost`: whether the server says that the source behind a variant has stopped. */
  constructor(
    codecs: PlayableCodecs,
    now: () => number,
    isLost: (variant: LiveSource['variant']) => boolean = () => false,
  ) {
    this.codecs = codecs
    this.now = now
    this.isLost = isLost
  }

  /** Takes a fresh answer of the desk. When the camera was configured anew, all verdicts go. */
  learn(sources: LiveSource[]): void {
    const told = new Map(
      sources.map((source) => {
        const name = `${source.serverId} ${key(source)}`
        // Of a camera that is away no codec is told: it is still the same.
        return [name, source.codec ?? this.told.get(name) ?? null]
      }),
    )
    const before = this.told
    const isKnown = ([name, codec]: [string, string | null]): boolean =>
      before.has(name) && (before.get(name) ?? codec) === codec
    if (told.size !== before.size || ![...told].every(isKnown)) {
      this.forget()
      this.absence.played = false
    }
    this.told = told
    this.sources = sources
  }

  get known(): readonly LiveSource[] {
    return this.sources
  }

  get serverId(): string | null {
    return this.sources[0]?.serverId ?? null
  }

  /** The desk knows that the server's `allow_origin` lacks this page; false also where it does not know. */
  get pageRefused(): boolean {
    return this.sources[0]?.pageAllowed === false
  }

  unplayable(): UnplayableSource[] {
    return this.sources.flatMap((source) => {
      const { kind, variant, codec } = source
      return codec !== null && !this.codecs.plays(source) ? [{ kind, variant, codec }] : []
    })
  }

  /** What this browser can play of the camera, best first for this size, whatever was seen of it; lost variants last. */
  playable(size: TileSize): LiveSource[] {
    const sources = orderSources(
      this.sources.filter((source) => this.codecs.plays(source)),
      size,
    )
    const lost = sources.filter(({ variant }) => this.isLost(variant))
    return [...sources.filter(({ variant }) => !this.isLost(variant)), ...lost]
  }

  /** The best source that nothing speaks against; null when all have failed lately. */
  best(size: TileSize): LiveSource | null {
    return this.playable(size).find((source) => this.isFree(source)) ?? null
  }

  private isFree(rung: Rung): boolean {
    const now = this.now()
    if (rung.kind === 'whep' && this.absence.until > now) return false
    return (this.verdicts.get(key(rung))?.until ?? 0) <= now
  }

  /** The best source that is better than the one that plays. */
  better(than: Rung, size: TileSize): LiveSource | null {
    const best = this.best(size)
    if (!best) return null
    const order = this.playable(size).map(key)
    return order.indexOf(key(best)) < order.indexOf(key(than)) ? best : null
  }

  /** True where the source is not the first choice for this size. */
  isLesser(rung: Rung, size: TileSize): boolean {
    const first = this.playable(size)[0]
    return first !== undefined && key(first) !== key(rung)
  }

  /** A frame of this source was drawn. */
  played(rung: Rung): void {
    this.verdicts.set(key(rung), { until: 0, soft: 0, failures: 0, played: true })
    if (rung.kind === 'whep') this.absence = { played: true, count: 0, until: 0 }
  }

  failed(rung: Rung, { reason, retryAfterMs }: AttemptFailure): void {
    if (reason === 'whep-absent') this.noteAbsence(retryAfterMs)
    else if (rung.kind === 'whep' && reason === 'no-connection') {
      // Every WHEP source of the camera shares the way.
      const whep = this.sources.filter(({ kind }) => kind === 'whep')
      for (const source of whep) this.judge(source, reason)
    } else {
      this.judge(rung, reason)
    }
  }

  /** WHEP is not there now; when to ask again. A time that the server names counts for nothing more than itself. */
  private noteAbsence(retryAfterMs: number | undefined): void {
    const { absence } = this
    const pauses = absence.played ? ABSENT_AFTER_PLAY_MS : ABSENT_MS
    const pause = pauses[Math.min(absence.count, pauses.length - 1)] ?? VERDICT_MS
    if (retryAfterMs === undefined) absence.count += 1
    absence.until = this.now() + (retryAfterMs === undefined ? pause : Math.max(retryAfterMs, LEAST_RETRY_MS))
  }

  private judge(rung: Rung, reason: TileReason): void {
    const verdict = this.verdicts.get(key(rung)) ?? { until: 0, soft: 0, failures: 0, played: false }
    this.verdicts.set(key(rung), verdict)
    verdict.failures += 1
    if (certain.has(reason)) {
      verdict.until = this.now() + VERDICT_MS
      return
    }
    // A source that has played before is tried once more before it is left.
    const needed = tolerance[reason] ?? (verdict.played ? 2 : 1)
    if (verdict.failures < needed) return
    const pause = SOFT_VERDICT_MS[Math.min(verdict.soft, SOFT_VERDICT_MS.length - 1)] ?? VERDICT_MS
    verdict.soft += 1
    verdict.failures = 0
    verdict.until = this.now() + pause
  }

  /** Nothing is left to try: lets everything be tried again except what is certain to fail, and a WHEP that is not there. */
  pardon(): void {
    const horizon = this.now() + VERDICT_MS / 2
    for (const verdict of this.verdicts.values())
      if (verdict.soft > 0 || verdict.until < horizon) verdict.until = 0
  }

  /** The source behind a variant delivers again: what failed meanwhile says nothing about the way of playing it. */
  recovered(variant: LiveSource['variant']): void {
    for (const source of this.sources) {
      const verdict = this.verdicts.get(key(source))
      const isCertain = verdict !== undefined && verdict.soft === 0 && verdict.until > this.now()
      if (source.variant === variant && !isCertain) this.verdicts.delete(key(source))
    }
  }

  /** Nothing is held against any source any more; that WHEP has played here stays known. */
  forget(): void {
    this.verdicts.clear()
    this.absence = { ...this.absence, count: 0, until: 0 }
  }
}
