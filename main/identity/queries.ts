import { and, count, desc, eq, isNotNull, isNull, lt, ne } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { deskValues } from '../store/tables/desk.ts'
import { sessions, users } from '../store/tables/identity.ts'

export type UserRow = typeof users.$inferSelect
export type SessionRow = typeof sessions.$inferSelect

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

export async function insertSession(tx: Tx, row: SessionRow): Promise<void> {
  await tx.insert(sessions).values(row)
}

export function sessionByHash(db: ReadHandle, tokenHash: string): Promise<SessionRow | undefined> {
  return db.select().from(sessions).where(eq(sessions.tokenHash, tokenHash)).get()
}

/** The token of a sign-in that was not exchanged yet. */
export function unspentSession(db: ReadHandle, family: string): Promise<SessionRow | undefined> {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.family, family), isNull(sessions.spentAt)))
    .get()
}

/** The token of a sign-in that was exchanged last. */
export function lastSpentSession(db: ReadHandle, family: string): Promise<SessionRow | undefined> {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.family, family), isNotNull(sessions.spentAt)))
    .orderBy(desc(sessions.id))
    .get()
}

/** The newest token of a sign-in; undefined once that was ended, for its rows are deleted then. */
export function newestSession(db: ReadHandle, family: string): Promise<SessionRow | undefined> {
  return db.select().from(sessions).where(eq(sessions.family, family)).orderBy(desc(sessions.id)).get()
}

export async function familiesOf(db: ReadHandle, userId: string): Promise<string[]> {
  return (
    await db
      .selectDistinct({ family: sessions.family })
      .from(sessions)
      .where(eq(sessions.userId, userId))
      .all()
  ).map((row) => row.family)
}

export async function spendSession(tx: Tx, id: string, at: number): Promise<void> {
  await tx.update(sessions).set({ spentAt: at }).where(eq(sessions.id, id))
}

/** When a sign-in proved who it is; the tokens that follow take it over. */
export async function putProof(tx: Tx, family: string, provedAt: number): Promise<void> {
  await tx.update(sessions).set({ provedAt }).where(eq(sessions.family, family))
}

export async function deleteSession(tx: Tx, id: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.id, id))
}

export async function deleteFamily(tx: Tx, family: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.family, family))
}

/** Ends every sign-in of a person but one. */
export async function deleteOtherFamilies(tx: Tx, userId: string, keptFamily: string): Promise<void> {
  await tx.delete(sessions).where(and(eq(sessions.userId, userId), ne(sessions.family, keptFamily)))
}

export async function deleteExpiredSessions(tx: Tx, userId: string, now: number): Promise<void> {
  await tx.delete(sessions).where(and(eq(sessions.userId, userId), lt(sessions.expiresAt, now)))
}

export async function deskValue(db: ReadHandle, key: string): Promise<string | undefined> {
  return (await db.select().from(deskValues).where(eq(deskValues.key, key)).get())?.value
}

export async function putDeskValue(tx: Tx, key: string, value: string): Promise<void> {
  await tx
    .insert(deskValues)
    .values({ key, value })
    .onConflictDoUpdate({ target: deskValues.key, set: { value } })
}
