import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './identity.ts'

/**
 * Files that the desk keeps (see files/): the row says what the blob of the same id is. While a file is written its row
 * holds the space that is reserved for it, and no SHA-256.
 */
export const files = sqliteTable(
  'files',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    state: text('state', { enum: ['writing', 'kept'] }).notNull(),
    name: text('name').notNull(),
    contentType: text('content_type').notNull(),
    /** Bytes. */
    size: integer('size').notNull(),
    /** In base64url; empty while it is written. */
    sha256: text('sha256').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('files_owner').on(table.ownerId), index('files_expires').on(table.expiresAt)],
)

/** Addresses under which one sign-in may download a file; the secret part of the address as SHA-256. */
export const fileTickets = sqliteTable(
  'file_tickets',
  {
    secretHash: text('secret_hash').primaryKey(),
    fileId: text('file_id')
      .notNull()
      .references(() => files.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Whether that person was an administrator then: who no longer is may not download what administrators see. */
    admin: integer('admin', { mode: 'boolean' }).notNull(),
    /** The sign-in with which it was made. */
    family: text('family').notNull(),
  },
  (table) => [index('file_tickets_file').on(table.fileId), index('file_tickets_user').on(table.userId)],
)
