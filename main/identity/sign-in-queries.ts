import { and, count, eq, gt, inArray, lt, lte } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { backupCodes, signInFailures, totpSecrets } from '../store/tables/identity.ts'

export type FailuresRow = typeof signInFailures.$inferSelect
export type TotpRow = typeof totpSecrets.$inferSelect

export function failuresOf(db: ReadHandle, account: string): FailuresRow | undefined {
  return db.select().from(signInFailures).where(eq(signInFailures.account, account)).get()
}

/** Which of these accounts are locked at `now` until `latest` at most, and until when. */
export function locksOf(
  db: ReadHandle,
  accounts: readonly string[],
  now: number,
  latest: number,
): Map<string, number> {
  const { account, lockedUntil } = signInFailures
  const rows = db
    .select({ account, lockedUntil })
    .from(signInFailures)
    .where(and(inArray(account, [...accounts]), gt(lockedUntil, now), lte(lockedUntil, latest)))
    .all()
  return new Map(rows.map((row) => [row.account, row.lockedUntil ?? now]))
}

export function putFailures(tx: Tx, row: FailuresRow): void {
  const { account: _account, ...changes } = row
  tx.insert(signInFailures)
    .values(row)
    .onConflictDoUpdate({ target: signInFailures.account, set: changes })
    .run()
}

export function deleteFailures(tx: Tx, account: string): void {
  tx.delete(signInFailures).where(eq(signInFailures.account, account)).run()
}

export function deleteForgottenFailures(tx: Tx, now: number): void {
  tx.delete(signInFailures).where(lt(signInFailures.forgetAt, now)).run()
}

export function allTotp(db: ReadHandle): TotpRow[] {
  return db.select().from(totpSecrets).all()
}

export function totpOf(db: ReadHandle, userId: string): TotpRow | undefined {
  return db.select().from(totpSecrets).where(eq(totpSecrets.userId, userId)).get()
}

export function putTotp(tx: Tx, row: TotpRow): void {
  const { userId: _userId, ...changes } = row
  tx.insert(totpSecrets).values(row).onConflictDoUpdate({ target: totpSecrets.userId, set: changes }).run()
}

export function updateTotp(tx: Tx, userId: string, changes: Partial<Omit<TotpRow, 'userId'>>): void {
  tx.update(totpSecrets).set(changes).where(eq(totpSecrets.userId, userId)).run()
}

/** With the codes that stand in for it. */
export function deleteTotp(tx: Tx, userId: string): void {
  tx.delete(backupCodes).where(eq(backupCodes.userId, userId)).run()
  tx.delete(totpSecrets).where(eq(totpSecrets.userId, userId)).run()
}

/** The old ones are worth nothing from then on. */
export function replaceBackupCodes(tx: Tx, userId: string, hashes: readonly string[]): void {
  tx.delete(backupCodes).where(eq(backupCodes.userId, userId)).run()
  for (const codeHash of hashes) tx.insert(backupCodes).values({ userId, codeHash }).run()
}

/** Uses a backup code up; false where there is none such. */
export function spendBackupCode(tx: Tx, userId: string, codeHash: string): boolean {
  const mine = and(eq(backupCodes.userId, userId), eq(backupCodes.codeHash, codeHash))
  return tx.delete(backupCodes).where(mine).run().changes > 0
}

export function backupCodesLeft(db: ReadHandle, userId: string): number {
  return (
    db.select({ value: count() }).from(backupCodes).where(eq(backupCodes.userId, userId)).get()?.value ?? 0
  )
}
