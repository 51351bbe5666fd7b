import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const fileSchema = z.object({ keepRunning: z.boolean(), wasTold: z.boolean() })
const standard = { keepRunning: true, wasTold: false }

/** What becomes of an application whose last window was closed. */
export type WithoutWindows = 'quit' | 'stay' | 'stay and say so'

/**
 * Decides that: a desk goes on for colleagues and alerts only where a person wants it to and can reach it again by its
 * icon, and says so the first time.
 */
export function decideWithoutWindows(known: {
  readonly keepRunning: boolean
  readonly hasTray: boolean
  readonly wasTold: boolean
}): WithoutWindows {
  if (!known.keepRunning || !known.hasTray) return 'quit'
  return known.wasTold ? 'stay' : 'stay and say so'
}

/** Whether this machine's desk goes on without a window, in one small file; a missing or damaged one is like none. */
export class KeepRunning {
  readonly #file: string
  readonly #onFailure: (error: unknown) => void
  #values: z.infer<typeof fileSchema>

  constructor(file: string, onFailure: (error: unknown) => void) {
    this.#file = file
    this.#onFailure = onFailure
    this.#values = this.#read()
  }

  get isWanted(): boolean {
    return this.#values.keepRunning
  }

  get wasTold(): boolean {
    return this.#values.wasTold
  }

  want(keepRunning: boolean): void {
    this.#write({ ...this.#values, keepRunning })
  }

  noteTold(): void {
    this.#write({ ...this.#values, wasTold: true })
  }

  #write(values: z.infer<typeof fileSchema>): void {
    this.#values = values
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(values))
      renameSync(`${this.#file}.new`, this.#file)
    } catch (error) {
      this.#onFailure(error)
    }
  }

  #read(): z.infer<typeof fileSchema> {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!missing) this.#onFailure(error)
      return standard
    }
  }
}
