import { usernameLength } from '../../shared/domain/usernames.ts'

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
