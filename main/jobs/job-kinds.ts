import type { Tx } from '../store/store-types.ts'

/** What is to be done. */
export interface NewJob {
  readonly kind: string
  /** Plain data. */
  readonly payload: unknown
  /** What of it nobody may read in the database: it is sealed, and goes with the end of the job. */
  readonly secret?: string
  /** More urgent jobs of a kind come first; 0 where left out. */
  readonly priority?: number
  /** Not before this time, ms since the epoch; at once where left out. */
  readonly runAt?: number
  /** Jobs of one lane run one after the other, in the order in which they were queued. */
  readonly lane?: string
}

/** A job that somebody holds the lease of. */
interface LeasedJob {
  readonly id: string
  /** Calls it done in the transaction of its result. Throws `LeaseLostError`. */
  finish(tx: Tx): Promise<void>
}

/** A job that a request does by itself; the queue takes it over where the request fails, or the desk ends. */
export interface HeldJob extends LeasedJob {
  /** Leaves it to the queue. Never rejects. */
  release(): Promise<void>
}

/** A job as the code sees it that does it. */
export interface RunningJob<Payload> extends LeasedJob {
  readonly payload: Payload
  readonly secret: string | null
  /** 1 for the first time. */
  readonly attempt: number
  /** Aborted when the job is cancelled, its lease is lost, or the desk stops. */
  readonly signal: AbortSignal
  /** The name under which this lease, and no other, writes what becomes `path` once it is whole. */
  temporaryName(path: string): string
  /** Says how far it is (plain data). Throws `LeaseLostError`. */
  progress(value: unknown): Promise<void>
  /** Says which process works on it: see `startJobProcess`. Throws `LeaseLostError`. */
  workedOnBy(processId: number): Promise<void>
}

/** A kind of jobs, which a module registers. */
export interface JobKind<Payload> {
  readonly name: string
  /** So many of this kind run side by side. */
  readonly concurrency: number
  /** After so many failures it is given up; `Infinity` for what is tried for ever. */
  readonly mostAttempts: number
  /** How long to wait after a failure, ms; `attempt` counts from 1. */
  backoffMs(attempt: number): number
  /**
   * Does the job, which is done when this resolves, or earlier by `job.finish`. What it throws counts as a failure. It
   * may be run again after a crash, so it must bear that.
   */
  run(job: RunningJob<Payload>): Promise<void>
}

/** The lease of a job is somebody else's, or it was cancelled: what still works on it must stop. */
export class LeaseLostError extends Error {
  constructor(jobId: string) {
    super(`The job ${jobId} is not this lease's any more.`)
    this.name = 'LeaseLostError'
  }
}

/** A pause that doubles with each attempt, from `firstMs` to `longestMs`. */
export function doublingBackoff(firstMs: number, longestMs: number): (attempt: number) => number {
  return (attempt) => Math.min(firstMs * 2 ** (attempt - 1), longestMs)
}
