import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { pause } from '../platform/lifecycle.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'

export interface SittingsOptions {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  /** Cameras that stand on a wall of this person. */
  readonly onWallsOf: (userId: string) => Promise<ReadonlySet<string>>
  /** How long nobody may look before a sitting counts as ended, ms. */
  readonly gapMs?: number
}

/** One person watching one camera. Times are milliseconds since the epoch. */
interface ViewingSession {
  readonly userId: string
  readonly cameraId: string
  /** The audit record of its begin, of which the one of its end is made. */
  readonly begin: AuditRecord
  readonly beganAt: number
  lastSeenAt: number
}

const standardGapMs = 10 * 60_000
/** How often what began and ended is written: many rows at once, none of them on the way of a ticket. */
const writeEveryMs = 1_000
/** How often it is looked who has left; a wall holds a sitting as long as its page is open. */
const lookEveryMs = 30_000
/** Rows in one write, so that nobody waits long behind it. */
const batchRows = 200

/**
 * Records who watches what: `live.viewed` when a person begins to watch a camera and `live.left` when they have stopped,
 * however many tickets they ask for in between. A sitting goes on while tickets are asked for, and while a page of the
 * person is open with the camera on one of their walls. Noting one costs no write: rows are written together.
 */
export class ViewingSessions {
  readonly #options: SittingsOptions
  readonly #viewingSessions = new Map<string, ViewingSession>()
  readonly #openPages = new Map<string, number>()
  readonly #unwritten: AuditRecord[] = []

  constructor(options: SittingsOptions) {
    this.#options = options
    // For as long as there is a bus: a worker that fails in between must not lose count.
    options.bus.subscribe('page.opened', ({ userId }) => this.#countPage(userId, 1))
    options.bus.subscribe('page.closed', ({ userId }) => this.#countPage(userId, -1))
  }

  /** A ticket was made for the caller. */
  note(context: RequestContext, camera: { readonly id: string; readonly name: string }): void {
    const now = this.#options.clock.now()
    const { userId } = signedInCaller(context)
    const key = `${userId} ${camera.id}`
    const known = this.#viewingSessions.get(key)
    if (known) {
      known.lastSeenAt = now
      return
    }
    const begin = auditRecord(context, {
      action: 'live.viewed',
      target: { kind: 'camera', ...camera },
      after: { began: timeText(now) },
    })
    this.#viewingSessions.set(key, { userId, cameraId: camera.id, begin, beganAt: now, lastSeenAt: now })
    this.#unwritten.push(begin)
  }

  /** Writes and looks until `signal` is aborted; then every sitting ends. Throws what the store throws. */
  async run(signal: AbortSignal): Promise<void> {
    for (let sinceLookMs = 0; !signal.aborted; sinceLookMs += writeEveryMs) {
      if (sinceLookMs >= lookEveryMs) {
        await this.look()
        sinceLookMs = 0
      }
      await this.write()
      await pause(writeEveryMs, signal)
    }
    await this.#endAll()
    await this.write()
  }

  /** Ends the sittings that nobody kept up. */
  async look(): Promise<void> {
    const { clock, onWallsOf, gapMs = standardGapMs } = this.#options
    const now = clock.now()
    const walls = new Map<string, ReadonlySet<string>>()
    for (const [key, viewing] of this.#viewingSessions) {
      const { userId, cameraId } = viewing
      if (this.#openPages.has(userId)) {
        const held = walls.get(userId) ?? (await onWallsOf(userId))
        walls.set(userId, held)
        if (held.has(cameraId)) viewing.lastSeenAt = now
      }
      if (now - viewing.lastSeenAt >= gapMs) this.#end(key, viewing)
    }
  }

  /** Writes what has begun and ended since. Throws `StoreUnavailableError`; nothing is lost then. */
  async write(): Promise<void> {
    while (this.#unwritten.length > 0) {
      const batch = this.#unwritten.slice(0, batchRows)
      await this.#options.store.write({ audit: batch }, () => undefined)
      this.#unwritten.splice(0, batch.length)
    }
  }

  #countPage(userId: string, change: 1 | -1): void {
    const count = (this.#openPages.get(userId) ?? 0) + change
    if (count > 0) this.#openPages.set(userId, count)
    else this.#openPages.delete(userId)
  }

  async #endAll(): Promise<void> {
    await this.look()
    for (const [key, viewing] of this.#viewingSessions) this.#end(key, viewing)
  }

  #end(key: string, { begin, beganAt, lastSeenAt }: ViewingSession): void {
    this.#viewingSessions.delete(key)
    const seconds = Math.round((lastSeenAt - beganAt) / 1000)
    const after = { began: timeText(beganAt), ended: timeText(lastSeenAt), seconds }
    this.#unwritten.push({ ...begin, action: 'live.left', after })
  }
}

function timeText(at: number): string {
  return new Date(at).toISOString()
}
