import type { AnySchema, InferContractRouterErrorMap, InferSchemaInput } from '@orpc/contract'
import type { contract } from '../../shared/contract/contract.ts'

type ErrorMaps = InferContractRouterErrorMap<typeof contract>
type CodesOf<Errors> = Errors extends unknown ? Extract<keyof Errors, string> : never

/** Every code that a procedure of the contract declares. */
export type ErrorCode = CodesOf<ErrorMaps>

type ItemsOf<Errors, Code extends string> = Errors extends unknown
  ? Code extends keyof Errors
    ? Errors[Code]
    : never
  : never
type ParamsOf<Item> = Item extends { data: infer Schema extends AnySchema } ? InferSchemaInput<Schema> : never

export interface AppErrorOptions<Code extends ErrorCode> {
  /** What this case says beyond the contract's message for the code, which is used where this is left out. */
  readonly message?: string | undefined
  /** What the contract promises beside the code (`data` of the answer). */
  readonly params?: ParamsOf<ItemsOf<ErrorMaps, Code>>
  readonly cause?: unknown
}

/**
 * An expected failure: one of the codes of the contract, its parameters and its cause. `error-mapper.ts` makes the
 * answer of it, once, with the status and the message that the procedure declares for the code.
 */
export class AppError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  /** The message of this case; undefined where the contract's is used. */
  readonly ownMessage: string | undefined
  readonly params: unknown

  constructor(code: Code, { message, params, cause }: AppErrorOptions<Code> = {}) {
    super(message ?? code, cause === undefined ? undefined : { cause })
    this.name = 'AppError'
    this.code = code
    this.ownMessage = message
    this.params = params
  }
}

/** BAD_REQUEST for an input that is well formed and still cannot be; `field` as the request names it. */
export function invalidField(field: string, message: string): AppError<'BAD_REQUEST'> {
  return new AppError('BAD_REQUEST', { params: { issues: [{ field, message }] } })
}
