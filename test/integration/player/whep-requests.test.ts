/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { Bulkhead } from '../../../renderer/player/bulkhead.ts'
import { browserClock, Ledger } from '../../../renderer/player/ledger.ts'
import type { PostResult } from '../../../renderer/player/whep/whep-requests.ts'
import { WhepRequests } from '../../../renderer/player/whep/whep-requests.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? `http://127.0.0.1:${address.port}/cam/whep?token=t` : ''
}

function requestsOf(): { requests: WhepRequests; ledger: Ledger } {
  const ledger = new Ledger(browserClock)
  return { requests: new WhepRequests(ledger, new Bulkhead(6, 4), () => undefined), ledger }
}

const created = (response: ServerResponse, location: string): void => {
  response.writeHead(201, { 'content-type': 'application/sdp', location, etag: '"1"' })
  response.end('v=0\r\n')
}

test('a session that is granted after its tile has gone is deleted, where the redirect led', async () => {
  const seen: string[] = []
  let grant = (): void => undefined
  let arrived = (): void => undefined
  const posted = new Promise<void>((resolve) => (arrived = resolve))
  const url = await serve((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    if (request.url?.startsWith('/cam/')) {
      response.writeHead(307, { location: '/edge/cam/whep' }).end()
    } else if (request.method === 'POST') {
      grant = () => created(response, 'session-1')
      arrived()
    } else response.end()
  })
  const { requests, ledger } = requestsOf()
  const leave = requests.post({ url, serverId: 'alta' }, 'v=0', {
    sent: () => undefined,
    result: () => expect.unreachable('nobody wants it any more'),
  })
  await posted
  leave()
  grant()
  await requests.settled()
  expect(seen.at(-1)).toBe('DELETE /edge/cam/session-1')
  expect([requests.granted, requests.deleted, requests.deletesInFlight]).toEqual([1, 1, 0])
  expect(ledger.count('timers')).toBe(0)
})

test('a POST that waits for room and is given up is never sent', async () => {
  let posts = 0
  const url = await serve((request, response) => {
    posts += 1
    request.resume()
    created(response, `/s/${posts}`)
  })
  const { requests } = requestsOf()
  const results: PostResult[] = []
  const on = { sent: () => undefined, result: (result: PostResult) => void results.push(result) }
  for (let index = 0; index < 4; index++) requests.post({ url, serverId: 'alta' }, 'v=0', on)
  const leave = requests.post({ url, serverId: 'alta' }, 'v=0', on)
  leave()
  await requests.settled()
  expect(posts).toBe(4)
  expect(results).toHaveLength(4)
})

test('a server that is not there is told from one that refuses', async () => {
  const url = await serve((_request, response) => response.writeHead(503, { 'retry-after': '2' }).end())
  const { requests } = requestsOf()
  const ask = (target: string): Promise<PostResult> =>
    new Promise((result) =>
      requests.post({ url: target, serverId: target }, 'v=0', { sent: () => undefined, result }),
    )
  expect(await ask(url)).toMatchObject({
    kind: 'failure',
    failure: { reason: 'server-busy', retryAfterMs: 2000 },
  })
  expect(await ask('http://127.0.0.1:9/whep')).toEqual({ kind: 'unanswered' })
})
