import { and, count, eq, inArray, ne } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { walls } from '../store/tables/cameras.ts'
import { users } from '../store/tables/identity.ts'

export type UserRow = typeof users.$inferSelect

export function allUsers(db: ReadHandle): Promise<UserRow[]> {
  return db.select().from(users).all()
}

export async function userCount(db: ReadHandle): Promise<number> {
  return (await db.select({ value: count() }).from(users).get())?.value ?? 0
}

/** `email` in lower case, as it is stored. */
export function userByEmail(db: ReadHandle, email: string): Promise<UserRow | undefined> {
  return db.select().from(users).where(eq(users.email, email)).get()
}

export function userById(db: ReadHandle, id: string): Promise<UserRow | undefined> {
  return db.select().from(users).where(eq(users.id, id)).get()
}

/** `email` and `username` in lower case. */
export function userByName(db: ReadHandle, name: string): Promise<UserRow | undefined> {
  return db
    .select()
    .from(users)
    .where(name.includes('@') ? eq(users.email, name) : eq(users.username, name))
    .get()
}

export async function insertUser(tx: Tx, row: typeof users.$inferInsert): Promise<void> {
  await tx.insert(users).values(row)
}

export async function updateUser(tx: Tx, id: string, changes: Partial<Omit<UserRow, 'id'>>): Promise<void> {
  await tx.update(users).set(changes).where(eq(users.id, id))
}

/** How many administrators can sign in besides this person. */
export async function otherAdministrators(db: ReadHandle, userId: string): Promise<number> {
  const others = and(eq(users.admin, true), eq(users.disabled, false), ne(users.id, userId))
  return (await db.select({ value: count() }).from(users).where(others).get())?.value ?? 0
}

/** When each of these people was last active; nobody who never was. */
export async function lastActiveOf(db: ReadHandle, ids: readonly string[]): Promise<Map<string, number>> {
  const { id, lastActiveAt } = users
  const rows = await db
    .select({ id, lastActiveAt })
    .from(users)
    .where(inArray(id, [...ids]))
    .all()
  return new Map(rows.flatMap((row) => (row.lastActiveAt === null ? [] : [[row.id, row.lastActiveAt]])))
}

/** Everything a person has goes with them; what they did stays in the audit log. */
export async function deleteUser(tx: Tx, id: string): Promise<void> {
  await tx.delete(walls).where(eq(walls.userId, id))
  await tx.delete(users).where(eq(users.id, id))
}
