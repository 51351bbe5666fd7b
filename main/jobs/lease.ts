import type { Keyring } from '../platform/keyring.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { LeaseLostError } from './job-kinds.ts'
import type { JobKind, NewJob, RunningJob } from './job-kinds.ts'
import { startOfProcess } from './other-process.ts'
import { updateLeased } from './queries.ts'
import type { JobChanges, JobRow } from './queries.ts'

/** A job that this desk runs. */
export interface Lease {
  readonly id: string
  readonly job: JobRow
  readonly abort: AbortController
  /** Whether it was somebody's wish that ended it. */
  isCancelled: boolean
  /** How it ended, until that is written; null while it runs. */
  end: JobChanges | null
}

/** The column that `JobRow.secretSealed` is sealed for. */
const secretColumn = 'jobs.secret_sealed'

const longestError = 2_000
const noLease = { leaseId: null, leasedUntil: null, processId: null, processStartedAt: null } as const

/** A job that waits for its turn, as it is stored. */
export function newJobRow(id: string, job: NewJob, now: number, keyring: Keyring): JobRow {
  const { kind, payload, secret, priority = 0, runAt = now, lane = null } = job
  return {
    ...noLease,
    id,
    kind,
    state: 'queued',
    priority,
    payload: JSON.stringify(payload),
    secretSealed: secret === undefined ? null : keyring.seal(secretColumn, id, secret),
    progress: null,
    attempts: 0,
    runAt,
    lane,
    cancelRequested: false,
    error: '',
    createdAt: now,
    finishedAt: null,
  }
}

/** How a job ends that was done, or cancelled: nothing secret of it is kept. */
export function ended(state: 'done' | 'cancelled' | 'failed', finishedAt: number, error = ''): JobChanges {
  return { ...noLease, state, error, finishedAt, secretSealed: null }
}

/** How a job waits again whose lease ended before it did. */
export function queuedAgain(changes: JobChanges = {}): JobChanges {
  return { ...noLease, state: 'queued', ...changes }
}

/** What a failure makes of a job. A desk that stops takes nothing from its attempts. */
export function afterFailure(
  { job, isCancelled }: Lease,
  kind: JobKind<never>,
  error: unknown,
  now: number,
  isStopping: boolean,
): JobChanges {
  if (isCancelled) return ended('cancelled', now)
  if (isStopping) return queuedAgain({ attempts: job.attempts - 1, runAt: job.runAt })
  const text = String(error instanceof Error ? error.message : error).slice(0, longestError)
  if (job.attempts >= kind.mostAttempts) return ended('failed', now, text)
  return queuedAgain({ runAt: now + kind.backoffMs(job.attempts), error: text })
}

/** Calls the job of a lease done. Throws `LeaseLostError`. */
export async function finishLeased(tx: Tx, jobId: string, leaseId: string, now: number): Promise<void> {
  if (!(await updateLeased(tx, jobId, leaseId, ended('done', now)))) throw new LeaseLostError(jobId)
}

/** A job as its kind sees it. Throws where its secret cannot be opened. */
export function runningJob(
  { id: leaseId, job, abort }: Lease,
  { store, keyring, now }: { readonly store: Store; readonly keyring: Keyring; now(): number },
): RunningJob<unknown> {
  const change = (changes: JobChanges): Promise<void> =>
    store.write({ audit: null, durable: false }, async (tx) => {
      if (!(await updateLeased(tx, job.id, leaseId, changes))) throw new LeaseLostError(job.id)
    })
  const { secretSealed } = job
  return {
    id: job.id,
    payload: JSON.parse(job.payload) as unknown,
    secret: secretSealed === null ? null : keyring.open(secretColumn, job.id, secretSealed),
    attempt: job.attempts,
    signal: abort.signal,
    temporaryName: (path) => `${path}.${leaseId}.tmp`,
    progress: (value) => change({ progress: JSON.stringify(value) }),
    workedOnBy: (pid) => change({ processId: pid, processStartedAt: startOfProcess(pid) }),
    finish: (tx) => finishLeased(tx, job.id, leaseId, now()),
  }
}
