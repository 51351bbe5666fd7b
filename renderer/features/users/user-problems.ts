import { failureCode, failureSentence, fieldFailures } from '../../ui/failures.ts'
import type { FieldFailure } from '../../ui/failures.ts'

/** Fields of the form of a person, as the contract names them. */
export type UserField = 'displayName' | 'username' | 'email' | 'password'

const fieldOfCode: Readonly<Record<string, UserField>> = {
  EMAIL_TAKEN: 'email',
  USERNAME_TAKEN: 'username',
  WEAK_PASSWORD: 'password',
}

/** The problems that stand beside a field; what concerns the account as a whole (the last administrator) is not here. */
export function problemBeside(failure: unknown): FieldFailure[] {
  const named = fieldFailures(failure)
  if (named.length > 0) return named
  const field = fieldOfCode[failureCode(failure) ?? '']
  return field ? [{ field, message: failureSentence(failure) }] : []
}
