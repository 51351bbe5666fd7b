import type { Change } from '../store/change-feed.ts'
import type { Tx } from '../store/store-types.ts'

/** A process that works on a job; when it began tells it from a later one with the same id. */
export interface JobProcess {
  readonly pid: number
}

/** A job as the code sees it that does it. */
export interface RunningJob<Payload> {
  readonly id: string
  readonly payload: Payload
  /** 1 for the first time. */
  readonly attempt: number
  /** Aborted when the job is cancelled, its lease is lost, or the desk stops. */
  readonly signal: AbortSignal
  /** The name under which this lease, and no other, writes what becomes `path` once it is whole. */
  temporaryName(path: string): string
  /** Says how far it is (plain data). Throws `LeaseLostError`. */
  progress(value: unknown): Promise<void>
  /** Says which process works on it, before that begins: a later desk ends it first. Throws `LeaseLostError`. */
  workedOnBy(process: JobProcess): Promise<void>
}

/** What a job leaves behind, in the transaction that calls it done. */
export interface JobResult {
  /** Runs in that transaction; its changes are told with the commit. */
  finish(tx: Tx): Promise<readonly Change[]>
}

/** A kind of jobs, which a module registers. */
export interface JobKind<Payload> {
  readonly name: string
  /** So many of this kind run side by side. */
  readonly concurrency: number
  /** After so many failures it is not tried again. */
  readonly mostAttempts: number
  /** How long to wait after a failure, ms; `attempt` counts from 1. */
  backoffMs(attempt: number): number
  /** Does the job. What it throws counts as a failure; it may be run again after a crash, so it must bear that. */
  run(job: RunningJob<Payload>): Promise<JobResult | undefined>
}

/** The lease of a job is somebody else's, or it was cancelled: whoever still works on it must stop. */
export class LeaseLostError extends Error {
  constructor(jobId: string) {
    super(`The job ${jobId} is not this lease's any more.`)
    this.name = 'LeaseLostError'
  }
}
