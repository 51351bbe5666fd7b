import { webOrigin } from '../../../shared/domain/web-origins.ts'
import { failureCode, failureSentence, fieldFailures } from '../../ui/failures.ts'
import type { FieldFailure } from '../../ui/failures.ts'

/** Fields of the server form, as the contract names them. */
export type ServerField =
  'name' | 'baseUrl' | 'streamUrl' | 'login' | 'password' | 'whepPath' | 'viewerAddress'

/** Where each failure of a verification is mended; what is not here concerns the server as a whole. */
const fieldOfCode: Readonly<Record<string, ServerField>> = {
  ALTA_UNREACHABLE: 'baseUrl',
  ALTA_ADDRESS_REFUSED: 'baseUrl',
  ALTA_TLS_UNTRUSTED: 'baseUrl',
  ALTA_NOT_ALTA: 'baseUrl',
  ALTA_HUGE_ANSWER: 'baseUrl',
  ALTA_SLOW: 'baseUrl',
  ALTA_WRONG_PASSWORD: 'password',
  ALTA_OBSERVER: 'login',
  ALTA_OTT_CLOSED: 'streamUrl',
  SERVER_EXISTS: 'baseUrl',
}

/** The problems that stand beside a field; the desk's own choice of the field wins. */
export function problemBeside(failure: unknown): FieldFailure[] {
  const named = fieldFailures(failure)
  if (named.length > 0) return named
  const field = fieldOfCode[failureCode(failure) ?? '']
  return field ? [{ field, message: failureSentence(failure) }] : []
}

/** The origin of a typed address, or the text itself while it is none: two that differ are two servers. */
export function originOf(address: string): string {
  return webOrigin(address.trim()) ?? address.trim()
}
