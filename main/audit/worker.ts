import { setImmediate } from 'node:timers/promises'
import { jobsQueued } from '../jobs/job-changes.ts'
import { doublingBackoff } from '../jobs/job-kinds.ts'
import type { RunningJob } from '../jobs/job-kinds.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Clock } from '../platform/clock.ts'
import { pause } from '../platform/lifecycle.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { PartsHealth } from '../platform/service-health.ts'
import type { Store } from '../store/store-types.ts'

export interface AuditRetentionOptions {
  readonly store: Store & { trimAudit(at: number, limit: number): Promise<number> }
  readonly jobs: JobQueue
  readonly health: PartsHealth
  readonly clock: Clock
  readonly logger: AreaLogger
  /** How long rows are kept, ms; 0 is for ever. */
  readonly retentionMs: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Rows removed in one transaction: some 20 ms, in which nobody else is served. */
const batchRows = 1_000

const name = 'audit retention'
const job = { kind: 'audit.retention', payload: null, lane: 'audit.retention' } as const

/**
 * Removes from the audit log, at each start and then once a day, what is older than it is kept: a job that queues the
 * next one in the transaction that finishes it, so that there is always exactly one. Made before the queue starts.
 */
export function auditRetention(options: AuditRetentionOptions): Service {
  const { store, jobs } = options
  jobs.register<null>({
    name: job.kind,
    concurrency: 1,
    mostAttempts: Infinity,
    backoffMs: doublingBackoff(1_000, hourMs),
    run: (running) => runRetention(options, running),
  })
  return {
    name,
    start: () =>
      store.write({ audit: null, changes: [jobsQueued(job.kind)] }, (tx) => jobs.enqueueOnce(tx, job)),
    stop: () => undefined,
  }
}

async function runRetention(options: AuditRetentionOptions, running: RunningJob<null>): Promise<void> {
  const { store, jobs, health, clock } = options
  try {
    await removeOldRows(options, running)
    await store.write({ audit: null, changes: [jobsQueued(job.kind)] }, async (tx) => {
      await running.finish(tx)
      await jobs.enqueueOnce(tx, { ...job, runAt: clock.now() + dayMs })
    })
    health.recover(name)
  } catch (error) {
    if (!running.signal.aborted)
      health.degrade(name, 'Old rows of the audit log could not be removed; the log says why.')
    throw error
  }
}

async function removeOldRows(
  { store, clock, logger, retentionMs }: AuditRetentionOptions,
  { signal, progress }: RunningJob<null>,
): Promise<void> {
  if (retentionMs === 0) return
  const before = clock.now() - retentionMs
  let removed = 0
  for (;;) {
    signal.throwIfAborted()
    const batch = await store.trimAudit(before, batchRows)
    removed += batch
    if (batch < batchRows) break
    await progress({ removed })
    await setImmediate()
  }
  if (removed > 0) logger.info('old rows of the audit log were removed', { rows: removed })
}

/** Writes down each hour, outside the database, where the audit log ends. Ends with `signal`. */
export async function runAuditAnchors(store: { anchorAudit(): void }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    store.anchorAudit()
    await pause(hourMs, signal)
  }
}
