import { emailSchema } from '../../shared/contract/auth.ts'
import { toOneLine } from '../../shared/domain/one-line.ts'
import { storedEmail, usernameLike } from '../accounts/account-names.ts'
import { userByEmail, userByName } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import { newId } from '../platform/ids.ts'
import { AppError } from '../rpc/app-error.ts'
import type { ReadHandle } from '../store/store-types.ts'
import type { OidcPerson } from './oidc-provider.ts'

/**
 * The account that an administrator prepared for this person of the provider; undefined where there is none. Never by an
 * address that the provider has not verified, or that nobody but its owner vouched for here.
 */
export async function preparedAccount(
  db: ReadHandle,
  { email, emailVerified }: OidcPerson,
): Promise<UserRow | undefined> {
  const user = email !== null && emailVerified ? await userByEmail(db, storedEmail(email)) : undefined
  return user?.emailVouched ? user : undefined
}

/** The address that the provider gives, as it is stored. Throws SSO_NO_ACCOUNT where it gives none. */
export function emailOf({ email }: OidcPerson): string {
  const parsed = emailSchema.safeParse(email)
  if (!parsed.success)
    throw new AppError('SSO_NO_ACCOUNT', { message: 'The provider gives no e-mail address.' })
  return storedEmail(parsed.data)
}

/** As a person could have typed it; null where the provider gives none. */
function nameOf(displayName: string | null): string | null {
  return toOneLine(displayName ?? '').slice(0, 100) || null
}

/** The row of an account for somebody whom the provider knows; their username is free in `db`. `createdAt` in ms since the epoch. */
export async function newAccount(
  db: ReadHandle,
  { preferredUsername, displayName }: OidcPerson,
  email: string,
  createdAt: number,
): Promise<UserRow> {
  const local = email.slice(0, email.indexOf('@'))
  const username = await usernameLike(
    preferredUsername ?? local,
    async (name) => (await userByName(db, name)) !== undefined,
  )
  return {
    id: newId(),
    email,
    username,
    displayName: nameOf(displayName) ?? username,
    passwordHash: '',
    mustChangePassword: false,
    documentedPassword: false,
    admin: false,
    disabled: false,
    version: 1,
    createdAt,
    emailVouched: false,
    recoveryHash: null,
    lastActiveAt: null,
  }
}
