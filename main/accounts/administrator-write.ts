import { AppError } from '../rpc/app-error.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { AuditParts, RequestContext } from '../rpc/request-context.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, Store, Tx } from '../store/store-types.ts'
import type { Account } from './account-cache.ts'
import { otherAdministrators, userById } from './queries.ts'
import type { UserRow } from './queries.ts'

/**
 * A write of an administrator about an account. Throws UNAUTHORIZED or FORBIDDEN where the caller lost the right meanwhile: a
 * password may have been hashed since they asked.
 */
export function administratorWrite<T>(
  store: Store,
  context: RequestContext,
  parts: AuditParts | ((result: T) => AuditParts),
  changes: readonly Change[] | ((result: T) => readonly Change[]),
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const audit = (result: T): AuditRecord =>
    auditRecord(context, typeof parts === 'function' ? parts(result) : parts)
  return store.write({ audit, changes }, async (tx) => {
    const caller = await userById(tx, signedInCaller(context).userId)
    if (caller?.disabled !== false) throw new AppError('UNAUTHORIZED')
    if (!caller.admin) throw new AppError('FORBIDDEN')
    return work(tx)
  })
}

/**
 * Administrators prove who they are before they change their own ways in, like everybody: else a page that was left open
 * would be enough to take the account over. Throws OWN_ACCOUNT.
 */
export function refuseOneself(context: RequestContext, { id }: Account, what: string, route: string): void {
  if (id !== signedInCaller(context).userId) return
  const message = `This is your own account. Change its ${what} on your account page (${route}), which asks for your password.`
  throw new AppError('OWN_ACCOUNT', { message })
}

/** Answers the account, which somebody wants to delete, demote or disable. Throws NOT_FOUND or LAST_ADMIN. */
export async function refuseLastAdministrator(tx: Tx, id: string): Promise<UserRow> {
  const user = await userById(tx, id)
  if (!user) throw new AppError('NOT_FOUND')
  if (user.admin && !user.disabled && (await otherAdministrators(tx, id)) === 0)
    throw new AppError('LAST_ADMIN')
  return user
}
