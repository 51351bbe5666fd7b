import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { savedWindowSchema } from './window-placement.ts'
import type { SavedWindow } from './window-placement.ts'

const fileSchema = z.record(z.string(), savedWindowSchema)

/**
 * Remembers where windows were, in one small JSON file. Losing it costs a person one drag of the mouse, so a missing or
 * damaged file is like none, and a failed write is told to `onFailure` and otherwise ignored. (Electron's own
 * windowStatePersistence is experimental and cannot be tested without its runtime.)
 */
export class WindowMemory {
  readonly #file: string
  readonly #onFailure: (error: unknown) => void
  readonly #windows: Record<string, SavedWindow>

  constructor(file: string, onFailure: (error: unknown) => void) {
    this.#file = file
    this.#onFailure = onFailure
    this.#windows = this.#read()
  }

  get(name: string): SavedWindow | null {
    return this.#windows[name] ?? null
  }

  /** Synchronous, since the last one happens while the application ends. */
  set(name: string, saved: SavedWindow): void {
    this.#windows[name] = saved
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(this.#windows))
      renameSync(`${this.#file}.new`, this.#file)
    } catch (error) {
      this.#onFailure(error)
    }
  }

  #read(): Record<string, SavedWindow> {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!missing) this.#onFailure(error)
      return {}
    }
  }
}
