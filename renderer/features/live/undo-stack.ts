/** How long what was done can be undone, ms. */
export const undoForMs = 10_000

/** Something that was done, and how it is undone. */
export interface Done {
  /** What it changed: a wall, a view. Undoing goes back over everything later that was done to the same. */
  readonly subject: string
  readonly undo: () => void | Promise<void>
}

interface Kept {
  readonly done: Done
  readonly at: number
}

/** What was done of late, the last first to be undone. Times come from `now`, in ms. */
export class UndoStack {
  readonly #now: () => number
  #kept: Kept[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  push(done: Done): void {
    this.#kept = [...this.#recent(), { done, at: this.#now() }]
  }

  /**
   * Takes what was done last, or `wanted` and with it whatever was done to the same subject since; null where that was
   * too long ago. What was taken is not undone twice.
   */
  take(wanted: Done | undefined = this.#recent().at(-1)?.done): Done | null {
    const recent = this.#recent()
    const from = recent.findIndex(({ done }) => done === wanted)
    if (wanted === undefined || from < 0) return null
    this.#kept = recent.filter(({ done }, index) => index < from || done.subject !== wanted.subject)
    return wanted
  }

  clear(): void {
    this.#kept = []
  }

  #recent(): Kept[] {
    const since = this.#now() - undoForMs
    return this.#kept.filter(({ at }) => at > since)
  }
}
