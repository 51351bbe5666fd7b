import { and, asc, eq, inArray, isNotNull, or, sql } from 'drizzle-orm'
import type { Owner } from '../access/policy.ts'
import type { Change } from '../store/change-feed.ts'
import { preparedOnce } from '../store/prepared-once.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { walls } from '../store/tables/cameras.ts'
import { groupWalls, views, viewSlots } from '../store/tables/groups.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    /** Saved views, or their keys, or the wall of a group changed: of one person, or of everybody in a group. */
    readonly 'walls.changed': Owner
  }
}

/** What a write declares that changed a view, its key or the wall of a group. */
export function wallsChanged({ userId, groupId }: Owner): Change {
  return { name: 'walls.changed', data: { userId, groupId } }
}

export type WallRow = typeof walls.$inferSelect
export type GroupWallRow = typeof groupWalls.$inferSelect
export type ViewRow = typeof views.$inferSelect
/** What every kind of wall has; `tiles` is a JSON array. */
export type StoredWall = Pick<WallRow, 'layout' | 'tiles'>

const wallStatement = preparedOnce((db) =>
  db
    .select()
    .from(walls)
    .where(eq(walls.userId, sql.placeholder('userId')))
    .prepare(),
)

/** The wall this person left, or undefined. */
export function wallOf(db: ReadHandle, userId: string): Promise<WallRow | undefined> {
  return wallStatement(db).get({ userId })
}

export async function saveWall(tx: Tx, row: WallRow): Promise<void> {
  const { layout, tiles, savedAt } = row
  await tx
    .insert(walls)
    .values(row)
    .onConflictDoUpdate({ target: walls.userId, set: { layout, tiles, savedAt } })
}

/** The wall that an operator of the group saved, or undefined. */
export function groupWallOf(db: ReadHandle, groupId: string): Promise<GroupWallRow | undefined> {
  return db.select().from(groupWalls).where(eq(groupWalls.groupId, groupId)).get()
}

export async function saveGroupWall(tx: Tx, row: GroupWallRow): Promise<void> {
  const { layout, tiles, savedAt } = row
  await tx
    .insert(groupWalls)
    .values(row)
    .onConflictDoUpdate({ target: groupWalls.groupId, set: { layout, tiles, savedAt } })
}

/** The views of a person and of these groups, by name; `groupIds` null means every group. */
export function viewsOf(
  db: ReadHandle,
  userId: string,
  groupIds: readonly string[] | null,
): Promise<ViewRow[]> {
  const ofGroups = groupIds === null ? isNotNull(views.groupId) : inArray(views.groupId, [...groupIds])
  return db
    .select()
    .from(views)
    .where(or(eq(views.userId, userId), ofGroups))
    .orderBy(sql`${views.name} collate nocase`, asc(views.id))
    .all()
}

export async function deleteGroupWall(tx: Tx, groupId: string): Promise<void> {
  await tx.delete(groupWalls).where(eq(groupWalls.groupId, groupId))
}

export function viewById(db: ReadHandle, id: string): Promise<ViewRow | undefined> {
  return db.select().from(views).where(eq(views.id, id)).get()
}

export async function insertView(tx: Tx, row: ViewRow): Promise<void> {
  await tx.insert(views).values(row)
}

export async function updateView(tx: Tx, { id, name, layout, tiles, savedAt }: ViewRow): Promise<void> {
  await tx.update(views).set({ name, layout, tiles, savedAt }).where(eq(views.id, id))
}

export async function deleteView(tx: Tx, id: string): Promise<void> {
  await tx.delete(views).where(eq(views.id, id))
}

/** On which digit (1 to 9) a person has put which view. */
export async function slotsOf(db: ReadHandle, userId: string): Promise<Map<string, number>> {
  const rows = await db.select().from(viewSlots).where(eq(viewSlots.userId, userId)).all()
  return new Map(rows.map(({ viewId, slot }) => [viewId, slot]))
}

/** Puts a view on a digit of a person, or with null on none; the view that was on it is on none then. */
export async function putSlot(tx: Tx, userId: string, viewId: string, slot: number | null): Promise<void> {
  const ofPerson = eq(viewSlots.userId, userId)
  const inTheWay =
    slot === null ? eq(viewSlots.viewId, viewId) : or(eq(viewSlots.viewId, viewId), eq(viewSlots.slot, slot))
  await tx.delete(viewSlots).where(and(ofPerson, inTheWay))
  if (slot !== null) await tx.insert(viewSlots).values({ userId, slot, viewId })
}

/** Cameras that stand on a wall of this person: their own, and those of their groups. */
export async function camerasOnWallsOf(db: ReadHandle, userId: string): Promise<Set<string>> {
  const rows = await db.all<{ id: string }>(sql`
    select tile.value as id from walls, json_each(walls.tiles) tile
     where walls.user_id = ${userId} and tile.value is not null
    union
    select tile.value from group_walls, group_members, json_each(group_walls.tiles) tile
     where group_members.user_id = ${userId} and group_walls.group_id = group_members.group_id
       and tile.value is not null`)
  return new Set(rows.map(({ id }) => id))
}

/** What a view is called; undefined where there is none. */
export async function viewName(db: ReadHandle, id: string): Promise<string | undefined> {
  return (await db.select({ name: views.name }).from(views).where(eq(views.id, id)).get())?.name
}

const ownerStatement = preparedOnce((db) =>
  db
    .select({ userId: views.userId, groupId: views.groupId })
    .from(views)
    .where(eq(views.id, sql.placeholder('id')))
    .prepare(),
)

/** Whose a view is; undefined where there is none. */
export function viewOwner(db: ReadHandle, id: string): Promise<Owner | undefined> {
  return ownerStatement(db).get({ id })
}
