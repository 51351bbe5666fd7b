import type { Server, ServerResponse, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { sendError } from './error-body.ts'

export interface ConnectionLimits {
  /** Connections that may have a request in progress; beyond that, only Alta's authorizer is answered. */
  readonly busy: number
  /** Connections that may stay open while the desk has nothing to do for them. */
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
 * Counts the connections of a listener and keeps few of those that the desk is not working for: they have no request in
 * progress, or one whose body has not arrived yet, or they have not taken an answer that is finished. One too many closes
 * the one that has been so longest, as a timeout would, but no younger one than a second unless many come at once. So a
 * new connection can always be accepted, whatever browsers and strangers hold open.
 */
export class ConnectionLimit {
  readonly #limits: ConnectionLimits
  /** Since when, by the monotonic clock; longest idle first. */
  readonly #idle = new Map<Socket, number>()
  /** How many requests are in progress on each. */
  readonly #busy = new Map<Socket, number>()

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
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      if (bringsBody(request)) this.#waitForBody(request, response)
      else this.#workFor(request.socket, response)
    })
  }

  #waitForBody(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    if (!this.#busy.has(socket)) this.#becomesIdle(socket)
    request.once('end', () => {
      if (!response.writableEnded && !socket.destroyed) this.#workFor(socket, response)
    })
  }

  /** Until the whole answer is handed over: who does not read it keeps the connection until a timeout. */
  #workFor(socket: Socket, response: ServerResponse): void {
    this.#idle.delete(socket)
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1)
    const end = (): void => {
      response.off('prefinish', end).off('close', end)
      // A client may send several requests without waiting for the answers.
      const others = (this.#busy.get(socket) ?? 0) - 1
      if (others > 0) this.#busy.set(socket, others)
      else this.#becomesIdle(socket)
    }
    response.on('prefinish', end).on('close', end)
  }

  #becomesIdle(socket: Socket): void {
    this.#busy.delete(socket)
    if (socket.destroyed) return
    const now = performance.now()
    // Deleted first, for a key that is there already keeps its place.
    this.#idle.delete(socket)
    this.#idle.set(socket, now)
    for (const [longest, since] of this.#idle) {
      const mayStay = now - since < graceMs ? this.#limits.idleAtOnce : this.#limits.idle
      if (this.#idle.size <= mayStay) return
      this.#idle.delete(longest)
      longest.destroy()
    }
  }
}

/** Whether more than the headers of a request is to come (RFC 9112, section 6). */
function bringsBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
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
