import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** People. `email` is unique without regard to case; `version` is in every access token and revokes them when raised. */
export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  email: text('email').notNull().unique(),
  displayName: text('display_name').notNull(),
  passwordHash: text('password_hash').notNull(),
  admin: integer('admin', { mode: 'boolean' }).notNull(),
  disabled: integer('disabled', { mode: 'boolean' }).notNull(),
  mustChangePassword: integer('must_change_password', { mode: 'boolean' }).notNull(),
  version: integer('version').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** Sign-ins: one row for each refresh token, kept as its SHA-256; rotated tokens share a `family`. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    family: text('family').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    tokenHash: text('token_hash').notNull().unique(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** When it was exchanged for its successor; null while it is good. */
    spentAt: integer('spent_at'),
    remoteAddress: text('remote_address').notNull(),
    userAgent: text('user_agent').notNull(),
  },
  (table) => [index('sessions_user').on(table.userId), index('sessions_family').on(table.family)],
)
