import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { cameras } from './cameras.ts'
import { users } from './identity.ts'

/** Groups: cameras, and the people who may see them. Names are unique without regard to case, checked by the write. */
export const groups = sqliteTable('groups', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  createdAt: integer('created_at').notNull(),
})

export const groupCameras = sqliteTable(
  'group_cameras',
  {
    groupId: text('group_id')
      .notNull()
      .references(() => groups.id, { onDelete: 'cascade' }),
    cameraId: text('camera_id')
      .notNull()
      .references(() => cameras.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.groupId, table.cameraId] }),
    index('group_cameras_camera').on(table.cameraId),
  ],
)

export const groupMembers = sqliteTable(
  'group_members',
  {
    groupId: text('group_id')
      .notNull()
      .references(() => groups.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text('role', { enum: ['viewer', 'operator'] }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.groupId, table.userId] }),
    index('group_members_user').on(table.userId),
  ],
)

/** The wall of a group, which its operators save; `tiles` is a JSON array of camera ids and nulls. */
export const groupWalls = sqliteTable('group_walls', {
  groupId: text('group_id')
    .primaryKey()
    .references(() => groups.id, { onDelete: 'cascade' }),
  layout: text('layout').notNull(),
  tiles: text('tiles').notNull(),
  savedAt: integer('saved_at').notNull(),
})

/**
 * Saved walls: of one person (`userId`) or of a group (`groupId`); exactly one of the two is set. No owner has two of the
 * same name: the write compares in every alphabet, the indexes in a to z.
 */
export const views = sqliteTable(
  'views',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    groupId: text('group_id').references(() => groups.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    layout: text('layout').notNull(),
    tiles: text('tiles').notNull(),
    savedAt: integer('saved_at').notNull(),
  },
  (table) => [
    uniqueIndex('views_user_name').on(table.userId, sql`${table.name} collate nocase`),
    uniqueIndex('views_group_name').on(table.groupId, sql`${table.name} collate nocase`),
  ],
)

/** The digits 1 to 9 on which a person put views; a view is on one digit of a person at most. */
export const viewSlots = sqliteTable(
  'view_slots',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    slot: integer('slot').notNull(),
    viewId: text('view_id')
      .notNull()
      .references(() => views.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.slot] }),
    uniqueIndex('view_slots_user_view').on(table.userId, table.viewId),
    index('view_slots_view').on(table.viewId),
  ],
)

/**
 * Invites. A code is looked up by its SHA-256; the sealed code lets an administrator copy the link again.
 * `maxUses` and `expiresAt` are null where there is no such bound.
 */
export const invites = sqliteTable('invites', {
  id: text('id').primaryKey(),
  codeHash: text('code_hash').notNull().unique(),
  codeSealed: text('code_sealed').notNull(),
  maxUses: integer('max_uses'),
  uses: integer('uses').notNull(),
  expiresAt: integer('expires_at'),
  createdAt: integer('created_at').notNull(),
  createdByName: text('created_by_name').notNull(),
})
