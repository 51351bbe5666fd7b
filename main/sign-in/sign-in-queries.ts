import { and, count, eq, gt, inArray, lt, lte } from 'drizzle-orm'
import { changedRows } from '../store/changed-rows.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { backupCodes, signInFailures, totpSecrets } from '../store/tables/identity.ts'

export type FailuresRow = typeof signInFailures.$inferSelect
export type TotpRow = typeof totpSecrets.$inferSelect

export function failuresOf(db: ReadHandle, account: string): Promise<FailuresRow | undefined> {
  return db.select().from(signInFailures).where(eq(signInFailures.account, account)).get()
}

/** Which of these accounts are locked at `now` until `latest` at most, and until when. */
export async function locksOf(
  db: ReadHandle,
  accounts: readonly string[],
  now: number,
  latest: number,
): Promise<Map<string, number>> {
  const { account, lockedUntil } = signInFailures
  const rows = await db
    .select({ account, lockedUntil })
    .from(signInFailures)
    .where(and(inArray(account, [...accounts]), gt(lockedUntil, now), lte(lockedUntil, latest)))
    .all()
  return new Map(rows.map((row) => [row.account, row.lockedUntil ?? now]))
}

export async function putFailures(tx: Tx, row: FailuresRow): Promise<void> {
  const { account: _account, ...changes } = row
  await tx
    .insert(signInFailures)
    .values(row)
    .onConflictDoUpdate({ target: signInFailures.account, set: changes })
}

export async function deleteFailures(tx: Tx, account: string): Promise<void> {
  await tx.delete(signInFailures).where(eq(signInFailures.account, account))
}

export async function deleteForgottenFailures(tx: Tx, now: number): Promise<void> {
  await tx.delete(signInFailures).where(lt(signInFailures.forgetAt, now))
}

export function allTotp(db: ReadHandle): Promise<TotpRow[]> {
  return db.select().from(totpSecrets).all()
}

export function totpOf(db: ReadHandle, userId: string): Promise<TotpRow | undefined> {
  return db.select().from(totpSecrets).where(eq(totpSecrets.userId, userId)).get()
}

export async function putTotp(tx: Tx, row: TotpRow): Promise<void> {
  const { userId: _userId, ...changes } = row
  await tx.insert(totpSecrets).values(row).onConflictDoUpdate({ target: totpSecrets.userId, set: changes })
}

export async function updateTotp(
  tx: Tx,
  userId: string,
  changes: Partial<Omit<TotpRow, 'userId'>>,
): Promise<void> {
  await tx.update(totpSecrets).set(changes).where(eq(totpSecrets.userId, userId))
}

/** With the codes that stand in for it. */
export async function deleteTotp(tx: Tx, userId: string): Promise<void> {
  await tx.delete(backupCodes).where(eq(backupCodes.userId, userId))
  await tx.delete(totpSecrets).where(eq(totpSecrets.userId, userId))
}

/** The old ones are worth nothing from then on. */
export async function replaceBackupCodes(tx: Tx, userId: string, hashes: readonly string[]): Promise<void> {
  await tx.delete(backupCodes).where(eq(backupCodes.userId, userId))
  for (const codeHash of hashes) await tx.insert(backupCodes).values({ userId, codeHash })
}

/** Uses a backup code up; false where there is none such. */
export async function spendBackupCode(tx: Tx, userId: string, codeHash: string): Promise<boolean> {
  const mine = and(eq(backupCodes.userId, userId), eq(backupCodes.codeHash, codeHash))
  return changedRows(await tx.delete(backupCodes).where(mine)) > 0
}

export async function backupCodesLeft(db: ReadHandle, userId: string): Promise<number> {
  return (
    (await db.select({ value: count() }).from(backupCodes).where(eq(backupCodes.userId, userId)).get())
      ?.value ?? 0
  )
}
