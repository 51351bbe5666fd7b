import { and, count, desc, eq, inArray, ne } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { walls } from '../store/tables/cameras.ts'
import { sessions, users } from '../store/tables/identity.ts'
import type { SessionRow } from './queries.ts'

/** How many administrators can sign in besides this person. */
export function otherAdministrators(db: ReadHandle, userId: string): number {
  const others = and(eq(users.admin, true), eq(users.disabled, false), ne(users.id, userId))
  return db.select({ value: count() }).from(users).where(others).get()?.value ?? 0
}

/** When each of these people was last active; nobody who never was. */
export function lastActiveOf(db: ReadHandle, ids: readonly string[]): Map<string, number> {
  const { id, lastActiveAt } = users
  const rows = db
    .select({ id, lastActiveAt })
    .from(users)
    .where(inArray(id, [...ids]))
    .all()
  return new Map(rows.flatMap((row) => (row.lastActiveAt === null ? [] : [[row.id, row.lastActiveAt]])))
}

/** Everything a person has goes with them; what they did stays in the audit log. */
export function deleteUser(tx: Tx, id: string): void {
  tx.delete(walls).where(eq(walls.userId, id)).run()
  tx.delete(users).where(eq(users.id, id)).run()
}

/** Every token of a person's sign-ins, the newest first. */
export function sessionsOfUser(db: ReadHandle, userId: string): SessionRow[] {
  return db.select().from(sessions).where(eq(sessions.userId, userId)).orderBy(desc(sessions.id)).all()
}

export function deleteSignIns(tx: Tx, userId: string): void {
  tx.delete(sessions).where(eq(sessions.userId, userId)).run()
}
