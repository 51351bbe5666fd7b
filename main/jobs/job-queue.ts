import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Change, ChangeFeed } from '../store/change-feed.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { Heartbeat } from './heartbeat.ts'
import { jobCancelRequested, jobsQueued } from './job-changes.ts'
import { LeaseLostError } from './job-kinds.ts'
import type { HeldJob, JobKind, NewJob, RunningJob } from './job-kinds.ts'
import { afterFailure, ended, finishLeased, newJobRow, queuedAgain, runningJob } from './lease.ts'
import type { Lease } from './lease.ts'
import {
  dueJobs,
  insertJob,
  jobById,
  nextDueAt,
  openJobsOfLane,
  updateJob,
  updateLaneDue,
  updateLeased,
} from './queries.ts'
import type { JobChanges } from './queries.ts'

export interface JobQueueOptions {
  readonly store: Store
  readonly feed: ChangeFeed
  readonly clock: Clock
  readonly keyring: Keyring
  readonly logger: AreaLogger
  /** How long a lease holds without a heartbeat, ms. */
  readonly leaseMs?: number
}

const defaultLeaseMs = 30_000
/** A timer of Node holds no longer than this, ms. */
const longestWaitMs = 24 * 3_600_000

/**
 * Work that outlives a request: queued in the transaction of what it belongs to, leased, tried again after failures, and
 * taken up by the next desk after a crash. A job runs at least once, and never twice at the same time: a process that a
 * dead desk has left behind is ended before its job is leased again. Leases and ends are written in batches: one write
 * takes what has ended meanwhile and fills the places that it frees.
 */
export class JobQueue implements Service {
  readonly name = 'jobs'
  readonly #options: JobQueueOptions
  readonly #leaseMs: number
  readonly #kinds = new Map<string, JobKind<never>>()
  /** By job. */
  readonly #leases = new Map<string, Lease>()
  readonly #running = new Set<Promise<void>>()
  readonly #disposables: (() => void)[] = []
  readonly #heartbeat: Heartbeat
  #timer: NodeJS.Timeout | undefined
  #turning: Promise<void> | null = null
  #isAskedAgain = false
  #stopped = true

