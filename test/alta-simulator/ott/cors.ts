import type { AltaConfig } from '../config.ts'
import type { Exchange } from '../http/exchange.ts'
import { replyEmpty } from '../http/exchange.ts'
import type { ListenerName } from '../options.ts'

/** Headers that a page must be able to read for WHEP. */
const EXPOSED = 'Location, ETag, Link, Retry-After, Accept-Post, Accept-Patch, Content-Length, Date'

/** Lets a page of a listed origin in; any other page gets no CORS header at all. */
export function applyCors(exchange: Exchange, config: AltaConfig, serve: ListenerName): void {
  const { request, response } = exchange
  response.setHeader('Vary', 'Origin')
  const origin = request.headers.origin
  const server = Object.values(config.servers).find((candidate) => candidate.serve === serve)
  const allowed = server?.allow_origin ?? []
  if (origin === undefined || !(allowed.includes(origin) || allowed.includes('*'))) return
  response.setHeader('Access-Control-Allow-Origin', origin)
  response.setHeader('Access-Control-Expose-Headers', EXPOSED)
}

/** Answers a CORS preflight; returns false when the request is not one. */
export function answerPreflight(exchange: Exchange): boolean {
  const { request, response, method } = exchange
  if (method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
  if (response.hasHeader('Access-Control-Allow-Origin')) {
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS')
    const asked = request.headers['access-control-request-headers']
    if (asked !== undefined) response.setHeader('Access-Control-Allow-Headers', asked)
    response.setHeader('Access-Control-Max-Age', '600')
    if (request.headers['access-control-request-private-network'] === 'true') {
      response.setHeader('Access-Control-Allow-Private-Network', 'true')
    }
  }
  replyEmpty(exchange, 204)
  return true
}
