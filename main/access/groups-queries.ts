import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { GroupRole } from '../../shared/domain/roles.ts'
import { changedRows } from '../store/changed-rows.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { cameras } from '../store/tables/cameras.ts'
import { groupCameras, groupMembers, groups } from '../store/tables/groups.ts'
import { users } from '../store/tables/identity.ts'
import type { GroupFacts } from './rights.ts'

export type GroupRow = typeof groups.$inferSelect

/** Everything that rights are made of; for the start of the desk. */
export async function groupFacts(db: ReadHandle): Promise<GroupFacts> {
  return {
    groupIds: (await db.select({ id: groups.id }).from(groups).all()).map(({ id }) => id),
    cameras: await db.select().from(groupCameras).all(),
    members: await db.select().from(groupMembers).all(),
  }
}

const byName = sql`${groups.name} collate nocase`

/** Groups by name; `ids` null means all of them. */
export function groupsByName(db: ReadHandle, ids: readonly string[] | null): Promise<GroupRow[]> {
  return db
    .select()
    .from(groups)
    .where(ids === null ? undefined : inArray(groups.id, [...ids]))
    .orderBy(byName, asc(groups.id))
    .all()
}

export function groupById(db: ReadHandle, id: string): Promise<GroupRow | undefined> {
  return db.select().from(groups).where(eq(groups.id, id)).get()
}

export function camerasOfGroup(db: ReadHandle, groupId: string): Promise<{ id: string; name: string }[]> {
  return db
    .select({ id: cameras.id, name: cameras.name })
    .from(groupCameras)
    .innerJoin(cameras, eq(cameras.id, groupCameras.cameraId))
    .where(eq(groupCameras.groupId, groupId))
    .orderBy(sql`${cameras.name} collate nocase`, asc(cameras.id))
    .all()
}

export function membersOfGroup(db: ReadHandle, groupId: string) {
  return db
    .select({
      userId: users.id,
      username: users.username,
      displayName: users.displayName,
      email: users.email,
      disabled: users.disabled,
      role: groupMembers.role,
    })
    .from(groupMembers)
    .innerJoin(users, eq(users.id, groupMembers.userId))
    .where(eq(groupMembers.groupId, groupId))
    .orderBy(sql`${users.displayName} collate nocase`, asc(users.id))
    .all()
}

export function cameraNamed(db: ReadHandle, id: string): Promise<{ id: string; name: string } | undefined> {
  return db.select({ id: cameras.id, name: cameras.name }).from(cameras).where(eq(cameras.id, id)).get()
}

export async function insertGroup(tx: Tx, row: GroupRow): Promise<void> {
  await tx.insert(groups).values(row)
}

export async function renameGroup(tx: Tx, id: string, name: string): Promise<void> {
  await tx.update(groups).set({ name }).where(eq(groups.id, id))
}

/** Its cameras, members, wall and views go with it. */
export async function deleteGroup(tx: Tx, id: string): Promise<void> {
  await tx.delete(groups).where(eq(groups.id, id))
}

/** Putting a camera in twice changes nothing. */
export async function insertGroupCamera(tx: Tx, groupId: string, cameraId: string): Promise<void> {
  await tx.insert(groupCameras).values({ groupId, cameraId }).onConflictDoNothing()
}

/** Answers whether it was in the group. */
export async function deleteGroupCamera(tx: Tx, groupId: string, cameraId: string): Promise<boolean> {
  const mine = and(eq(groupCameras.groupId, groupId), eq(groupCameras.cameraId, cameraId))
  return changedRows(await tx.delete(groupCameras).where(mine)) > 0
}

/** What somebody is in a group; null where they are not a member. */
export async function roleInGroup(
  db: ReadHandle,
  groupId: string,
  userId: string,
): Promise<GroupRole | null> {
  const mine = and(eq(groupMembers.groupId, groupId), eq(groupMembers.userId, userId))
  const [member] = await db.select({ role: groupMembers.role }).from(groupMembers).where(mine)
  return member?.role ?? null
}

export async function putGroupMember(
  tx: Tx,
  groupId: string,
  userId: string,
  role: GroupRole,
): Promise<void> {
  await tx
    .insert(groupMembers)
    .values({ groupId, userId, role })
    .onConflictDoUpdate({ target: [groupMembers.groupId, groupMembers.userId], set: { role } })
}

export async function deleteGroupMember(tx: Tx, groupId: string, userId: string): Promise<void> {
  await tx.delete(groupMembers).where(and(eq(groupMembers.groupId, groupId), eq(groupMembers.userId, userId)))
}
