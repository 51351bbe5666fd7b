import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorBody } from './error-body.ts'
import { sendError } from './error-body.ts'
import { isAllowedOrigin, isLoopbackAddress, isPrivateHost, isOwnOrigin } from './origins.ts'
import { routeOf } from './matched-route.ts'

export interface GateOptions {
  readonly allowedOrigins: readonly string[]
  /** While it does, only this machine may enter. */
  readonly isDefaultPasswordInUse: () => boolean
}

const loopbackOnly: ErrorBody = {
  code: 'LOOPBACK_ONLY',
  message:
    'The password of the documentation still stands, so this desk answers only its own machine. Sign in there, at http://localhost, and change it.',
}
const foreignPage: ErrorBody = {
  code: 'FOREIGN_ORIGIN',
  message: 'Pages of this origin may not call the desk. An administrator can add it to http.allowed_origins.',
}

/**
 * Turns away, before anything else is looked at: other machines while the documented password stands (by address, and
 * by the name they use, since a foreign page can give its registered name the address 127.0.0.1), and pages of other
 * origins.
 */
export function guardGate(app: FastifyInstance, options: GateOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refusalOf(request, options)
    if (refusal === null) done()
    else void sendError(reply, 403, refusal)
  })
}

/** What proxies add; on this machine one of them serves the whole world from a loopback address. */
const proxyHeaders = [
  ...['forwarded', 'via', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
  ...['x-forwarded-server', 'cf-connecting-ip', 'true-client-ip'],
]

/** Where the refresh token in the cookie does something by itself. */
const cookieRoutes = ['/api/auth/refresh', '/api/auth/logout']

function refusalOf(request: FastifyRequest, options: GateOptions): ErrorBody | null {
  const { host, origin } = request.headers
  if (options.isDefaultPasswordInUse()) {
    const peerIsLocal = isLoopbackAddress(request.socket.remoteAddress ?? '')
    const cameThroughProxy = proxyHeaders.some((name) => name in request.headers)
    const nameIsLocal = host === undefined || isPrivateHost(host)
    if (!peerIsLocal || cameThroughProxy || !nameIsLocal) return loopbackOnly
  }
  if (origin === undefined || isOwnOrigin(origin, host)) return null
  if (!isAllowedOrigin(origin, options.allowedOrigins)) return foreignPage
  // `*` lets any page read the API with a token of its own, but never use somebody's cookie.
  const usesCookie = cookieRoutes.includes(routeOf(request)) && request.headers.cookie !== undefined
  return usesCookie && !options.allowedOrigins.includes(origin) ? foreignPage : null
}

/** Answers what browsers ask before a page of another origin may call us (Fetch standard, CORS). */
export function answerCrossOrigin(app: FastifyInstance, { allowedOrigins }: GateOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (origin === undefined || isOwnOrigin(origin, request.headers.host)) return done()
    allowOrigin(reply, origin, allowedOrigins)
    if (request.method !== 'OPTIONS') return done()
    void reply
      .headers({
        'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization, content-type, last-event-id, x-request-id',
        'access-control-max-age': '600',
      })
      .code(204)
      .send()
  })
}

function allowOrigin(reply: FastifyReply, origin: string, allowed: readonly string[]): void {
  void reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-request-id, retry-after',
    vary: 'Origin',
  })
  // Cookies only for origins that are named, never for everybody.
  if (allowed.includes(origin)) void reply.header('access-control-allow-credentials', 'true')
}
