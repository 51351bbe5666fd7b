import type { Server, ServerResponse, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { sendError } from './error-body.ts'

export interface ConnectionLimits {
  /** Connections that may have a request in progress; beyond that, only Alta's authorizer is answered. */
  readonly busy: number
  /** Connections that may stay open with no request in progress. */
  readonly idle: number
  /** The same, with those whose first request may still be on its way. */
  readonly idleAtOnce: number
}

/** A request follows its connection sooner than this. */
const graceMs = 1_000

/** How many connections a listener may hold in a process that may open `descriptors` of them, files included. */
export function connectionLimits(descriptors: number): ConnectionLimits {
  return {
    busy: Math.floor((descriptors * 3) / 8),
    idle: Math.floor(descriptors / 4),
    idleAtOnce: Math.floor((descriptors * 3) / 8),
  }
}

/**
 * Counts the connections of a listener and keeps those few that have no request in progress: one too many closes the
 * one that has been idle longest, as a keep-alive timeout would, but no younger one than a second unless many come at once. So a new connection can always be accepted, whatever
 * browsers and strangers hold open.
 */
export class ConnectionLimit {
  readonly #limits: ConnectionLimits
  /** Since when, by the monotonic clock; longest idle first. */
  readonly #idle = new Map<Socket, number>()
  readonly #busy = new Set<Socket>()

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** True while more requests are in progress than the limit allows, the one that asks included. */
  get isExceeded(): boolean {
    return this.#busy.size > this.#limits.busy
  }

  /** Watches the connections of this server from now on. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      socket.once('close', () => {
        this.#idle.delete(socket)
        this.#busy.delete(socket)
      })
      this.#becomesIdle(socket)
    })
    // Before Fastify's own listener, which answers at once where it can.
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#idle.delete(socket)
      this.#busy.add(socket)
      response.once('close', () => {
        this.#busy.delete(socket)
        if (!socket.destroyed) this.#becomesIdle(socket)
      })
    })
  }

  #becomesIdle(socket: Socket): void {
    const now = performance.now()
    this.#idle.set(socket, now)
    for (const [longest, since] of this.#idle) {
      const mayStay = now - since < graceMs ? this.#limits.idleAtOnce : this.#limits.idle
      if (this.#idle.size <= mayStay) return
      this.#idle.delete(longest)
      longest.destroy()
    }
  }
}

const retryAfterSeconds = 5

/** Refuses the requests of `app` while too many are in progress, and lets their connections go. */
export function refuseBeyond(app: FastifyInstance, limit: ConnectionLimit): void {
  app.addHook('onRequest', (_request, reply, done) => {
    if (!limit.isExceeded) return done()
    void sendError(reply.header('connection', 'close'), 503, {
      code: 'TOO_MANY_CONNECTIONS',
      message: 'Too many connections to this desk are open. Try again in a few seconds.',
      data: { retryAfterSeconds },
    })
  })
}
