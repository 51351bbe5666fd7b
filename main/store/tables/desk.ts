import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What the desk remembers about itself: its id, the check value of the encryption key, the listener's switch. */
export const deskValues = sqliteTable('desk_values', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
})

/**
 * The audit log: append-only, which triggers of the database enforce. `seq` orders it whatever the clock did. `before`
 * and `after` are JSON with secrets redacted, or null where the action has no such side. `hmac` proves the row and the
 * one before it (see audit-chain.ts), by the key that `keyId` names. Every index ends in `seq`, as all of SQLite's do.
 */
export const audit = sqliteTable(
  'audit',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    at: integer('at').notNull(),
    action: text('action').notNull(),
    actorId: text('actor_id'),
    actorName: text('actor_name').notNull(),
    door: text('door').notNull(),
    remoteAddress: text('remote_address').notNull(),
    requestId: text('request_id').notNull(),
    targetKind: text('target_kind'),
    targetId: text('target_id'),
    targetName: text('target_name'),
    outcome: text('outcome').notNull(),
    before: text('before'),
    after: text('after'),
    keyId: text('key_id').notNull().default(''),
    hmac: text('hmac').notNull().default(''),
  },
  (table) => [
    index('audit_at').on(table.at),
    index('audit_action').on(table.action),
    index('audit_actor').on(table.actorId),
    index('audit_actor_name').on(table.actorName),
    index('audit_target').on(table.targetId),
    // Pages that leave out the renewals of sign-ins, which are most rows of a quiet desk.
    index('audit_events')
      .on(table.seq)
      .where(sql`${table.action} <> 'session.refreshed'`),
    // What went wrong is rare and asked for often; what was done is neither.
    index('audit_trouble')
      .on(table.outcome)
      .where(sql`${table.outcome} <> 'done'`),
  ],
)
