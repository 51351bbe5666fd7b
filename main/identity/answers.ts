import { ORPCError, ValidationError } from '@orpc/server'
import type { AreaLogger } from '../platform/logging.ts'
import { QueryTimeoutError, StoreUnavailableError } from '../store/store-errors.ts'
import { AccountLockedError } from './lockout.ts'
import { PasswordProcessError, TooManySignInsError } from './passwords.ts'
import type { RequestContext } from './request-context.ts'

type Answer = ORPCError<string, unknown>

/**
 * What a caller is told about whatever went wrong: their own mistakes and the world's troubles as they are; a bug of
 * ours is logged with its stack and answered as INTERNAL with the request id, so that nothing leaks.
 */
export function asAnswer(error: unknown, context: RequestContext, log: AreaLogger): Answer {
  if (error instanceof ORPCError && error.code !== 'INTERNAL_SERVER_ERROR') return withFields(error)
  if (error instanceof TooManySignInsError) {
    const data = { retryAfterSeconds: error.retryAfterSeconds }
    return new ORPCError('TOO_MANY_REQUESTS', { status: 429, message: error.message, data })
  }
  if (error instanceof AccountLockedError) {
    const data = { retryAfterSeconds: error.retryAfterSeconds }
    return new ORPCError('ACCOUNT_LOCKED', { status: 429, message: error.message, data })
  }
  if (error instanceof PasswordProcessError) {
    log.error('the process that checks passwords ended', { requestId: context.requestId, error })
    return new ORPCError('PASSWORDS_UNAVAILABLE', { status: 503, message: error.message })
  }
  if (error instanceof StoreUnavailableError || error instanceof QueryTimeoutError) {
    log.warn('the database could not serve a request', { requestId: context.requestId, error })
    return new ORPCError('STORE_UNAVAILABLE', { status: 503, message: error.message })
  }
  return internalAnswer(error, context, log)
}

function internalAnswer(error: unknown, context: RequestContext, log: AreaLogger): Answer {
  const { requestId } = context
  if (context.signal.aborted) log.debug('a request was left by its caller', { requestId, error })
  else log.error('a request failed by a mistake of ours', { requestId, error })
  return new ORPCError('INTERNAL', {
    status: 500,
    message: `Something went wrong inside the desk. Its log says more under the request id ${requestId}.`,
    data: { requestId },
  })
}

/** Names each field of a refused input with what is wrong with it. */
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
