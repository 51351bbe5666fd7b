import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { FaultBoard } from '../faults.ts'
import type { ListenerName } from '../options.ts'
import type { Exchange } from './exchange.ts'
import { replyBody, replyError } from './exchange.ts'

const HUGE_BYTES = 50 * 1024 * 1024
const SLOW_MS = 2000

/** Writes a valid JSON document of the given size without holding it in memory, honouring back-pressure. */
async function replyHuge({ response }: Exchange, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, 0x61)
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.write('{"padding":"')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length) {
    if (response.write(chunk)) continue
    try {
      await once(response, 'drain', { signal: gone.signal })
    } catch (error) {
      if (gone.signal.aborted) return
      throw error
    }
  }
  response.end('"}')
}

function replyHalf({ response, request }: Exchange): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 4096 })
  // FIN, but no close: we would still listen, as a half-closed socket does (RFC 9293, 3.6).
  response.write('{"version":"25', () => request.socket.end())
}

/** Resolves after the time, or early when the client has gone. */
function wait(exchange: Exchange, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs)
    exchange.response.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/**
 * Applies the faults of a whole listener. Returns true when the request has been dealt with (or is left hanging).
 */
export async function applyListenerFaults(
  faults: FaultBoard,
  listener: ListenerName,
  exchange: Exchange,
): Promise<boolean> {
  const place = { listener }
  if (faults.find('hang', place)) {
    exchange.request.resume()
    faults.hold(exchange.request.socket, place)
    return true
  }
  const slow = faults.find('slow', place)
  if (slow) {
    await wait(exchange, slow.delayMs ?? SLOW_MS)
    if (exchange.response.destroyed) return true
  }
  if (faults.find('half-closed', place)) {
    replyHalf(exchange)
    return true
  }
  if (faults.find('garbage', place)) {
    replyBody(exchange, 200, 'application/json', Buffer.concat([Buffer.from('{"vers'), randomBytes(2048)]))
    return true
  }
  if (faults.find('html', place)) {
    const page =
      '<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>'
    replyBody(exchange, 200, 'text/html; charset=utf-8', page)
    return true
  }
  const huge = faults.find('huge', place)
  if (huge) {
    await replyHuge(exchange, huge.bytes ?? HUGE_BYTES)
    return true
  }
  if (faults.find('error-500', place)) {
    replyError(exchange, 500, 'internal server error')
    return true
  }
  return false
}
