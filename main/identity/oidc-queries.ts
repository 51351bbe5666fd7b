import { and, eq } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { oidcIdentities, users } from '../store/tables/identity.ts'
import type { UserRow } from './queries.ts'

/** Whose account this identity of a provider is linked to. */
export function userByOidc(db: ReadHandle, issuer: string, subject: string): UserRow | undefined {
  return db
    .select({ user: users })
    .from(oidcIdentities)
    .innerJoin(users, eq(users.id, oidcIdentities.userId))
    .where(and(eq(oidcIdentities.issuer, issuer), eq(oidcIdentities.subject, subject)))
    .get()?.user
}

export function insertOidcIdentity(tx: Tx, row: typeof oidcIdentities.$inferInsert): void {
  tx.insert(oidcIdentities).values(row).run()
}
