import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import { LeaseLostError } from './job-kinds.ts'
import type { JobKind } from './job-kinds.ts'
import type { Lease } from './lease.ts'
import { LeftJobs } from './left-jobs.ts'
import { deleteFinishedBefore, extendLeases, jobsOfOtherLeases } from './queries.ts'

export interface HeartbeatOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly leaseMs: number
  readonly leases: () => readonly Lease[]
  readonly kind: (name: string) => JobKind<never> | undefined
  /** Ends a running job that somebody has cancelled. */
  readonly cancel: (jobId: string) => void
  /** After each beat. */
  readonly onBeat: () => void
}

const keepFinishedMs = 7 * 24 * 3_600_000
/** So many old jobs are forgotten in one write, in which nobody else is served. */
const mostForgotten = 1_000

/** Keeps the leases of this desk, hears of cancellations, and takes up jobs of which nobody keeps the lease. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #left: LeftJobs
  /** Leases of jobs that callers do by themselves. */
  readonly #held = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | null = null

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#left = new LeftJobs(options)
  }

  keep(leaseId: string): void {
    this.#held.add(leaseId)
  }

  forget(leaseId: string): void {
    this.#held.delete(leaseId)
  }

  /** Takes up what an earlier desk left. */
  async start(): Promise<void> {
    const { store, leaseMs } = this.#options
    const mine = this.#leaseIds()
    await this.#left.takeBack(await store.read((db) => jobsOfOtherLeases(db, mine)))
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().finally(() => (this.#beating = null))
    }, leaseMs / 3)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([this.#beating, this.#left.stop()])
  }

  #leaseIds(): string[] {
    return [...this.#options.leases().map(({ id }) => id), ...this.#held]
  }

  async #beat(): Promise<void> {
    const { store, clock, leaseMs, logger } = this.#options
    const leases = this.#options.leases()
    const leaseIds = this.#leaseIds()
    const now = clock.now()
    try {
      const { kept, others } = await store.write({ audit: null, durable: false }, async (tx) => {
        await deleteFinishedBefore(tx, now - keepFinishedMs, mostForgotten)
        return {
          kept: await extendLeases(tx, leaseIds, now + leaseMs),
          others: await jobsOfOtherLeases(tx, leaseIds),
        }
      })
      const holds = new Map(kept.map(({ leaseId, cancelRequested }) => [leaseId, cancelRequested]))
      for (const id of this.#held) if (leaseIds.includes(id) && !holds.has(id)) this.#held.delete(id)
      for (const { id, job, abort, end } of leases) {
        if (holds.get(id)) this.#options.cancel(job.id)
        else if (!holds.has(id) && end === null) abort.abort(new LeaseLostError(job.id))
      }
      await this.#left.takeBack(others.filter(({ leasedUntil }) => (leasedUntil ?? 0) < now))
      this.#options.onBeat()
    } catch (error) {
      logger.warn('the leases of jobs could not be kept', { error })
    }
  }
}
