import type { FastifyInstance } from 'fastify'
import { openApiDocument } from '../openapi-document.ts'

/** Serves the description of the API. */
export function serveOpenApi(app: FastifyInstance, version: string): void {
  app.get('/api/openapi.json', async (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(await openApiDocument(version)),
  )
}
