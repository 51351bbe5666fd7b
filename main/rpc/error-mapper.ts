import { ORPCError, ValidationError } from '@orpc/server'
import type { AreaLogger } from '../platform/logging.ts'
import { QueryTimeoutError, StoreUnavailableError } from '../store/store-errors.ts'
import { AppError } from './app-error.ts'
import type { RequestContext } from './request-context.ts'

type Answer = ORPCError<string, unknown>
type ErrorConstructor = (options: { message?: string; data?: unknown; cause?: unknown }) => Answer

/** A constructor for each code that a procedure declares, as oRPC hands it to handlers and middlewares. */
export type ErrorConstructors = Readonly<Record<string, ErrorConstructor>>

/**
 * The answer for whatever went wrong: expected failures with the code, status and message that the contract declares; a
 * failed database as unavailable; anything else is an internal error, which is logged with its stack and answered as
 * INTERNAL with the request id, so that nothing leaks. `errors` are the constructors of the procedure that was called.
 */
export function mapError(
  error: unknown,
  errors: ErrorConstructors,
  context: RequestContext,
  log: AreaLogger,
): Answer {
  if (error instanceof AppError) {
    const answer = ofAppError(error, errors)
    if (answer === null) return internal(error, context, log)
    if (answer.status >= 500)
      log.warn('a request could not be served', { requestId: context.requestId, error })
    return answer
  }
  if (error instanceof StoreUnavailableError || error instanceof QueryTimeoutError) {
    log.warn('the database could not serve a request', { requestId: context.requestId, error })
    return new ORPCError('STORE_UNAVAILABLE', { status: 503, message: error.message })
  }
  if (error instanceof ORPCError && error.code !== 'INTERNAL_SERVER_ERROR') return withFields(error)
  return internal(error, context, log)
}

/** Null where the procedure does not declare the code: its clients would not expect it. */
function ofAppError({ code, ownMessage, params, cause }: AppError, errors: ErrorConstructors): Answer | null {
  const answer = errors[code]?.({
    ...(ownMessage !== undefined && { message: ownMessage }),
    data: params,
    cause,
  })
  return answer?.defined === true ? answer : null
}

function internal(error: unknown, context: RequestContext, log: AreaLogger): Answer {
  const { requestId } = context
  if (context.signal.aborted) log.debug('a request was left by its caller', { requestId, error })
  else log.error('internal error', { requestId, error })
  return new ORPCError('INTERNAL', {
    status: 500,
    message: `Something went wrong inside the desk. Its log says more under the request id ${requestId}.`,
    data: { requestId },
  })
}

/** Names each field of an invalid input with what is wrong with it. */
function withFields(error: Answer): Answer {
  if (!(error.cause instanceof ValidationError)) return error
  const issues = error.cause.issues.map((issue) => ({
    field: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message: plainMessage(issue.message),
  }))
  return new ORPCError('BAD_REQUEST', {
    status: 400,
    message: 'The request is not understood. Correct the named fields.',
    data: { issues },
  })
}

/** The schema library speaks of undefined where a caller left a field out. */
function plainMessage(message: string): string {
  const missing = /^Invalid input: expected (\w+), received undefined$/.exec(message)
  return missing ? `This field is missing: it takes ${article(missing[1] ?? 'value')}.` : message
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}
