import { isUsername, usernameLength } from '../../../shared/domain/usernames.ts'

/** A username made of the part of an e-mail address before the @; empty where nothing fitting is left of it. */
export function suggestedUsername(email: string): string {
  const local = email.trim().split('@')[0] ?? ''
  const plain = local
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '')
    .slice(0, usernameLength.longest)
  return isUsername(plain) ? plain : ''
}
