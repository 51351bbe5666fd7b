import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What the desk remembers about itself: its id, the check value of the encryption key, the listener's switch. */
export const deskValues = sqliteTable('desk_values', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
})

/**
 * The audit log: append-only. `seq` orders it whatever the clock did. `before` and `after` are JSON with secrets
 * redacted, or null where the action has no such side.
 */
export const audit = sqliteTable('audit', {
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
})
