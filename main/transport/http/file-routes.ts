import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FileRequest } from '../../files/downloads.ts'
import { sendError } from './error-body.ts'
import { signalOf } from './request-context.ts'

/** Serves files for download at their ticketed paths, which need no token. */
export function serveFiles(
  app: FastifyInstance,
  answerFile: (request: FileRequest) => Promise<Response | null>,
): void {
  const url = '/files/*'
  app.route({
    method: ['GET', 'HEAD'],
    url,
    handler: async (request, reply) => {
      const answer = await answerFile(fileRequest(request, reply))
      return answer ? reply.send(answer) : reply.callNotFound()
    },
  })
  app.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE'],
    url,
    handler: (_request, reply) => {
      void reply.header('allow', 'GET, HEAD')
      const message = 'This address answers GET and HEAD only.'
      return sendError(reply, 405, { code: 'METHOD_NOT_ALLOWED', message })
    },
  })
}

function fileRequest(request: FastifyRequest, reply: FastifyReply): FileRequest {
  return {
    method: request.method === 'HEAD' ? 'HEAD' : 'GET',
    path: request.url.replace(/[?#].*$/s, ''),
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : (value ?? null)
    },
    signal: signalOf(reply),
  }
}
