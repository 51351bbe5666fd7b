import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/lifecycle.ts'
import type { AreaLogger } from '../../platform/logging.ts'

export interface AuditRetentionOptions {
  readonly store: { trimAudit(at: number, limit: number): Promise<number> }
  readonly clock: Clock
  readonly logger: AreaLogger
  /** How long rows are kept, ms; 0 is for ever. */
  readonly retentionMs: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Rows removed in one transaction: some 20 ms, in which nobody else is served. */
const batchRows = 1_000

/** Removes from the audit log, once a day, what is older than it is kept. Ends with `signal`. */
export async function runAuditRetention(options: AuditRetentionOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await removeOldRows(options, signal)
    await pause(dayMs, signal)
  }
}

/** Returns how many rows were removed. */
export async function removeOldRows(options: AuditRetentionOptions, signal: AbortSignal): Promise<number> {
  const { store, clock, logger, retentionMs } = options
  if (retentionMs === 0) return 0
  const before = clock.now() - retentionMs
  let removed = 0
  while (!signal.aborted) {
    const batch = await store.trimAudit(before, batchRows)
    removed += batch
    if (batch < batchRows) break
    await setImmediate()
  }
  if (removed > 0) logger.info('old rows of the audit log were removed', { rows: removed })
  return removed
}

/** Writes down each hour, outside the database, where the audit log ends. Ends with `signal`. */
export async function runAuditAnchors(store: { anchorAudit(): void }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    store.anchorAudit()
    await pause(hourMs, signal)
  }
}
