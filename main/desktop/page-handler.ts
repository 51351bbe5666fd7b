import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import type { FileRequest } from '../files/downloads.ts'
import type { PageDocument } from '../transport/http/page-document.ts'
import { readPagePath } from './page-path.ts'

export interface PageHandlerOptions {
  /** The folder of the built page (out/renderer). */
  readonly root: string
  /** Headers of every answer. */
  readonly securityHeaders: Readonly<Record<string, string>>
  /** Prepares the document for one answer; asked every time, since servers come and go. */
  readonly prepareDocument: (html: string) => PageDocument
  /** Answers a request for a ticketed file; null where there is none. */
  readonly answerFile: (request: FileRequest) => Promise<Response | null>
  /** The description of the API (JSON), which the page about the API reads from `/api/openapi.json` at either door. */
  readonly apiDocument: () => Promise<string>
  /** Told of every refusal, with what was wrong. */
  readonly onRefused: (url: string, reason: string) => void
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Answers requests on our scheme with the files of the page, and with index.html for its routes. A request is a GET or
 * a HEAD for our host and a file that really lies in `root` (symbolic links followed); everything else is 404 or 405.
 */
export function createPageHandler(options: PageHandlerOptions): (request: Request) => Promise<Response> {
  const realRoot = realpath(options.root)
  // The first request reports a missing folder; until then nobody waits for this promise.
  realRoot.catch(() => undefined)

  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { Allow: 'GET, HEAD' } })
    }
    const path = readPagePath(request.url)
    if (path.kind === 'refused') {
      options.onRefused(request.url, path.reason)
      return notFound(options)
    }
    const segments = path.kind === 'page' ? ['index.html'] : path.segments
    if (segments[0] === 'files') {
      const ticketed = await options.answerFile({
        method: request.method,
        path: `/${segments.join('/')}`,
        header: (name) => request.headers.get(name),
        signal: request.signal,
      })
      return ticketed ? secured(ticketed, options) : notFound(options)
    }
    if (segments.join('/') === 'api/openapi.json') {
      const headers = headersOf('openapi.json', segments, options)
      return new Response(request.method === 'HEAD' ? null : await options.apiDocument(), { headers })
    }
    const file = await containedFile(await realRoot, segments)
    if (file === null) return notFound(options)
    const headers = headersOf(file, segments, options)
    if (extname(file) === '.html') {
      const { html, policy } = options.prepareDocument(await readFile(file, 'utf8'))
      headers.set('Content-Security-Policy', policy)
      return new Response(request.method === 'HEAD' ? null : html, { headers })
    }
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(await readFile(file)), { headers })
  }
}

/** The real path of a file below `root`, or null where there is none or a link leads outside. */
async function containedFile(root: string, segments: readonly string[]): Promise<string | null> {
  try {
    const file = await realpath(join(root, ...segments))
    return file.startsWith(root + sep) && (await stat(file)).isFile() ? file : null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG'
}

function headersOf(file: string, segments: readonly string[], options: PageHandlerOptions): Headers {
  const contentType = contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream'
  return new Headers({
    ...options.securityHeaders,
    'Content-Type': contentType,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    // Vite puts a hash of the content into every name below assets/.
    'Cache-Control': segments[0] === 'assets' ? 'max-age=31536000, immutable' : 'no-store',
  })
}

/** A file has the headers of every answer beside its own, which are the stricter ones. */
function secured(answer: Response, { securityHeaders }: PageHandlerOptions): Response {
  for (const [name, value] of Object.entries(securityHeaders))
    if (!answer.headers.has(name)) answer.headers.set(name, value)
  return answer
}

function notFound({ securityHeaders }: PageHandlerOptions): Response {
  return new Response('Not found', {
    status: 404,
    headers: { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8' },
  })
}
