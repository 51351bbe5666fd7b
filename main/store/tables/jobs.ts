import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Work that outlives a request, and the desk: see jobs/. `payload` and `progress` are JSON; what of it is secret is sealed
 * apart. A job that runs has a lease, with the process that works on it where it is not the desk itself (`processId`, and
 * when that began: ids come again). Jobs of one `lane` run one after the other, in the order in which they were queued.
 */
export const jobs = sqliteTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    state: text('state', { enum: ['queued', 'running', 'done', 'failed', 'cancelled'] }).notNull(),
    priority: integer('priority').notNull(),
    payload: text('payload').notNull(),
    progress: text('progress'),
    attempts: integer('attempts').notNull(),
    runAt: integer('run_at').notNull(),
    leaseId: text('lease_id'),
    leasedUntil: integer('leased_until'),
    processId: integer('process_id'),
    processStartedAt: text('process_started_at'),
    cancelRequested: integer('cancel_requested', { mode: 'boolean' }).notNull(),
    error: text('error').notNull(),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
    lane: text('lane'),
    /** Kept until the job has ended, however it ends. */
    secretSealed: text('secret_sealed'),
  },
  (table) => [
    // In the order in which jobs are leased, so that a long queue is not sorted for each of them.
    index('jobs_due').on(table.state, table.kind, sql`${table.priority} desc`, table.runAt, table.id),
    index('jobs_of_lane').on(table.lane, table.state, table.id),
    index('jobs_finished').on(table.finishedAt),
  ],
)
