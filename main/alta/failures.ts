import { errors } from 'undici'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import { maskText } from '../platform/redaction.ts'
import { AltaProblem } from './alta-problem.ts'
import { diskFullPattern, saysUnknownReceiver } from './assumptions.ts'

/** Codes of OpenSSL's verification (X509_V_ERR_*) and of Node's own check of the name. */
const tlsCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

const socketDetails: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'the name of the host could not be looked up',
  ECONNREFUSED: 'the connection was refused: nothing listens at this port',
  ECONNRESET: 'the connection was closed before the answer was complete',
  EHOSTDOWN: 'the host is down',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network of the host',
  ENOTFOUND: 'the name of the host is not known',
  EPIPE: 'the connection was closed before the answer was complete',
  ETIMEDOUT: 'the host did not take the connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'the host did not take the connection in time',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
}

/** Failures that say something about the server as a whole: so many in a row open its breaker. */
const serverFailures = new Set<AltaProblemCode>([
  'ALTA_UNREACHABLE',
  'ALTA_TLS_UNTRUSTED',
  'ALTA_SLOW',
  'ALTA_NOT_ALTA',
  'ALTA_HUGE_ANSWER',
  'ALTA_ERROR',
])

/** Whether the breaker counts it. */
export function isServerFailure(error: unknown): boolean {
  return error instanceof AltaProblem && serverFailures.has(error.code)
}

/** Whether the same call may succeed a moment later. */
export function isRetryable(error: unknown): boolean {
  return error instanceof AltaProblem && error.retryable
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** What a failure of a socket, of TLS or of HTTP itself means; unknown errors (bugs of ours) come back as they are. */
export function problemOfError(error: unknown): unknown {
  if (error instanceof AltaProblem) return error
  const code = codeOf(error)
  if (tlsCodes.has(code)) {
    return new AltaProblem('ALTA_TLS_UNTRUSTED', { detail: code, cause: error })
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const detail = 'no TLS is spoken at this port: use the http address'
    return new AltaProblem('ALTA_UNREACHABLE', { detail, cause: error })
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return new AltaProblem('ALTA_HUGE_ANSWER', { cause: error })
  if (error instanceof errors.HTTPParserError || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not HTTP', cause: error })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new AltaProblem('ALTA_SLOW', { retryable: true, cause: error })
  }
  const detail = socketDetails[code] ?? systemDetail(error, code)
  if (detail !== undefined) {
    return new AltaProblem('ALTA_UNREACHABLE', { detail, retryable: true, cause: error })
  }
  if (error instanceof errors.ResponseContentLengthMismatchError || isTermination(error)) {
    const cut = 'the connection was closed before the answer was complete'
    return new AltaProblem('ALTA_UNREACHABLE', { detail: cut, retryable: true, cause: error })
  }
  return error
}

/** Failures of the system's own calls, and of a TLS handshake, that have no words of their own here. */
function systemDetail(error: unknown, code: string): string | undefined {
  const isSystem = typeof error === 'object' && error !== null && 'syscall' in error
  return isSystem || code.startsWith('ERR_TLS_') ? `the connection failed: ${code}` : undefined
}

/** undici wraps a body that broke off in a bare `TypeError: terminated`. */
function isTermination(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'terminated'
}

const longestDetail = 200
/** Alta's errors are one sentence; a longer body is none of its own. */
const longestErrorBody = 4096

/** What Alta itself says is wrong (`{"error": "..."}`), short and without secrets. */
function messageOf(body: string): string {
  if (body.length > longestErrorBody) return ''
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return ''
    return typeof parsed.error === 'string' ? maskText(parsed.error, longestDetail) : ''
  } catch (error) {
    // Error bodies are not documented: one that is no JSON says nothing to us.
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

/**
 * What a status outside 2xx means where the call has no meaning of its own for it. `retryable` for 5xx, which may pass.
 */
export function problemOfStatus(status: number, body: string): AltaProblem {
  const said = messageOf(body)
  const detail = said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`
  if (diskFullPattern.test(said) || status === 507)
    return new AltaProblem('ALTA_DISK_FULL', { detail, status })
  if (status === 403) return new AltaProblem('ALTA_OBSERVER', { detail, status })
  if (status >= 500) return new AltaProblem('ALTA_ERROR', { detail, status, retryable: true })
  if (status === 422 && saysUnknownReceiver(said)) {
    return new AltaProblem('ALTA_RECEIVER_MISSING', { detail, status })
  }
  if (status === 404 || status === 405 || status === 421 || (status >= 300 && status < 400)) {
    return new AltaProblem('ALTA_NOT_ALTA', { detail, status })
  }
  return new AltaProblem('ALTA_ERROR', { detail, status })
}
