import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Change, ChangeFeed } from '../store/change-feed.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { LeaseLostError } from './job-kinds.ts'
import type { JobKind, JobResult, RunningJob } from './job-kinds.ts'
import { endProcess, startOfProcess } from './other-process.ts'
import {
  cancelRequestsOf,
  deleteFinishedBefore,
  dueJobs,
  extendLeases,
  insertJob,
  jobById,
  jobsOfOtherLeases,
  nextDueAt,
  updateJob,
  updateLeased,
} from './queries.ts'
import type { JobRow } from './queries.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    /** Jobs of this kind were queued. */
    readonly 'jobs.queued': { readonly kind: string }
    readonly 'job.cancel-requested': { readonly id: string }
  }
}

export interface JobQueueOptions {
  readonly store: Store
  readonly feed: ChangeFeed
  readonly clock: Clock
  readonly logger: AreaLogger
  /** How long a lease holds without a heartbeat, ms. */
  readonly leaseMs?: number
}

/** What is to be done. */
export interface NewJob {
  readonly kind: string
  /** Plain data. */
  readonly payload: unknown
  /** More urgent jobs of a kind come first; 0 where left out. */
  readonly priority?: number
  /** Not before this time, ms since the epoch; at once where left out. */
  readonly runAt?: number
}

interface Lease {
  readonly id: string
  readonly job: JobRow
  readonly abort: AbortController
  /** Whether it was somebody's wish that ended it. */
  cancelled: boolean
}

const standardLeaseMs = 30_000
/** A timer of Node holds no longer than this, ms. */
const longestWaitMs = 24 * 3_600_000
const keepFinishedMs = 7 * 24 * 3_600_000
const longestError = 2_000

/** What a write declares that has queued jobs of a kind. */
export function jobsQueued(kind: string): Change {
  return { name: 'jobs.queued', data: { kind } }
}

/** What a write declares that asked for the end of a job (`JobQueue.cancel`). */
export function jobCancelRequested(id: string): Change {
  return { name: 'job.cancel-requested', data: { id } }
}

/**
 * Work that outlives a request: queued in the transaction of what it belongs to, leased, tried again after failures, and
 * taken up by the next desk after a crash. A job runs at least once, and never twice at the same time: a process that a
 * dead desk has left behind is ended before its job is leased again.
 */
export class JobQueue implements Service {
  readonly name = 'jobs'
  readonly #options: JobQueueOptions
  readonly #leaseMs: number
  readonly #kinds = new Map<string, JobKind<never>>()
  readonly #leases = new Map<string, Lease>()
  readonly #running = new Set<Promise<void>>()
  readonly #disposables: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #filling: Promise<void> | null = null
  #isAskedAgain = false
  #stopped = true

  constructor(options: JobQueueOptions) {
    this.#options = options
    this.#leaseMs = options.leaseMs ?? standardLeaseMs
  }

