import type { Clock } from '../platform/clock.ts'

/** Pages offer to undo for 10 seconds; a slow network gets some more. */
const keptForMs = 60_000

interface Kept<Row> {
  readonly at: number
  /** When what overwrote it was saved: it is undone only while nothing was saved since. */
  readonly savedAt: number
  readonly before: Row | null
}

/**
 * What was overwritten of late, whole, so that it can be put back: a page knows only the tiles that its person may see.
 * In memory: a desk that is started anew has forgotten it.
 */
export class Overwritten<Row> {
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept<Row>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Remembers what `id` held (null: nothing) before it was saved at `savedAt`. */
  keep(id: string, savedAt: number, before: Row | null): void {
    const now = this.#clock.now()
    for (const [other, { at }] of this.#kept) if (now - at > keptForMs) this.#kept.delete(other)
    this.#kept.set(id, { at: now, savedAt, before })
  }

  /** What `id` held before it was saved at `savedAt`; undefined where that is not known (any more). */
  before(id: string, savedAt: number): Row | null | undefined {
    const kept = this.#kept.get(id)
    if (!kept || kept.savedAt !== savedAt || this.#clock.now() - kept.at > keptForMs) return undefined
    return kept.before
  }

  forget(id: string): void {
    this.#kept.delete(id)
  }
}
