import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import fastify from 'fastify'
import type { FastifyError, FastifyInstance } from 'fastify'
import type { AreaLogger } from '../../platform/logging.ts'
import { nestsDeeper } from '../../platform/json-depth.ts'
import { fastifyRefusal, nestedTooDeep, sendError } from './error-body.ts'

export interface AppOptions {
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Proxies whose word about where a request comes from is believed; of others `request.ip` is the peer itself. */
  readonly trustedProxies: readonly string[]
  readonly log: AreaLogger
}

const bodyLimitBytes = 1024 * 1024
const longestParameter = 300
/** No input of ours has more than a few levels. */
const deepestBody = 50
const saneRequestId = /^[\w.:/+=-]{8,128}$/

/**
 * An empty Fastify with the manners of our listeners: bounded bodies and times, JSON only, a request id on every answer,
 * and refusals as `{code, message}` wherever they come from.
 */
export function makeApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: options.readTimeoutMs,
    keepAliveTimeout: options.idleTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: longestParameter },
    http: {
      // Fastify sets it too late: Node refuses a `headersTimeout` above the limit that holds when the server is made.
      requestTimeout: options.readTimeoutMs,
      headersTimeout: options.readTimeoutMs,
      // How often Node looks for requests that take too long to arrive.
      connectionsCheckingInterval: Math.min(1000, options.readTimeoutMs),
    },
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && saneRequestId.test(given) ? given : randomUUID()
    },
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-request-id', request.id)
      const refusal = fastifyRefusal(error)
      if (refusal) void sendError(reply, refusal.status, refusal.body)
      else void sendError(reply, 400, { code: 'BAD_REQUEST', message: 'The request is not understood.' })
    },
    clientErrorHandler: refuseBrokenRequest,
  })
  acceptJsonOnly(app)
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(options.headers).header('x-request-id', request.id)
    done()
  })
  // Node counts a socket timeout from the last byte that moved, so this bounds the time without progress.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.raw.socket?.setTimeout(options.writeTimeoutMs)
    done(null, payload)
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = fastifyRefusal(error)
    if (refusal) return sendError(reply, refusal.status, refusal.body)
    options.log.error('a request failed by a mistake of ours', { requestId: request.id, error })
    return sendError(reply, 500, {
      code: 'INTERNAL',
      message: `Something went wrong inside the desk. Its log says more under the request id ${request.id}.`,
      data: { requestId: request.id },
    })
  })
  app.setNotFoundHandler((_request, reply) =>
    sendError(reply, 404, { code: 'NOT_FOUND', message: 'There is nothing at this address.' }),
  )
  return app
}

/** Fastify's own parser, which refuses `__proto__`; an empty body counts as none, as clients send it with DELETE. */
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else if (nestsDeeper(body.toString(), deepestBody))
      done(Object.assign(new Error('The body is nested too deep.'), { statusCode: 400, code: nestedTooDeep }))
    else void parse(request, body.toString(), done)
  })
}

/** A request that Node itself could not read: there is no request object to answer with. */
function refuseBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code, message] = brokenRequests[error.code ?? ''] ?? [
    '400 Bad Request',
    'BAD_REQUEST',
    'This is not an HTTP request.',
  ]
  const body = JSON.stringify({ code, message })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

const brokenRequests: Readonly<Record<string, readonly [string, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    'REQUEST_TIMEOUT',
    'The request took too long to arrive.',
  ],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'HEADERS_TOO_LARGE',
    'The headers of the request are too large.',
  ],
}
