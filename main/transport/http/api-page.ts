import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'

/** The files of Swagger UI that the page loads; nothing else of its package is served. */
const files: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Alta Desk API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

const script = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#api', deepLinking: true, tryItOutEnabled: true })\n`

/** Itself alone; Swagger UI sets style attributes, and draws its icons from data: addresses. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** Serves a page on which the API can be read and tried, at `/api/docs`. */
export function serveApiPage(app: FastifyInstance): void {
  app.get('/api/docs', (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentPolicy })
      .send(page),
  )
  app.get('/api/docs/start.js', (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(script),
  )
  for (const [name, contentType] of Object.entries(files)) {
    // Read once: answers that nobody takes then share one copy, and hold no descriptor.
    let body: Promise<Buffer> | undefined
    app.get(`/api/docs/${name}`, async (_request, reply) => {
      body ??= readFile(join(packageFolder(), name))
      return reply.header('content-type', contentType).send(await body)
    })
  }
}

function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
}
