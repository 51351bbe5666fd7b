import { altaProblems } from '../../shared/domain/alta-problems.ts'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'

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

/** Something is wrong with an Alta server, or between it and the desk. `message` is the sentence people read. */
export class AltaProblem extends Error {
  readonly code: AltaProblemCode
  readonly detail: string
  readonly retryable: boolean
  readonly status: number | null
  readonly field: 'streamUrl' | null

  constructor(code: AltaProblemCode, options: AltaProblemOptions = {}) {
    super(altaProblems[code], options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AltaProblem'
    this.code = code
    this.detail = options.detail ?? ''
    this.retryable = options.retryable ?? false
    this.status = options.status ?? null
    this.field = options.field ?? null
  }
}
