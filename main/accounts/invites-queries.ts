import { and, count, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm'
import { changedRows } from '../store/changed-rows.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { invites } from '../store/tables/groups.ts'

export type InviteRow = typeof invites.$inferSelect

/** One page, newest first, and how many there are in all. */
export async function pageOfInvites(
  db: ReadHandle,
  limit: number,
  offset: number,
): Promise<{ rows: InviteRow[]; total: number }> {
  const rows = await db.select().from(invites).orderBy(desc(invites.id)).limit(limit).offset(offset).all()
  return { rows, total: (await db.select({ value: count() }).from(invites).get())?.value ?? 0 }
}

export function inviteById(db: ReadHandle, id: string): Promise<InviteRow | undefined> {
  return db.select().from(invites).where(eq(invites.id, id)).get()
}

/** The invite of this code while it can be used. */
export function openInvite(db: ReadHandle, codeHash: string, now: number): Promise<InviteRow | undefined> {
  return db
    .select()
    .from(invites)
    .where(and(eq(invites.codeHash, codeHash), isOpen(now)))
    .get()
}

export async function insertInvite(tx: Tx, row: InviteRow): Promise<void> {
  await tx.insert(invites).values(row)
}

/** Uses an invite once; false where it cannot be used (any more). */
export async function spendInvite(tx: Tx, codeHash: string, now: number): Promise<boolean> {
  const used = await tx
    .update(invites)
    .set({ uses: sql`${invites.uses} + 1` })
    .where(and(eq(invites.codeHash, codeHash), isOpen(now)))
  return changedRows(used) === 1
}

export async function deleteInvite(tx: Tx, id: string): Promise<void> {
  await tx.delete(invites).where(eq(invites.id, id))
}

function isOpen(now: number) {
  return and(
    or(isNull(invites.maxUses), lt(invites.uses, invites.maxUses)),
    or(isNull(invites.expiresAt), gt(invites.expiresAt, now)),
  )
}
