import type { Passwords } from './passwords.ts'
import { AppError } from '../rpc/app-error.ts'

/** What a new password must not be made of. */
export interface OwnWords {
  readonly email: string
  readonly username: string
  readonly displayName: string
}

/** Throws WEAK_PASSWORD with the reason, where a new password is too easy to guess for this person. */
export async function refuseWeak(
  passwords: Passwords,
  password: string,
  { email, username, displayName }: OwnWords,
  signal?: AbortSignal,
): Promise<void> {
  const weakness = await passwords.weaknessOf(password, [email, username, displayName], signal)
  if (weakness !== null) throw new AppError('WEAK_PASSWORD', { message: weakness })
}
