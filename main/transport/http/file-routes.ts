import type { FastifyInstance } from 'fastify'

/** Serves files for download at their ticketed paths, which need no token. */
export function serveFiles(app: FastifyInstance, answerFile: (path: string) => Response | null): void {
  app.get('/files/*', (request, reply) => {
    const answer = answerFile(request.url.replace(/[?#].*$/s, ''))
    return answer ? reply.send(answer) : reply.callNotFound()
  })
}
