import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { routeOf } from './matched-route.ts'

/** What Alta asks when a client starts a channel; `query` is the client's, `headers` are Alta's. */
export interface AuthorizeQuestion {
  readonly serverId: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly requestId: string
}

/** True allows the client. */
export type Authorize = (question: AuthorizeQuestion) => boolean | Promise<boolean>

const authorizePath = '/alta/:serverId/authorize'

/** A wall that opens asks for each of its tiles at once; beyond this, Alta would only wait in vain. */
const mostAtOnce = 512

/**
 * `GET /alta/{serverId}/authorize`, Alta's HTTP backend: 200 allows, anything else denies. Whoever asks must bring a
 * ticket that we signed, so there is no other check and no rate limit here, only a bulkhead.
 */
export function serveAuthorize(app: FastifyInstance, authorize: Authorize): void {
  let running = 0
  // Only Alta sends these two: at any other address its question is answered no, never with somebody else's 200.
  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request
    const asks = headers['x-session-id'] !== undefined || headers['x-real-path'] !== undefined
    if (!asks || routeOf(request) === authorizePath) return done()
    void reply.code(403).send()
  })
  // Any other method or address here is no question of ours; the page's document, with its 200, would say yes to it.
  // Said before a body is read: anybody may ask.
  const refuse = (_request: FastifyRequest, reply: FastifyReply): void => void reply.code(403).send()
  app.all('/alta/*', { onRequest: refuse }, refuse)
  app.get(authorizePath, async (request, reply) => {
    if (running >= mostAtOnce) return reply.code(503).send()
    running += 1
    try {
      const allowed = await authorize({
        serverId: (request.params as { serverId: string }).serverId,
        query: request.query as Record<string, unknown>,
        headers: request.headers,
        requestId: request.id,
      })
      return reply.code(allowed ? 200 : 403).send()
    } finally {
      running -= 1
    }
  })
}
