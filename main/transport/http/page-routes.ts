import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isPagePath } from '../../../shared/domain/page-paths.ts'
import { sendError } from './error-body.ts'
import { pageDocument } from './page-document.ts'
import { contentTypes, etagOf, PageFiles } from './page-files.ts'
import type { PageFile } from './page-files.ts'
import { scriptContentPolicy } from './security-headers.ts'
import type { SecurityOptions } from './security-headers.ts'

export interface PageRoutesOptions extends SecurityOptions {
  /** The folder of the built page (out/renderer). */
  readonly folder: string
  /** Origins from which the Alta servers stream, for the page of somebody who is signed in; none for strangers. */
  readonly streamOriginsFor: (cookieHeader: string | undefined) => Promise<readonly string[]>
}

/**
 * Serves the page: its files at their paths, and its document at exactly the paths of its routes. All else is 404, and a
 * question of Alta's is never answered with the document, whatever address it came to: its 200 would let the viewer in.
 */
export function servePage(app: FastifyInstance, options: PageRoutesOptions): void {
  const files = new PageFiles(options.folder)
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = request.url.replace(/[?#].*$/s, '')
    if (isFromAlta(request)) return refuseAlta(reply)
    if (path !== '/index.html' && !isPagePath(path)) {
      const file = await files.file(path)
      return file ? sendFile(request, reply, file) : sendNotFound(request, reply)
    }
    const index = await files.index()
    if (!index) {
      return sendError(reply, 503, {
        code: 'PAGE_NOT_BUILT',
        message: 'The page was not built. Run npm run build.',
      })
    }
    const origins = await options.streamOriginsFor(request.headers.cookie)
    const { html, policy } = pageDocument(index.body.toString(), origins, options)
    void reply.header('content-security-policy', policy)
    const body = Buffer.from(html)
    return sendFile(request, reply, { ...index, body, etag: etagOf(body) })
  }
  app.route({ method: ['GET', 'HEAD'], url: '/*', handler })
}

/** Headers with which Alta asks its HTTP backend who may watch (Alta, "HTTP backend"). */
const altaHeaders = ['x-session-id', 'x-real-path', 'x-real-ip'] as const

function isFromAlta({ headers }: FastifyRequest): boolean {
  return altaHeaders.some((name) => headers[name] !== undefined)
}

function refuseAlta(reply: FastifyReply): FastifyReply {
  return sendError(reply, 403, {
    code: 'FORBIDDEN',
    message:
      'Requests with X-Session-Id, X-Real-Path or X-Real-Ip are not answered with the page. A reverse proxy must send X-Forwarded-For instead.',
  })
}

/** A person who mistyped an address gets a sentence and a way on; a program gets JSON. */
function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(request.headers.accept ?? '').includes('text/html'))
    return sendError(reply, 404, { code: 'NOT_FOUND', message: 'There is no such file.' })
  return reply.code(404).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(notFound)
}

const notFound = `<!doctype html>
<html lang="en">
<title>Page not found · Alta Desk</title>
<h1>Page not found</h1>
<p><a href="/live">Go to Live</a></p>
</html>
`

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  void reply.headers({
    'content-type': file.contentType,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
  })
  if (file.contentType === contentTypes['.js'])
    void reply.header('content-security-policy', scriptContentPolicy)
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  return reply.send(file.body)
}