  /** Makes a kind known; before `start`. */
  register<Payload>(kind: JobKind<Payload>): void {
    if (this.#kinds.has(kind.name)) throw new Error(`There are two kinds of jobs named ${kind.name}.`)
    this.#kinds.set(kind.name, kind)
  }

  /** Queues a job in the transaction of what it belongs to, which declares `jobsQueued`. Answers its id. */
  async enqueue(tx: Tx, { kind, payload, priority = 0, runAt }: NewJob): Promise<string> {
    if (!this.#kinds.has(kind)) throw new Error(`There is no kind of jobs named ${kind}.`)
    const now = this.#options.clock.now()
    const id = newId()
    await insertJob(tx, {
      id,
      kind,
      state: 'queued',
      priority,
      payload: JSON.stringify(payload),
      progress: null,
      attempts: 0,
      runAt: runAt ?? now,
      leaseId: null,
      leasedUntil: null,
      processId: null,
      processStartedAt: null,
      cancelRequested: false,
      error: '',
      createdAt: now,
      finishedAt: null,
    })
    return id
  }

  /** Cancels a job that waits, and asks one that runs to end. False where it has ended already, or never was. */
  async cancel(tx: Tx, id: string): Promise<boolean> {
    const job = await jobById(tx, id)
    if (job?.state === 'queued')
      await updateJob(tx, id, { state: 'cancelled', finishedAt: this.#options.clock.now() })
    if (job?.state === 'running') await updateJob(tx, id, { cancelRequested: true })
    return job?.state === 'queued' || job?.state === 'running'
  }

  /** Takes up what an earlier desk left, then whatever is queued. */
  async start(): Promise<void> {
    this.#stopped = false
    const { feed, store, clock } = this.#options
    await this.#takeBack(await store.read((db) => jobsOfOtherLeases(db, [])))
    await store.write({ audit: null, durable: false }, (tx) =>
      deleteFinishedBefore(tx, clock.now() - keepFinishedMs),
    )
    this.#disposables.push(
      feed.on('jobs.queued', ({ data }) => {
        if (this.#kinds.has(data.kind)) this.#fillSoon()
      }),
      feed.on('job.cancel-requested', ({ data }) => this.#cancelNow(data.id)),
    )
    this.#heartbeat = setInterval(() => void this.#beat(), this.#leaseMs / 3)
    this.#fillSoon()
  }

  /** Ends what runs; the next start goes on with it. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    clearInterval(this.#heartbeat)
    for (const dispose of this.#disposables.splice(0)) dispose()
    for (const { abort } of this.#leases.values()) abort.abort(new Error('The desk is stopping.'))
    await this.#filling
    await Promise.all(this.#running)
  }

  #fillSoon(): void {
    if (this.#filling) {
      this.#isAskedAgain = true
      return
    }
    this.#filling = this.#fill().finally(() => {
      this.#filling = null
      if (this.#isAskedAgain && !this.#stopped) {
        this.#isAskedAgain = false
        this.#fillSoon()
      }
    })
  }

  /** Leases as many jobs as there are free places; a failure of the database is tried again later. */
  async #fill(): Promise<void> {
    const { store, clock, logger } = this.#options
    clearTimeout(this.#timer)
    if (this.#stopped) return
    try {
      for (const lease of await this.#leaseDue()) this.#begin(lease)
      const free = [...this.#kinds.values()].filter((kind) => this.#freePlaces(kind) > 0)
      const dueAt = await store.read((db) =>
        nextDueAt(
          db,
          free.map(({ name }) => name),
        ),
      )
      if (dueAt !== null) this.#wakeIn(dueAt - clock.now())
    } catch (error) {
      logger.error('jobs could not be leased', { error })
      this.#wakeIn(this.#leaseMs / 3)
    }
  }

  #wakeIn(ms: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#fillSoon(), Math.min(Math.max(ms, 1), longestWaitMs))
  }

  #freePlaces({ name, concurrency }: JobKind<never>): number {
    const taken = [...this.#leases.values()].filter(({ job }) => job.kind === name).length
    return concurrency - taken
  }

  #leaseDue(): Promise<Lease[]> {
    const { store, clock } = this.#options
    return store.write({ audit: null, durable: false }, async (tx) => {
      const leases: Lease[] = []
      for (const kind of this.#kinds.values()) {
        const free = this.#freePlaces(kind)
        if (free <= 0) continue
        for (const row of await dueJobs(tx, kind.name, clock.now(), free)) {
          const id = newId()
          const changes = {
            state: 'running',
            leaseId: id,
            leasedUntil: clock.now() + this.#leaseMs,
            attempts: row.attempts + 1,
            processId: null,
            processStartedAt: null,
          } as const
          await updateJob(tx, row.id, changes)
          leases.push({ id, job: { ...row, ...changes }, abort: new AbortController(), cancelled: false })
        }
      }
      return leases
    })
  }

  #begin(lease: Lease): void {
    this.#leases.set(lease.job.id, lease)
    const run = this.#run(lease).finally(() => {
      this.#leases.delete(lease.job.id)
      this.#running.delete(run)
      if (!this.#stopped) this.#fillSoon()
    })
    this.#running.add(run)
  }

  /** Never rejects. */
  async #run(lease: Lease): Promise<void> {
    const { job, id } = lease
    const kind = this.#kinds.get(job.kind)
    if (!kind) return
    try {
      const result = await kind.run(this.#jobOf(lease) as RunningJob<never>)
      await this.#finish(lease, result)
    } catch (error) {
      await this.#fail(lease, kind, error).catch((failure: unknown) =>
        this.#options.logger.error('the end of a job could not be written', {
          job: job.id,
          lease: id,
          error: failure,
        }),
      )
    }
  }

  #jobOf({ id: leaseId, job, abort }: Lease): RunningJob<unknown> {
    const change = (changes: Parameters<typeof updateLeased>[3]): Promise<void> =>
      this.#options.store.write({ audit: null, durable: false }, async (tx) => {
        if (!(await updateLeased(tx, job.id, leaseId, changes))) throw new LeaseLostError(job.id)
      })
    return {
      id: job.id,
      payload: JSON.parse(job.payload) as unknown,
      attempt: job.attempts,
      signal: abort.signal,
      temporaryName: (path) => `${path}.${leaseId}.tmp`,
      progress: (value) => change({ progress: JSON.stringify(value) }),
      workedOnBy: ({ pid }) => change({ processId: pid, processStartedAt: startOfProcess(pid) }),
    }
  }

  async #finish(lease: Lease, result: JobResult | undefined): Promise<void> {
    const { store, clock } = this.#options
    const { job, id } = lease
    const end = {
      state: 'done',
      leaseId: null,
      leasedUntil: null,
      error: '',
      finishedAt: clock.now(),
    } as const
    await store.write({ audit: null, changes: (changes: readonly Change[]) => changes }, async (tx) => {
      if (!(await updateLeased(tx, job.id, id, end))) throw new LeaseLostError(job.id)
      return (await result?.finish(tx)) ?? []
    })
  }

  /** Queues it again, later each time, or gives it up. A desk that stops takes nothing from its attempts. */
  async #fail(lease: Lease, kind: JobKind<never>, error: unknown): Promise<void> {
    const { store, clock, logger } = this.#options
    const { job, id, cancelled } = lease
    if (error instanceof LeaseLostError) return
    const isStopping = this.#stopped && lease.abort.signal.aborted
    const text = String(error instanceof Error ? error.message : error).slice(0, longestError)
    const isOver = cancelled || (!isStopping && job.attempts >= kind.mostAttempts)
    const now = clock.now()
    const left = { leaseId: null, leasedUntil: null, processId: null, processStartedAt: null }
    await store.write({ audit: null }, (tx) =>
      updateLeased(tx, job.id, id, {
        ...left,
        state: cancelled ? 'cancelled' : isOver ? 'failed' : 'queued',
        attempts: isStopping ? job.attempts - 1 : job.attempts,
        runAt: isStopping ? job.runAt : now + kind.backoffMs(job.attempts),
        error: cancelled || isStopping ? '' : text,
        finishedAt: isOver ? now : null,
      }),
    )
    if (cancelled || isStopping) return
    logger[isOver ? 'error' : 'warn'](isOver ? 'a job was given up' : 'a job failed and is tried again', {
      job: job.id,
      kind: job.kind,
      attempt: job.attempts,
      error,
    })
  }

  #cancelNow(id: string): void {
    const lease = this.#leases.get(id)
    if (!lease) return
    lease.cancelled = true
    lease.abort.abort(new Error('The job was cancelled.'))
  }

  /** Keeps the leases, hears of cancellations that were asked of another desk, and takes up what nobody keeps. */
  async #beat(): Promise<void> {
    const { store, clock, logger } = this.#options
    const leaseIds = [...this.#leases.values()].map(({ id }) => id)
    try {
      const { cancelled, others } = await store.write({ audit: null, durable: false }, async (tx) => {
        await extendLeases(tx, leaseIds, clock.now() + this.#leaseMs)
        return {
          cancelled: await cancelRequestsOf(tx, leaseIds),
          others: await jobsOfOtherLeases(tx, leaseIds),
        }
      })
      for (const id of cancelled) this.#cancelNow(id)
      const lost = others.filter(({ leasedUntil }) => (leasedUntil ?? 0) < clock.now())
      if (lost.length > 0) await this.#takeBack(lost)
    } catch (error) {
      logger.warn('the leases of jobs could not be kept', { error })
    }
  }

  /** Queues jobs again that a dead desk had begun, once whatever still works on them has ended. */
  async #takeBack(rows: readonly JobRow[]): Promise<void> {
    const { store, logger } = this.#options
    for (const row of rows) {
      if (row.processId !== null) await endProcess(row.processId, row.processStartedAt)
      const left = { leaseId: null, leasedUntil: null, processId: null, processStartedAt: null }
      // A job that takes the desk with it each time must not do so for ever.
      const isGivenUp = row.attempts >= (this.#kinds.get(row.kind)?.mostAttempts ?? Infinity)
      const state = row.cancelRequested ? 'cancelled' : isGivenUp ? 'failed' : 'queued'
      const finishedAt = state === 'queued' ? null : this.#options.clock.now()
      const error = state === 'failed' ? 'The desk ended while it ran.' : row.error
      await store.write({ audit: null, changes: [jobsQueued(row.kind)] }, (tx) =>
        updateLeased(tx, row.id, row.leaseId ?? '', { ...left, state, finishedAt, error }),
      )
      logger.info('a job that an earlier run had begun was taken back', {
        job: row.id,
        kind: row.kind,
        state,
      })
    }
  }
}
