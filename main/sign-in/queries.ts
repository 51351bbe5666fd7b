import { and, desc, eq, isNotNull, isNull, lt, ne } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { sessions } from '../store/tables/identity.ts'

export type SessionRow = typeof sessions.$inferSelect

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

/** Every token of a person's sign-ins, the newest first. */
export function sessionsOfUser(db: ReadHandle, userId: string): Promise<SessionRow[]> {
  return db.select().from(sessions).where(eq(sessions.userId, userId)).orderBy(desc(sessions.id)).all()
}

export async function deleteSignIns(tx: Tx, userId: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.userId, userId))
}
