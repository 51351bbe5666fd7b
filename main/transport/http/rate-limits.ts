import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../rpc/request-context.ts'
import type { Config } from '../../platform/config.ts'
import { networkOfAddress } from '../../platform/network-of-address.ts'
import { sendError } from './error-body.ts'
import { routeOf } from './matched-route.ts'
import { plainAddress } from './origins.ts'
import { bearerToken } from './request-context.ts'
import type { Authenticate } from './request-context.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface RateLimitOptions {
  readonly limits: Config['limits']
  readonly authenticate: Authenticate
}

/** Where somebody tries to get in: counted by address, whoever they are already. */
const signInRoutes = /^\/(?:api\/auth\/(?:login|register|recover|setup|oidc\/start)|auth\/oidc\/callback)$/
/** Everything that is counted; the page's own files and probes are not. A guessed ticket is looked up in the database. */
const countedRoutes = /^\/(?:api|auth|files)\//

/**
 * Limits how fast requests come, before their bodies are read: strangers and scripts by address, sign-in routes by
 * address too, people who are signed in each by themselves. An open stream counts once, when it is opened. The
 * authorizer of Alta servers stands outside, behind a bulkhead of its own.
 */
export function limitRequests(app: FastifyInstance, { limits, authenticate }: RateLimitOptions): void {
  if (!limits.enabled) return
  const addresses = new TokenBuckets({ perSecond: limits.addressPerSecond, burst: limits.addressBurst })
  const signIns = new TokenBuckets({ perSecond: limits.signInPerSecond, burst: limits.signInBurst })
  const people = new TokenBuckets({ perSecond: limits.personPerSecond, burst: limits.personBurst })

  app.addHook('onRequest', (request, reply, done) => {
    const route = routeOf(request)
    if (!countedRoutes.test(route)) return done()
    const now = performance.now()
    if (signInRoutes.test(route) && !(request.method === 'GET' && route === '/api/auth/setup')) {
      return admit(signIns.take(networkOf(request), now), reply, done)
    }
    const token = bearerToken(request.headers.authorization)
    const caller = token === null ? null : authenticate(token)
    if (caller === null) return admit(addresses.take(networkOf(request), now), reply, done)
    if (!(caller instanceof Promise)) return admit(people.take(caller.userId, now), reply, done)
    // A token that is seen for the first time costs a signature: until that is checked they are a stranger.
    const network = networkOf(request)
    const waitMs = addresses.take(network, now)
    if (waitMs > 0) {
      // Whoever it was, nobody waits for the answer.
      void ignoreOutcome(caller)
      return admit(waitMs, reply, done)
    }
    void caller.then(
      (known) => {
        if (known === null) return done()
        addresses.giveBack(network)
        admit(people.take(known.userId, now), reply, done)
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    )
  })
}

/** The check goes on and may fail; its request was answered already. */
async function ignoreOutcome(check: Promise<Caller | null>): Promise<void> {
  await Promise.allSettled([check])
}

function admit(waitMs: number, reply: FastifyReply, done: () => void): void {
  if (waitMs === 0) return done()
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000))
  void sendError(reply, 429, {
    code: 'TOO_MANY_REQUESTS',
    message: `These are too many requests at once. Try again in ${retryAfterSeconds === 1 ? 'a second' : `${retryAfterSeconds} seconds`}.`,
    data: { retryAfterSeconds },
  })
}

function networkOf(request: FastifyRequest): string {
  return networkOfAddress(plainAddress(request.ip))
}
