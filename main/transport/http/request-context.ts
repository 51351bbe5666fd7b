import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, RequestContext } from '../../rpc/request-context.ts'
import { CookieKeeper } from './refresh-cookie.ts'
import { plainAddress, saneHost } from './origins.ts'

/** Whose token it is; null for one that is worth nothing. */
export type Authenticate = (token: string) => Caller | null | Promise<Caller | null>

export interface ContextOptions {
  readonly authenticate: Authenticate
  readonly tlsEnabled: boolean
}

/** What the door knows about one request. A promise only for a token that is seen for the first time. */
export function requestContext(
  request: FastifyRequest,
  reply: FastifyReply,
  options: ContextOptions,
): RequestContext | Promise<RequestContext> {
  const token = bearerToken(request.headers.authorization)
  const caller = token === null ? null : options.authenticate(token)
  if (caller instanceof Promise) return caller.then((known) => contextOf(request, reply, options, known))
  return contextOf(request, reply, options, caller)
}

function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  options: ContextOptions,
  caller: Caller | null,
): RequestContext {
  const host = saneHost(request.headers.host)
  return {
    requestId: request.id,
    door: 'http',
    remoteAddress: plainAddress(request.ip),
    userAgent: request.headers['user-agent'] ?? '',
    requestOrigin: host === null ? null : `${options.tlsEnabled ? 'https' : 'http'}://${host}`,
    caller,
    refreshToken: new CookieKeeper(request, reply, options.tlsEnabled),
    window: null,
    signal: signalOf(reply),
    auditRecords: [],
  }
}

/** `Authorization: Bearer <token>` (RFC 6750, section 2.1). */
export function bearerToken(header: string | undefined): string | null {
  return header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : null
}

/** Aborted when the connection closes before the answer is out, be it by the caller or by a desk that stops. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(new Error('The caller went away.'))
  })
  return abort.signal
}
