import { and, count, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { invites } from '../store/tables/groups.ts'

export type InviteRow = typeof invites.$inferSelect

/** One page, newest first, and how many there are in all. */
export function pageOfInvites(
  db: ReadHandle,
  limit: number,
  offset: number,
): { rows: InviteRow[]; total: number } {
  const rows = db.select().from(invites).orderBy(desc(invites.id)).limit(limit).offset(offset).all()
  return { rows, total: db.select({ value: count() }).from(invites).get()?.value ?? 0 }
}

export function inviteById(db: ReadHandle, id: string): InviteRow | undefined {
  return db.select().from(invites).where(eq(invites.id, id)).get()
}

/** The invite of this code while it can be used. */
export function openInvite(db: ReadHandle, codeHash: string, now: number): InviteRow | undefined {
  return db
    .select()
    .from(invites)
    .where(and(eq(invites.codeHash, codeHash), isOpen(now)))
    .get()
}

export function insertInvite(tx: Tx, row: InviteRow): void {
  tx.insert(invites).values(row).run()
}

/** Uses an invite once; false where it cannot be used (any more). */
export function spendInvite(tx: Tx, codeHash: string, now: number): boolean {
  const used = tx
    .update(invites)
    .set({ uses: sql`${invites.uses} + 1` })
    .where(and(eq(invites.codeHash, codeHash), isOpen(now)))
    .run()
  return used.changes === 1
}

export function deleteInvite(tx: Tx, id: string): void {
  tx.delete(invites).where(eq(invites.id, id)).run()
}

function isOpen(now: number) {
  return and(
    or(isNull(invites.maxUses), lt(invites.uses, invites.maxUses)),
    or(isNull(invites.expiresAt), gt(invites.expiresAt, now)),
  )
}
