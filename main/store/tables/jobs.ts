import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Work that outlives a request, and the desk: see jobs/. `payload` and `progress` are JSON. A job that runs has a lease,
 * with the process that works on it where it is not the desk itself (`processId`, and when that began: ids come again).
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
  },
  (table) => [
    index('jobs_due').on(table.state, table.kind, table.priority, table.runAt),
    index('jobs_finished').on(table.finishedAt),
  ],
)
