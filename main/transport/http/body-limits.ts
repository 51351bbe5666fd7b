import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { commonErrors } from '../../../shared/contract/errors.ts'
import { sendError } from './error-body.ts'
import type { ErrorBody } from './error-body.ts'
import { bearerToken } from './request-context.ts'
import type { Authenticate } from './request-context.ts'

/** Enough for a name, a password and a code, which is all that a request without a sign-in brings. */
const anonymousBytes = 16 * 1024

const tooLarge: ErrorBody = {
  code: 'PAYLOAD_TOO_LARGE',
  message: 'Sign in before you send a body larger than 16 kB.',
}
const unknownLength: ErrorBody = {
  code: 'LENGTH_REQUIRED',
  message: 'Sign in before you send a body without the header Content-Length.',
}

const signInFirst: ErrorBody = { code: 'UNAUTHORIZED', message: commonErrors.UNAUTHORIZED.message }

/**
 * Refuses the large bodies of people who are not signed in before they are read: to parse a megabyte takes the main thread
 * up to half a second, and it would be done only to say that one must sign in.
 */
export function limitAnonymousBodies(app: FastifyInstance, authenticate: Authenticate): void {
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refusalOf(request)
    // Most requests bring no body, and must not wait for a promise.
    if (refusal === null) return done()
    refuseAnonymous(request, reply, refusal, authenticate).then(
      (isRefused) => {
        if (!isRefused) done()
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    )
  })
}

async function refuseAnonymous(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: ErrorBody,
  authenticate: Authenticate,
): Promise<boolean> {
  const token = bearerToken(request.headers.authorization)
  if (token !== null && (await authenticate(token)) !== null) return false
  if (token === null) void sendError(reply, refusal === tooLarge ? 413 : 411, refusal)
  // A page whose token has expired renews it, and sends its body again.
  else void sendError(reply, 401, signInFirst)
  return true
}

function refusalOf({ headers }: FastifyRequest): ErrorBody | null {
  if (headers['transfer-encoding'] !== undefined) return unknownLength
  return Number(headers['content-length'] ?? 0) > anonymousBytes ? tooLarge : null
}

/** Answers requests to addresses that nobody serves before their bodies are read. */
export function refuseUnknownAddresses(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) reply.callNotFound()
    else done()
  })
}
