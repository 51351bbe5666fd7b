import { createProcedureClient, isProcedure, ORPCError } from '@orpc/server'
import type { AnyProcedure, AnyRouter } from '@orpc/server'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { RequestContext } from '../../rpc/request-context.ts'
import { bodyOf, sendError } from './error-body.ts'
import { sendEventStream } from './event-stream.ts'

export interface ApiRoutesOptions {
  /** The guarded router, which the other door serves too. */
  readonly router: AnyRouter
  readonly makeContext: (
    request: FastifyRequest,
    reply: FastifyReply,
  ) => RequestContext | Promise<RequestContext>
  /** Aborted when the door begins to close: open streams end then. */
  readonly draining: AbortSignal
  /** An event stream broke off by a mistake of ours; its reader was told nothing but the end. */
  readonly onStreamError: (error: unknown, requestId: string) => void
}

interface ClientContext {
  readonly request: RequestContext
}
type Call = (
  input: unknown,
  options: { context: ClientContext; signal: AbortSignal; lastEventId: string | undefined },
) => Promise<unknown>

const allMethods: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Serves every procedure as a route of Fastify's own router, at the method and path that the contract states (below
 * `/api`). oRPC's HTTP handler matches and parses every request a second time, which halves the throughput; the
 * procedures themselves (middlewares, schemas, errors) are run by oRPC all the same.
 */
export function serveProcedures(app: FastifyInstance, options: ApiRoutesOptions): void {
  const served = new Map<string, HTTPMethods[]>()
  for (const [path, procedure] of proceduresOf(options.router, [])) {
    const { route } = procedure['~orpc']
    if (!route.path || !route.method)
      throw new Error(`The procedure ${path.join('.')} states no method and path.`)
    const url = `/api${route.path.replace(/\{(\w+)\}/g, ':$1')}`
    const method = route.method as HTTPMethods
    served.set(url, [...(served.get(url) ?? []), method])
    const call: Call = createProcedureClient(procedure, {
      path,
      context: ({ request }: ClientContext) => request,
    })
    const takesInput = procedure['~orpc'].inputSchema !== undefined
    app.route({ method, url, handler: (request, reply) => answer(request, reply, call, takesInput, options) })
  }
  for (const [url, methods] of served) {
    app.route({
      method: allMethods.filter((method) => !methods.includes(method)) as HTTPMethods[],
      url,
      handler: (_request, reply) => {
        void reply.header('allow', methods.join(', '))
        const message = `This address answers ${methods.join(' and ')} only.`
        return sendError(reply, 405, { code: 'METHOD_NOT_ALLOWED', message })
      },
    })
  }
}

function proceduresOf(router: AnyRouter, path: readonly string[]): [string[], AnyProcedure][] {
  if (isProcedure(router)) return [[[...path], router]]
  return Object.entries(router as Record<string, AnyRouter>).flatMap(([name, branch]) =>
    proceduresOf(branch, [...path, name]),
  )
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  call: Call,
  takesInput: boolean,
  options: ApiRoutesOptions,
): Promise<FastifyReply> {
  const context = await options.makeContext(request, reply)
  const lastEventId = request.headers['last-event-id']
  try {
    const output = await call(takesInput ? inputOf(request) : undefined, {
      context: { request: context },
      signal: context.signal,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
    })
    if (isAsyncIterable(output)) {
      await sendEventStream(reply, output, options.draining).catch((error: unknown) =>
        options.onStreamError(error, context.requestId),
      )
      return reply
    }
    return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(output))
  } catch (error) {
    if (error instanceof ORPCError) return sendError(reply, error.status, bodyOf(error))
    throw error
  }
}

/** One object: the query of a GET or DELETE, then the body, then the parameters of the path, which win. */
function inputOf(request: FastifyRequest): unknown {
  const params = request.params as Record<string, string>
  const query =
    request.method === 'GET' || request.method === 'DELETE' ? (request.query as object) : undefined
  const { body } = request
  if (body === undefined || body === null) return { ...query, ...params }
  // Not an object: the schema says so to the caller.
  if (typeof body !== 'object' || Array.isArray(body)) return body
  return { ...query, ...body, ...params }
}

function isAsyncIterable(output: unknown): output is AsyncIterable<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output
}
