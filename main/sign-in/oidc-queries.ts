import { and, eq } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { oidcIdentities, users } from '../store/tables/identity.ts'
import type { UserRow } from '../accounts/queries.ts'

/** Whose account this identity of a provider is linked to. */
export async function userByOidc(
  db: ReadHandle,
  issuer: string,
  subject: string,
): Promise<UserRow | undefined> {
  return (
    await db
      .select({ user: users })
      .from(oidcIdentities)
      .innerJoin(users, eq(users.id, oidcIdentities.userId))
      .where(and(eq(oidcIdentities.issuer, issuer), eq(oidcIdentities.subject, subject)))
      .get()
  )?.user
}

export async function insertOidcIdentity(tx: Tx, row: typeof oidcIdentities.$inferInsert): Promise<void> {
  await tx.insert(oidcIdentities).values(row)
}
