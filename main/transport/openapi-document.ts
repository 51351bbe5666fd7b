import { contract } from '../../shared/contract/contract.ts'

let made: { readonly version: string; readonly text: Promise<string> } | null = null

/** The description of the API (OpenAPI 3.1, JSON), made from the contract when it is first asked for. */
export function openApiDocument(version: string): Promise<string> {
  if (made?.version !== version) made = { version, text: makeDocument(version) }
  return made.text
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
