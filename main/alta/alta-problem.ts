import { altaProblems } from '../../shared/domain/alta-problems.ts'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import { AppError } from '../rpc/app-error.ts'

export interface AltaProblemOptions {
  /** What was seen, in a few words; never a password, a token or a whole answer. */
  readonly detail?: string
  /** Whether the same call may succeed a moment later. */
  readonly retryable?: boolean
  /** The HTTP status behind it, where there was one. */
  readonly status?: number
  /** The field of a server's form that it is about, where the code does not say so. */
  readonly field?: 'streamUrl'
  readonly cause?: unknown
}

/** The field of a server's form that a problem is about. */
const fields: Partial<Record<AltaProblemCode, string>> = {
  ALTA_UNREACHABLE: 'baseUrl',
  ALTA_ADDRESS_REFUSED: 'baseUrl',
  ALTA_TLS_UNTRUSTED: 'baseUrl',
  ALTA_NOT_ALTA: 'baseUrl',
  ALTA_HUGE_ANSWER: 'baseUrl',
  ALTA_WRONG_PASSWORD: 'password',
  ALTA_OBSERVER: 'login',
  ALTA_OTT_CLOSED: 'streamUrl',
  ALTA_NO_OTT: 'streamUrl',
  ALTA_RECEIVER_MISSING: 'receiverId',
}

/** Something is wrong with an Alta server, or between it and the desk. `message` is the sentence people read. */
export class AltaProblem extends AppError<AltaProblemCode> {
  readonly detail: string
  readonly retryable: boolean
  readonly status: number | null

  constructor(code: AltaProblemCode, options: AltaProblemOptions = {}) {
    const { detail = '', field = fields[code], cause } = options
    const params = { ...(detail !== '' && { detail }), ...(field !== undefined && { field }) }
    super(code, { message: altaProblems[code], params, cause })
    this.name = 'AltaProblem'
    this.detail = detail
    this.retryable = options.retryable ?? false
    this.status = options.status ?? null
  }
}
