import { and, count, desc, eq, isNotNull, isNull, lt, ne } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { deskValues } from '../store/tables/desk.ts'
import { sessions, users } from '../store/tables/identity.ts'

export type UserRow = typeof users.$inferSelect
export type SessionRow = typeof sessions.$inferSelect

export function allUsers(db: ReadHandle): UserRow[] {
  return db.select().from(users).all()
}

export function userCount(db: ReadHandle): number {
  return db.select({ value: count() }).from(users).get()?.value ?? 0
}

/** `email` in lower case, as it is stored. */
export function userByEmail(db: ReadHandle, email: string): UserRow | undefined {
  return db.select().from(users).where(eq(users.email, email)).get()
}

export function userById(db: ReadHandle, id: string): UserRow | undefined {
  return db.select().from(users).where(eq(users.id, id)).get()
}

/** `email` and `username` in lower case. */
export function userByName(db: ReadHandle, name: string): UserRow | undefined {
  return db
    .select()
    .from(users)
    .where(name.includes('@') ? eq(users.email, name) : eq(users.username, name))
    .get()
}

export function insertUser(tx: Tx, row: typeof users.$inferInsert): void {
  tx.insert(users).values(row).run()
}

export function updateUser(tx: Tx, id: string, changes: Partial<Omit<UserRow, 'id'>>): void {
  tx.update(users).set(changes).where(eq(users.id, id)).run()
}

export function insertSession(tx: Tx, row: SessionRow): void {
  tx.insert(sessions).values(row).run()
}

export function sessionByHash(db: ReadHandle, tokenHash: string): SessionRow | undefined {
  return db.select().from(sessions).where(eq(sessions.tokenHash, tokenHash)).get()
}

/** The token of a sign-in that was not exchanged yet. */
export function unspentSession(db: ReadHandle, family: string): SessionRow | undefined {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.family, family), isNull(sessions.spentAt)))
    .get()
}

/** The token of a sign-in that was exchanged last. */
export function lastSpentSession(db: ReadHandle, family: string): SessionRow | undefined {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.family, family), isNotNull(sessions.spentAt)))
    .orderBy(desc(sessions.id))
    .get()
}

/** The newest token of a sign-in; undefined once that was ended, for its rows are deleted then. */
export function newestSession(db: ReadHandle, family: string): SessionRow | undefined {
  return db.select().from(sessions).where(eq(sessions.family, family)).orderBy(desc(sessions.id)).get()
}

export function familiesOf(db: ReadHandle, userId: string): string[] {
  return db
    .selectDistinct({ family: sessions.family })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .all()
    .map((row) => row.family)
}

export function spendSession(tx: Tx, id: string, at: number): void {
  tx.update(sessions).set({ spentAt: at }).where(eq(sessions.id, id)).run()
}

/** When a sign-in proved who it is; the tokens that follow take it over. */
export function putProof(tx: Tx, family: string, provedAt: number): void {
  tx.update(sessions).set({ provedAt }).where(eq(sessions.family, family)).run()
}

export function deleteSession(tx: Tx, id: string): void {
  tx.delete(sessions).where(eq(sessions.id, id)).run()
}

export function deleteFamily(tx: Tx, family: string): void {
  tx.delete(sessions).where(eq(sessions.family, family)).run()
}

/** Ends every sign-in of a person but one. */
export function deleteOtherFamilies(tx: Tx, userId: string, keptFamily: string): void {
  tx.delete(sessions)
    .where(and(eq(sessions.userId, userId), ne(sessions.family, keptFamily)))
    .run()
}

export function deleteExpiredSessions(tx: Tx, userId: string, now: number): void {
  tx.delete(sessions)
    .where(and(eq(sessions.userId, userId), lt(sessions.expiresAt, now)))
    .run()
}

export function deskValue(db: ReadHandle, key: string): string | undefined {
  return db.select().from(deskValues).where(eq(deskValues.key, key)).get()?.value
}

export function putDeskValue(tx: Tx, key: string, value: string): void {
  tx.insert(deskValues)
    .values({ key, value })
    .onConflictDoUpdate({ target: deskValues.key, set: { value } })
    .run()
}
