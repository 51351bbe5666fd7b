import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { AnyRouter } from '@orpc/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FileRequest } from '../../files/downloads.ts'
import type { Config } from '../../platform/config.ts'
import { pause } from '../../platform/lifecycle.ts'
import type { Service } from '../../platform/lifecycle.ts'
import type { AreaLogger } from '../../platform/logging.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { DegradedPart } from '../../platform/service-health.ts'
import type { ListenAddress } from '../../platform/setting-kinds.ts'
import { serveApiPage } from './api-page.ts'
import { serveProcedures } from './api-routes.ts'
import { serveAuthorize } from './authorize-route.ts'
import type { Authorize } from './authorize-route.ts'
import { limitAnonymousBodies, refuseUnknownAddresses } from './body-limits.ts'
import { ConnectionLimit, connectionLimits, refuseBeyond } from './connection-limit.ts'
import { makeApp } from './fastify-app.ts'
import { serveFiles } from './file-routes.ts'
import { answerCrossOrigin, guardGate } from './origin-guard.ts'
import { serveOpenApi } from './openapi-routes.ts'
import { limitRequests } from './rate-limits.ts'
import { serveSingleSignOn } from './oidc-routes.ts'
import type { SsoDoor } from './oidc-routes.ts'
import { routeOf } from './matched-route.ts'
import { servePage } from './page-routes.ts'
import { serveProbes } from './probes.ts'
import { readPageCookie } from './refresh-cookie.ts'
import type { PageSignIn } from './refresh-cookie.ts'
import { requestContext } from './request-context.ts'
import type { Authenticate } from './request-context.ts'
import { closedContentPolicy, securityHeaders } from './security-headers.ts'

export interface HttpDoorOptions {
  readonly config: Pick<Config, 'env' | 'http' | 'limits'>
  /** How many descriptors the process may have open. */
  readonly descriptors: number
  readonly version: string
  /** The folder of the built page (out/renderer). */
  readonly pageFolder: string
  /** The guarded router, which the other door serves too; asked when the door is opened. */
  readonly router: () => AnyRouter
  readonly authenticate: Authenticate
  /** Whether a sign-in has not ended: the page of its person may load pictures from the Alta servers. */
  readonly isSignInLive: (page: PageSignIn) => Promise<boolean>
  readonly isDefaultPasswordInUse: () => boolean
  readonly streamOrigins: () => readonly string[]
  readonly authorize: Authorize
  /** Answers a request for a ticketed file; null where there is none. */
  readonly answerFile: (request: FileRequest) => Promise<Response | null>
  readonly sso: SsoDoor
  readonly degraded: () => readonly DegradedPart[]
  readonly metrics: Metrics
  readonly log: AreaLogger
}

/** The port is in use, or this machine has no such address; the message says what to change. */
export class ListenError extends Error {
  constructor(address: ListenAddress, cause: Error) {
    const where = textOf(address)
    const reasons: Record<string, string> = {
      EADDRINUSE: `Another program, or another Alta Desk, already listens on ${where}. Stop it, or change http.addr.`,
      EACCES: `This user may not listen on ${where}. Choose a port above 1023 in http.addr.`,
      EADDRNOTAVAIL: `This machine has no address ${address.host}. Change http.addr.`,
    }
    const code = 'code' in cause ? String(cause.code) : ''
    super(reasons[code] ?? `The desk cannot listen on ${where}: ${cause.message}.`, { cause })
    this.name = 'ListenError'
  }
}

const closeGraceMs = 1000

/** One opening of the door: the listeners, and the signal that ends its open streams. */
interface Opening {
  readonly apps: readonly FastifyInstance[]
  readonly draining: AbortController
}

/** The door for browsers on the network, and for scripts. It can be opened and closed while the desk runs. */
export class HttpTransport implements Service {
  readonly name = 'http'
  readonly #options: HttpDoorOptions
  readonly #answered: ReturnType<typeof answerSeconds>
  #opening: Opening | null = null
  #ready = false

  constructor(options: HttpDoorOptions) {
    this.#options = options
    this.#answered = answerSeconds(options.metrics)
  }

  get isOpen(): boolean {
    return this.#opening !== null
  }

  /** The port that answers, which the system chose where port 0 was asked for; null while the door is closed. */
  get port(): number | null {
    const address = this.#opening?.apps[0]?.server.address() as AddressInfo | null | undefined
    return address?.port ?? null
  }

  /** Opens the listeners. Throws `ListenError`. */
  async start(): Promise<void> {
    const { http } = this.#options.config
    const draining = new AbortController()
    const app = this.#mainApp(draining.signal)
    const apps = [app]
    this.#opening = { apps, draining }
    try {
      await listen(app, http.addr)
      if (http.internalAddr) {
        const internal = makeApp(this.#appOptions())
        apps.push(internal)
        this.#probes(internal)
        await listen(internal, http.internalAddr)
      }
    } catch (error) {
      this.#opening = null
      await Promise.all(apps.map((opened) => opened.close()))
      throw error
    }
    this.#ready = true
  }

  /**
   * Closes as configured: `/readyz` fails for `pre_drain_delay`, then nobody new is let in, open streams end, and
   * requests in flight have `shutdown_grace` to finish. `hurry` skips both times.
   */
  async stop(urgency?: AbortSignal): Promise<void> {
    const { preDrainDelayMs, shutdownGraceMs } = this.#options.config.http
    await this.#close(preDrainDelayMs, shutdownGraceMs, urgency ?? new AbortController().signal)
  }

  async #close(delayMs: number, graceMs: number, signal: AbortSignal): Promise<void> {
    const opening = this.#opening
    if (!opening) return
    this.#ready = false
    await pause(delayMs, signal)
    this.#opening = null
    opening.draining.abort()
    const closed = Promise.all(opening.apps.map((app) => app.close()))
    const grace = new AbortController()
    const cut = pause(graceMs, AbortSignal.any([signal, grace.signal])).then(() => {
      for (const app of opening.apps) app.server.closeAllConnections()
    })
    await closed
    grace.abort()
    await cut
  }

