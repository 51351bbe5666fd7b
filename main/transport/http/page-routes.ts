import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendError } from './error-body.ts'
import { pageDocument } from './page-document.ts'
import { etagOf, PageFiles } from './page-files.ts'
import type { PageFile } from './page-files.ts'
import type { SecurityOptions } from './security-headers.ts'

export interface PageRoutesOptions extends SecurityOptions {
  /** The folder of the built page (out/renderer). */
  readonly folder: string
  /** Origins from which the Alta servers stream, for the page of somebody who is signed in; none for strangers. */
  readonly streamOriginsFor: (cookieHeader: string | undefined) => readonly string[]
}

/** Paths of machines, in whatever spelling: they must not take the document, and its 200, for an answer. */
const machinePaths = /^\/+(?:alta|api|files)(?:\/|$)/i

/** Serves the page: its files at their paths, and its document at every other path, which are the page's own routes. */
export function servePage(app: FastifyInstance, options: PageRoutesOptions): void {
  const files = new PageFiles(options.folder)
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = decodedPath(request.url)
    const file = path === null || path === '/index.html' ? null : await files.file(path)
    if (file) return sendFile(request, reply, file)
    // A missing file must not be answered with the document: a browser would read it as a script.
    if (
      path === null ||
      machinePaths.test(path) ||
      path.startsWith('/assets/') ||
      /\.\w{1,5}$/.test(path.replace('/index.html', ''))
    ) {
      return sendError(reply, 404, { code: 'NOT_FOUND', message: 'There is no such file.' })
    }
    const index = await files.index()
    if (!index) {
      return sendError(reply, 503, {
        code: 'PAGE_NOT_BUILT',
        message: 'The page was not built. Run npm run build.',
      })
    }
    const origins = options.streamOriginsFor(request.headers.cookie)
    const { html, policy } = pageDocument(index.body.toString(), origins, options)
    void reply.header('content-security-policy', policy)
    const body = Buffer.from(html)
    return sendFile(request, reply, { ...index, body, etag: etagOf(body) })
  }
  app.route({ method: ['GET', 'HEAD'], url: '/*', handler })
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  void reply.headers({
    'content-type': file.contentType,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
  })
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  return reply.send(file.body)
}

/** The path without its query, decoded; null where it is not well-formed or no name could be so. */
function decodedPath(url: string): string | null {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*$/s, ''))
    return path.includes('\0') ? null : path
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}
