import { and, count, desc, eq, inArray, ne } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { walls } from '../store/tables/cameras.ts'
import { sessions, users } from '../store/tables/identity.ts'
import type { SessionRow } from './queries.ts'

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

/** Every token of a person's sign-ins, the newest first. */
export function sessionsOfUser(db: ReadHandle, userId: string): Promise<SessionRow[]> {
  return db.select().from(sessions).where(eq(sessions.userId, userId)).orderBy(desc(sessions.id)).all()
}

export async function deleteSignIns(tx: Tx, userId: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.userId, userId))
}
