import { usernameLength } from '../../shared/domain/usernames.ts'
import { AppError } from '../rpc/app-error.ts'
import type { ReadHandle } from '../store/store-types.ts'
import { userByEmail, userByName } from './queries.ts'
import type { UserRow } from './queries.ts'

/** Addresses are the same without regard to case. */
export function storedEmail(email: string): string {
  return email.trim().toLowerCase()
}

/** Usernames are the same without regard to case. */
export function storedUsername(username: string): string {
  return username.trim().toLowerCase()
}

/**
 * A username as near to `wanted` as the rules allow, with a numeric suffix where `isTaken` says so: for people who did
 * not choose one themselves.
 */
export async function usernameLike(
  wanted: string,
  isTaken: (username: string) => Promise<boolean>,
): Promise<string> {
  const { shortest, longest } = usernameLength
  const plain = wanted
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, longest)
  const base = /[a-z0-9]/.test(plain) ? plain.padEnd(shortest, '-') : 'user'
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : String(number)
    const username = base.slice(0, longest - suffix.length) + suffix
    if (!(await isTaken(username))) return username
  }
}

/** Throws EMAIL_TAKEN or USERNAME_TAKEN where somebody other than `id` has that name; `id` null for an account to be made. */
export async function refuseTaken(
  db: ReadHandle,
  id: string | null,
  { email, username }: Pick<UserRow, 'email' | 'username'>,
): Promise<void> {
  const isOther = (found: UserRow | undefined): boolean => found !== undefined && found.id !== id
  if (isOther(await userByEmail(db, email))) throw new AppError('EMAIL_TAKEN')
  if (isOther(await userByName(db, username))) throw new AppError('USERNAME_TAKEN')
}
