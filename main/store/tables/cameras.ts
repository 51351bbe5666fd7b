import { sql } from 'drizzle-orm'
import { index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Alta servers. Columns ending in `_sealed` are encrypted fields (AES-256-GCM, key id in the value). */
export const servers = sqliteTable('servers', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  baseUrl: text('base_url').notNull().unique(),
  /** What the admin typed; null where it is found from Alta's configuration. */
  streamUrl: text('stream_url'),
  login: text('login').notNull(),
  passwordSealed: text('password_sealed').notNull(),
  /** Secret of the HS256 tickets, and of the securetoken; this server's alone. */
  ticketSecretSealed: text('ticket_secret_sealed').notNull(),
  /** Origin at which Alta calls our authorizer; null where there is none. */
  callbackOrigin: text('callback_origin'),
  /** Page origins that Alta's OTT listener must allow (JSON: `[{origin, added}]`, `added` = the desk put it there). */
  pageOrigins: text('page_origins').notNull(),
  authorizationMode: text('authorization_mode', { enum: ['backend', 'securetoken'] }).notNull(),
  authorizationReason: text('authorization_reason').notNull(),
  whepPath: text('whep_path').notNull(),
  viewerAddress: text('viewer_address'),
  createdAt: integer('created_at').notNull(),
  /** Where players were sent last; a page that is served before Alta has answered must allow it. Null: not known yet. */
  streamOrigin: text('stream_origin'),
})

/** Imported receivers. `channelId` is the Alta channel we made for it. */
export const cameras = sqliteTable(
  'cameras',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    serverId: text('server_id')
      .notNull()
      .references(() => servers.id),
    receiverId: text('receiver_id').notNull(),
    subReceiverId: text('sub_receiver_id'),
    channelId: text('channel_id').notNull(),
    storageId: text('storage_id'),
    storageDurationHours: real('storage_duration_hours'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('cameras_receiver').on(table.serverId, table.receiverId),
    uniqueIndex('cameras_channel').on(table.serverId, table.channelId),
    // In the order in which lists are shown, so that a page is read without sorting all of them.
    index('cameras_in_order').on(sql`${table.name} collate nocase`, table.id),
  ],
)

/** The wall each person left; `tiles` is a JSON array of camera ids and nulls. */
export const walls = sqliteTable('walls', {
  userId: text('user_id').primaryKey(),
  layout: text('layout').notNull(),
  tiles: text('tiles').notNull(),
  savedAt: integer('saved_at').notNull(),
})
