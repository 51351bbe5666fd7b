import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const fileSchema = z.array(z.int()).max(100)
const mostRestarts = 3
const periodMs = 10 * 60_000

/**
 * How often the application may start itself anew after a fault: three times in ten minutes, counted over the restarts
 * in a small file. Where nothing can be remembered nothing is restarted, since that might never end.
 */
export class RestartBudget {
  readonly #file: string
  readonly #now: () => number

  /** `now` in milliseconds since the epoch. */
  constructor(file: string, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** Counts one restart; false where it is one too many. */
  take(): boolean {
    const now = this.#now()
    // A time in the future is of a clock that was wrong.
    const recent = this.#read().filter((at) => at <= now && now - at < periodMs)
    if (recent.length >= mostRestarts) return false
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify([...recent, now]))
      renameSync(`${this.#file}.new`, this.#file)
      return true
    } catch (_unwritable) {
      return false
    }
  }

  /** A person decided to start again: the count begins anew. */
  reset(): void {
    rmSync(this.#file, { force: true })
  }

  #read(): number[] {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
    } catch (_missingOrDamaged) {
      return []
    }
  }
}