  constructor(options: JobQueueOptions) {
    this.#options = options
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs
    this.#heartbeat = new Heartbeat({
      ...options,
      leaseMs: this.#leaseMs,
      leases: () => [...this.#leases.values()],
      kind: (name) => this.#kinds.get(name),
      cancel: (jobId) => this.#cancelNow(jobId),
      // Clocks are set: what a timer was to wake may be due long since.
      onBeat: () => this.#turnSoon(),
    })
  }

  /** Makes a kind known; before `start`. */
  register<Payload>(kind: JobKind<Payload>): void {
    if (this.#kinds.has(kind.name)) throw new Error(`There are two kinds of jobs named ${kind.name}.`)
    this.#kinds.set(kind.name, kind)
  }

  /** Queues a job in the transaction of what it belongs to, which declares `jobsQueued`. Answers its id. */
  async enqueue(tx: Tx, job: NewJob): Promise<string> {
    const id = newId()
    await this.#insert(tx, id, job)
    return id
  }

  /** Queues a job unless one of its lane is open; that one then runs at `runAt` at the latest, as far as it waits. */
  async enqueueOnce(tx: Tx, job: NewJob & { readonly lane: string }): Promise<void> {
    const open = await openJobsOfLane(tx, job.lane)
    const runAt = job.runAt ?? this.#options.clock.now()
    if (open.length === 0) await this.enqueue(tx, job)
    for (const { id, state, runAt: at } of open)
      if (state === 'queued' && at > runAt) await updateJob(tx, id, { runAt })
  }

  /**
   * Writes down, durably, a job that the caller does by itself now. Where the caller cannot finish it (`release`), or the
   * desk ends first, the queue does it.
   */
  async hold(job: NewJob): Promise<HeldJob> {
    const { store, clock, logger } = this.#options
    const [id, leaseId] = [newId(), newId()]
    const leasedUntil = clock.now() + this.#leaseMs
    await store.write({ audit: null }, (tx) =>
      this.#insert(tx, id, job, { state: 'running', leaseId, leasedUntil }),
    )
    this.#heartbeat.keep(leaseId)
    return {
      id,
      finish: (tx) => finishLeased(tx, id, leaseId, clock.now()),
      release: async () => {
        // Where this cannot be written, the lease runs out.
        this.#heartbeat.forget(leaseId)
        try {
          await store.write({ audit: null, changes: [jobsQueued(job.kind)] }, (tx) =>
            updateLeased(tx, id, leaseId, queuedAgain()),
          )
        } catch (error) {
          logger.warn('a job could not be left to the queue yet', { job: id, kind: job.kind, error })
        }
      },
    }
  }

  /**
   * Cancels a job that waits, and asks one that runs to end; one that has ended stays as it is. Answers what the write
   * has to declare.
   */
  async cancel(tx: Tx, id: string): Promise<readonly Change[]> {
    const job = await jobById(tx, id)
    if (job?.state === 'queued') await updateJob(tx, id, ended('cancelled', this.#options.clock.now()))
    if (job?.state !== 'running') return []
    await updateJob(tx, id, { cancelRequested: true })
    return [jobCancelRequested(id)]
  }

  /** Cancels what is open of a lane, as `cancel` does. */
  async cancelLane(tx: Tx, lane: string): Promise<readonly Change[]> {
    const changes: Change[] = []
    for (const { id } of await openJobsOfLane(tx, lane)) changes.push(...(await this.cancel(tx, id)))
    return changes
  }

  /** Lets what waits of a lane run now; the write declares `jobsQueued`. */
  async makeLaneDue(tx: Tx, lane: string): Promise<void> {
    await updateLaneDue(tx, lane, this.#options.clock.now())
  }

  /** Takes up what an earlier desk left, then what is queued. */
  async start(): Promise<void> {
    this.#stopped = false
    const { feed } = this.#options
    await this.#heartbeat.start()
    this.#disposables.push(
      feed.on('jobs.queued', ({ data }) => {
        if (this.#kinds.has(data.kind)) this.#turnSoon()
      }),
      feed.on('job.cancel-requested', ({ data }) => this.#cancelNow(data.id)),
    )
    this.#turnSoon()
  }

  /** Ends what runs; the next start goes on with it. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    for (const dispose of this.#disposables.splice(0)) dispose()
    for (const { abort } of this.#leases.values()) abort.abort(stopping())
    await this.#heartbeat.stop()
    await this.#turning
    await Promise.all(this.#running)
    if (this.#leases.size > 0) await this.#turn()
  }

  async #insert(tx: Tx, id: string, job: NewJob, held: JobChanges = {}): Promise<void> {
    if (!this.#kinds.has(job.kind)) throw new Error(`There is no kind of jobs named ${job.kind}.`)
    const { clock, keyring } = this.#options
    await insertJob(tx, { ...newJobRow(id, job, clock.now(), keyring), ...held })
  }

  #turnSoon(): void {
    if (this.#stopped) return
    if (this.#turning) {
      this.#isAskedAgain = true
      return
    }
    this.#turning = this.#turn().finally(() => {
      this.#turning = null
      if (!this.#isAskedAgain) return
      this.#isAskedAgain = false
      this.#turnSoon()
    })
  }

  /** Writes what has ended, and leases as many jobs as there are free places. Never rejects: it is tried again later. */
  async #turn(): Promise<void> {
    const { store, clock, logger } = this.#options
    clearTimeout(this.#timer)
    const over = [...this.#leases.values()].filter(({ end }) => end !== null)
    try {
      const { leases, dueAt } = await store.write({ audit: null, durable: false }, async (tx) => {
        for (const { id, job, end } of over) await updateLeased(tx, job.id, id, end ?? {})
        return this.#leaseDue(tx, new Set(over))
      })
      for (const { job } of over) this.#leases.delete(job.id)
      for (const lease of leases) this.#begin(lease)
      if (dueAt !== null) this.#wakeIn(dueAt - clock.now())
    } catch (error) {
      logger.error('jobs could not be leased, or their end not be written', { error })
      this.#wakeIn(this.#leaseMs / 3)
    }
  }

  #wakeIn(ms: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#turnSoon(), Math.min(Math.max(ms, 1), longestWaitMs))
  }

  /** `dueAt`: when the next job is due for which there is a place. */
  async #leaseDue(tx: Tx, over: ReadonlySet<Lease>): Promise<{ leases: Lease[]; dueAt: number | null }> {
    if (this.#stopped) return { leases: [], dueAt: null }
    const now = this.#options.clock.now()
    const leases: Lease[] = []
    const withPlaces: string[] = []
    const taken = [...this.#leases.values()].filter((lease) => !over.has(lease))
    for (const { name, concurrency } of this.#kinds.values()) {
      const free = concurrency - taken.filter(({ job }) => job.kind === name).length
      const due = free > 0 ? await dueJobs(tx, name, now, free) : []
      if (due.length < free) withPlaces.push(name)
      for (const row of due) {
        const changes = {
          state: 'running',
          leaseId: newId(),
          leasedUntil: now + this.#leaseMs,
          attempts: row.attempts + 1,
        } as const
        await updateJob(tx, row.id, changes)
        const job = { ...row, ...changes }
        leases.push({ id: changes.leaseId, job, abort: new AbortController(), isCancelled: false, end: null })
      }
    }
    return { leases, dueAt: await nextDueAt(tx, withPlaces, now) }
  }

  #begin(lease: Lease): void {
    this.#leases.set(lease.job.id, lease)
    if (this.#stopped) lease.abort.abort(stopping())
    const run = this.#run(lease).finally(() => {
      this.#running.delete(run)
      this.#turnSoon()
    })
    this.#running.add(run)
  }

  /** Never rejects; leaves in the lease how it ended. */
  async #run(lease: Lease): Promise<void> {
    const { store, keyring, clock } = this.#options
    const kind = this.#kinds.get(lease.job.kind)
    if (!kind) return
    try {
      const job = runningJob(lease, { store, keyring, now: () => clock.now() })
      await kind.run(job as RunningJob<never>)
      // Where it was called done with its result, this changes nothing any more.
      lease.end = ended('done', clock.now())
    } catch (error) {
      const isStopping = this.#stopped && lease.abort.signal.aborted
      lease.end = afterFailure(lease, kind, error, clock.now(), isStopping)
      if (!lease.isCancelled && !isStopping && !(error instanceof LeaseLostError)) this.#log(lease, error)
    }
  }

  #log({ job, end }: Lease, error: unknown): void {
    const { logger } = this.#options
    const fields = { job: job.id, kind: job.kind, attempt: job.attempts, error }
    if (end?.state === 'failed') logger.error('a job was given up', fields)
    else logger.warn('a job failed and is tried again', fields)
  }

  #cancelNow(jobId: string): void {
    const lease = this.#leases.get(jobId)
    if (!lease) return
    lease.isCancelled = true
    // It has just failed, and was to be tried again.
    if (lease.end?.state === 'queued') lease.end = ended('cancelled', this.#options.clock.now())
    lease.abort.abort(new Error('The job was cancelled.'))
  }
}

function stopping(): Error {
  return new Error('The desk is stopping.')
}
