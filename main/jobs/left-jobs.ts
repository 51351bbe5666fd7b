import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import { jobsQueued } from './job-changes.ts'
import type { JobKind } from './job-kinds.ts'
import { ended, queuedAgain } from './lease.ts'
import { endProcess } from './other-process.ts'
import { updateLeased } from './queries.ts'
import type { JobRow } from './queries.ts'

export interface LeftJobsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly kind: (name: string) => JobKind<never> | undefined
}

/**
 * Queues jobs again that a desk which is gone had begun. One on which a process still works waits until that has ended;
 * the others do not wait for it.
 */
export class LeftJobs {
  readonly #options: LeftJobsOptions
  readonly #abort = new AbortController()
  /** Those whose process has not ended yet. */
  readonly #waiting = new Map<string, Promise<void>>()

  constructor(options: LeftJobsOptions) {
    this.#options = options
  }

  /** Takes up what can be taken up at once; resolves when that is written. */
  async takeBack(rows: readonly JobRow[]): Promise<void> {
    const free = rows.filter(({ processId }) => processId === null)
    if (free.length > 0) await this.#queueAgain(free)
    for (const row of rows) {
      const key = row.leaseId ?? row.id
      if (row.processId === null || this.#waiting.has(key)) continue
      const waiting = this.#endFirst(row, row.processId).finally(() => this.#waiting.delete(key))
      this.#waiting.set(key, waiting)
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('The desk is stopping.'))
    await Promise.all(this.#waiting.values())
  }

  /** Never rejects: where it fails the next heartbeat tries again. */
  async #endFirst(row: JobRow, processId: number): Promise<void> {
    try {
      await endProcess(processId, row.processStartedAt, this.#abort.signal)
      await this.#queueAgain([row])
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#options.logger.warn('a job that was left could not be taken up', { job: row.id, error })
    }
  }

  async #queueAgain(rows: readonly JobRow[]): Promise<void> {
    const { store, logger } = this.#options
    const changes = [...new Set(rows.map(({ kind }) => kind))].map(jobsQueued)
    const taken = await store.write({ audit: null, durable: false, changes }, async (tx) => {
      const found: JobRow[] = []
      for (const row of rows)
        if (await updateLeased(tx, row.id, row.leaseId ?? '', this.#after(row))) found.push(row)
      return found
    })
    for (const { id, kind } of taken) logger.info('a job that was left is taken up', { job: id, kind })
  }

  /** A job that takes the desk with it each time must not do so for ever. */
  #after(row: JobRow): Parameters<typeof updateLeased>[3] {
    const { clock, kind } = this.#options
    if (row.cancelRequested) return ended('cancelled', clock.now())
    const isGivenUp = row.attempts >= (kind(row.kind)?.mostAttempts ?? Infinity)
    return isGivenUp ? ended('failed', clock.now(), 'The desk ended while it ran.') : queuedAgain()
  }
}
