import { once } from 'node:events'
import { getEventMeta } from '@orpc/server'
import type { FastifyReply } from 'fastify'

/** The desk speaks every 2 s: a reader whose connection takes nothing for so long is gone, or holds it on purpose. */
const stalledMs = 30_000

/**
 * Writes what an iterator yields as server-sent events (HTML, section 9.2), in the form that oRPC's clients read.
 * Takes the next message only when the socket has room, so a slow reader costs no memory. Ends when the iterator does,
 * the reader goes away or takes nothing for 30 s, or `draining` is aborted; throws what the iterator throws, once the answer is ended.
 */
export async function sendEventStream(
  reply: FastifyReply,
  messages: AsyncIterable<unknown>,
  draining: AbortSignal,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  const gone = new AbortController()
  const end = (): void => void raw.end()
  draining.addEventListener('abort', end, { once: true })
  raw.once('close', () => {
    draining.removeEventListener('abort', end)
    gone.abort()
  })
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A stream that has ended must not hold its connection until the keep-alive timeout.
    connection: 'close',
    // Proxies would otherwise hold messages back (nginx).
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  raw.socket?.setTimeout(stalledMs)
  try {
    for await (const message of messages) {
      if (gone.signal.aborted || draining.aborted) return
      if (!raw.write(eventOf(message))) await once(raw, 'drain', { signal: gone.signal })
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error
  } finally {
    raw.end()
  }
}

/** What was written of a message that goes to many readers as the same object. */
const written = new WeakMap<object, string>()

function eventOf(message: unknown): string {
  const known = typeof message === 'object' && message !== null ? written.get(message) : undefined
  if (known !== undefined) return known
  const id = getEventMeta(message)?.id
  const text = `event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`
  if (typeof message === 'object' && message !== null) written.set(message, text)
  return text
}
