import type { FastifyInstance } from 'fastify'
import { contract } from '../../../shared/contract/contract.ts'

/** Serves the description of the API, made from the contract when it is first asked for. */
export function serveOpenApi(app: FastifyInstance, version: string): void {
  let document: Promise<string> | null = null
  app.get('/api/openapi.json', async (_request, reply) => {
    document ??= makeDocument(version)
    return reply.header('content-type', 'application/json; charset=utf-8').send(await document)
  })
}

/** The libraries that make it are needed for nothing else, so a start does not wait for them. */
async function makeDocument(version: string): Promise<string> {
  const [{ OpenAPIGenerator }, { ZodToJsonSchemaConverter }] = await Promise.all([
    import('@orpc/openapi'),
    import('@orpc/zod/zod4'),
  ])
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] })
  const document = await generator.generate(contract, {
    info: { title: 'Alta Desk', version },
    servers: [{ url: '/api' }],
    components: { securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    security: [{ accessToken: [] }],
    customErrorResponseBodySchema: (definitions) => ({
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', examples: definitions.map(([code]) => code) },
        message: { type: 'string' },
        data: {},
      },
    }),
  })
  return JSON.stringify(document)
}
