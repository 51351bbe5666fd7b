import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request with what handlers need, and the ways to answer it. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  method: string
  /** Decoded path; undefined when the percent-encoding is broken. */
  path: string | undefined
  /** Path as it came over the wire, without the query. */
  rawPath: string
  /** Query as it came over the wire, without the question mark. */
  rawQuery: string
  query: URLSearchParams
  /** Peer address, IPv4 ones without the IPv6 prefix. */
  ip: string
}

const MAXIMUM_BODY_BYTES = 1024 * 1024

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** Splits a request into its parts. */
export function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const rawPath = mark === -1 ? target : target.slice(0, mark)
  const rawQuery = mark === -1 ? '' : target.slice(mark + 1)
  return {
    request,
    response,
    method: request.method ?? 'GET',
    path: decodePath(rawPath),
    rawPath,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    ip: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  }
}

/** Reads a body of at most 1 MiB; undefined when it is larger. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > MAXIMUM_BODY_BYTES) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** Reads a JSON body; undefined when it is not JSON or not declared as such. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'] ?? ''
  const body = await readBody(request)
  if (body === undefined || !/^application\/json\b/i.test(type)) return undefined
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Answers without a body. */
export function replyEmpty({ response }: Exchange, status: number): void {
  response.statusCode = status
  response.end()
}

/** Answers with JSON. */
export function replyJson({ response }: Exchange, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.statusCode = status
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

/** Answers with a sentence of why not. */
export function replyError(exchange: Exchange, status: number, error: string): void {
  replyJson(exchange, status, { error })
}

/** Answers with text or bytes of a media type. */
export function replyBody({ response }: Exchange, status: number, type: string, body: string | Buffer): void {
  response.statusCode = status
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(body)
}
