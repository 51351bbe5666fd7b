/// <reference lib="dom" />
import { createServer, request as ask } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'

/** How a server that is not Alta differs from it; tests change it while it runs. */
interface Habits {
  /** Content type of the answer to an offer: Go's HTTP library says text/plain where a server names none. */
  answerType?: string
  /** What PATCH is answered; servers that know no trickle say 400, 404, 405 or 501. */
  patchStatus?: number
  /** What POST is answered while a camera starts. */
  postStatus?: number
  /** Named in that answer, seconds. */
  retryAfterSeconds?: number
  /** Told of every offer, before Alta gets it. */
  onOffer?: (sdp: string) => Promise<void>
}

/** A server of somebody else's: real HTTP with Alta's media behind it. */
export interface ForeignServer {
  readonly habits: Habits
  /** Methods of the requests for WHEP, in order. */
  readonly methods: string[]
  close(): Promise<void>
}

const corsHeaders = (origin = ''): OutgoingHttpHeaders => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Expose-Headers': 'Location, Retry-After',
})

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}

/** As nginx does in front of a server that is away: 502 to everything, preflights too, and no CORS header. */
function answerForTheDead(response: ServerResponse): void {
  response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>502 Bad Gateway</h1>')
}

/** Passes a request on to Alta and its answer back, as the habits say. */
async function pass(
  upstream: string,
  habits: Habits,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request)
  if (request.method === 'POST') await habits.onOffer?.(body.toString('utf8'))
  const url = new URL(request.url ?? '/', upstream)
  const onward = ask(url, { method: request.method, headers: { ...request.headers, host: url.host } })
  onward.on('error', () => answerForTheDead(response))
  onward.on('response', (answer) => {
    const headers: OutgoingHttpHeaders = { ...answer.headers }
    if (request.method === 'POST' && habits.answerType !== undefined)
      headers['content-type'] = habits.answerType
    response.writeHead(answer.statusCode ?? 502, headers)
    answer.pipe(response)
  })
  onward.end(body)
}

/** Starts it in front of this Alta, and tells the page that its cameras are there. */
export async function startForeignServer(alta: AltaServerHandle, page: Page): Promise<ForeignServer> {
  const habits: Habits = {}
  const methods: string[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    if (url.includes('/whep')) methods.push(method)
    const status = method === 'POST' ? habits.postStatus : method === 'PATCH' ? habits.patchStatus : undefined
    if (status === undefined) return void pass(alta.ottUrl, habits, request, response)
    request.resume()
    const wait = method === 'POST' ? habits.retryAfterSeconds : undefined
    response.writeHead(status, {
      ...corsHeaders(headers.origin),
      ...(wait === undefined ? {} : { 'Retry-After': String(wait) }),
    })
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await page.evaluate(
    ([from, to]) => {
      const { player } = window
      player.sources = player.sources.map((one) => ({ ...one, url: one.url.replace(from, to) }))
    },
    [alta.ottUrl, origin] as const,
  )
  return {
    habits,
    methods,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