  /** Closes because somebody turned the door off: requests in flight, theirs among them, have a second. */
  async close(): Promise<void> {
    await this.#close(0, closeGraceMs, new AbortController().signal)
  }

  /** Addresses under which the door answers now. */
  addresses(): string[] {
    const { port } = this
    if (port === null) return []
    const { http } = this.#options.config
    const scheme = http.tlsEnabled ? 'https' : 'http'
    return hostsOf(http.addr).map((host) => `${scheme}://${host}:${port}`)
  }

  #appOptions() {
    const { config, log } = this.#options
    const { readTimeoutMs, writeTimeoutMs, idleTimeoutMs, tlsEnabled, trustedProxies } = config.http
    const headers = {
      ...securityHeaders({ production: config.env !== 'development', tlsEnabled }),
      'content-security-policy': closedContentPolicy,
    }
    return { readTimeoutMs, writeTimeoutMs, idleTimeoutMs, headers, trustedProxies, log }
  }

  #probes(app: FastifyInstance): void {
    const { degraded, metrics } = this.#options
    serveProbes(app, { ready: () => this.#ready, degraded, metrics })
  }

  #mainApp(draining: AbortSignal): FastifyInstance {
    const app = makeApp(this.#appOptions())
    const limit = new ConnectionLimit(connectionLimits(this.#options.descriptors))
    limit.watch(app.server)
    this.#countRequests(app)
    serveAuthorize(app, this.#options.authorize)
    refuseUnknownAddresses(app)
    void app.register((guarded, _options, done) => {
      refuseBeyond(guarded, limit)
      this.#serveGuarded(guarded, draining)
      done()
    })
    return app
  }

  /** How long answers take, by status alone: a path could name a camera. */
  #countRequests(app: FastifyInstance): void {
    app.addHook('onResponse', (request, reply, done) => {
      this.#answered.labels(request.method, String(reply.statusCode)).observe(reply.elapsedTime / 1000)
      done()
    })
  }

  /** Everything that people and scripts use. */
  #serveGuarded(app: FastifyInstance, draining: AbortSignal): void {
    const { config, router, authenticate, log } = this.#options
    const { allowedOrigins, tlsEnabled, internalAddr } = config.http
    const gate = { allowedOrigins, isDefaultPasswordInUse: this.#options.isDefaultPasswordInUse }
    guardGate(app, gate)
    answerCrossOrigin(app, gate)
    limitRequests(app, { limits: config.limits, authenticate })
    limitAnonymousBodies(app, authenticate)
    if (internalAddr === null) this.#probes(app)
    app.addHook('onRequest', (request, reply, done) => {
      if (routeOf(request).startsWith('/api/')) void reply.header('cache-control', 'no-store')
      done()
    })
    const makeContext = (request: FastifyRequest, reply: FastifyReply) =>
      requestContext(request, reply, { authenticate, tlsEnabled })
    serveSingleSignOn(app, { sso: this.#options.sso, tlsEnabled, makeContext })
    serveProcedures(app, {
      router: router(),
      draining,
      makeContext,
      onStreamError: (error, requestId) => log.error('an event stream broke off', { requestId, error }),
    })
    serveOpenApi(app, this.#options.version)
    serveApiPage(app)
    serveFiles(app, this.#options.answerFile)
    app.all('/api', (_request, reply) => reply.callNotFound())
    app.all('/api/*', (_request, reply) => reply.callNotFound())
    servePage(app, {
      folder: this.#options.pageFolder,
      production: config.env !== 'development',
      tlsEnabled,
      streamOriginsFor: (cookies) => this.#streamOriginsFor(cookies),
    })
  }

  async #streamOriginsFor(cookieHeader: string | undefined): Promise<readonly string[]> {
    const page = readPageCookie(cookieHeader, this.#options.config.http.tlsEnabled)
    const live = page !== null && (await this.#options.isSignInLive(page))
    return live ? this.#options.streamOrigins() : []
  }
}

function answerSeconds(metrics: Metrics) {
  return metrics.seconds({
    name: 'http_answer_seconds',
    help: 'How long answers of the HTTP door take.',
    labels: ['method', 'status'],
  })
}

async function listen(app: FastifyInstance, address: ListenAddress): Promise<void> {
  try {
    // Without a host: IPv6 and IPv4 alike, or IPv4 alone where there is no IPv6.
    await app.listen({ port: address.port, host: address.host ?? (hasIpv6() ? '::' : '0.0.0.0') })
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error) throw new ListenError(address, error)
    throw error
  }
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some(({ family }) => family === 'IPv6'))
}

/** Names and addresses by which this machine is reached; the loopback name first. */
function hostsOf({ host }: ListenAddress): string[] {
  if (host !== null && host !== '0.0.0.0' && host !== '::') return [host.includes(':') ? `[${host}]` : host]
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
  return ['localhost', ...outside]
}

function textOf({ host, port }: ListenAddress): string {
  return host === null ? `port ${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`
}
