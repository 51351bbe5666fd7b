/** Gives the slot back; calling it twice does no harm. */
export type Release = () => void

interface Waiting {
  readonly group: string
  readonly grant: (release: Release) => void
}

/**
 * At most `limit` things at once, of which at most `groupLimit` of one group, so that a server that hangs does not keep the tiles
 * of the others waiting.
 */
export class Bulkhead {
  private readonly limit: number
  private readonly groupLimit: number
  private readonly taken = new Map<string, number>()
  private waiting: Waiting[] = []
  private total = 0
  private highest = 0

  constructor(limit: number, groupLimit: number) {
    this.limit = limit
    this.groupLimit = groupLimit
  }

  get inFlight(): number {
    return this.total
  }

  get highestInFlight(): number {
    return this.highest
  }

  /** Calls `grant` with a release as soon as there is room, at once where there is. Returns how to leave the queue. */
  enter(group: string, grant: (release: Release) => void): () => void {
    const entry: Waiting = { group, grant }
    this.waiting.push(entry)
    this.admit()
    return () => {
      this.waiting = this.waiting.filter((other) => other !== entry)
    }
  }

  private admit(): void {
    while (this.total < this.limit) {
      const index = this.waiting.findIndex(({ group }) => (this.taken.get(group) ?? 0) < this.groupLimit)
      const entry = this.waiting[index]
      if (!entry) return
      this.waiting.splice(index, 1)
      this.change(entry.group, 1)
      entry.grant(this.releaseOf(entry.group))
    }
  }

  private releaseOf(group: string): Release {
    let held = true
    return () => {
      if (!held) return
      held = false
      this.change(group, -1)
      this.admit()
    }
  }

  private change(group: string, by: 1 | -1): void {
    this.total += by
    this.highest = Math.max(this.highest, this.total)
    const count = (this.taken.get(group) ?? 0) + by
    if (count === 0) this.taken.delete(group)
    else this.taken.set(group, count)
  }
}
