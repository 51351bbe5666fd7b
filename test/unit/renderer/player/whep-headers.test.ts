import { expect, test } from 'vitest'
import { iceServersOf } from '../../../../renderer/player/whep/link-header.ts'
import { readAnswer, retryAfterMs } from '../../../../renderer/player/whep/whep-answer.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const post = 'http://alta.example:8200/desk/gate/whep?token=secret'
const offer = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=setup:actpass\r\na=sendonly\r\n'

const answer = (status: number, headers: Record<string, string>, body: string | null = null): Response =>
  new Response(body, { status, headers })

test('STUN and TURN servers are read out of Link, also several, quoted, and beside other links', () => {
  const header =
    '<stun:stun.example.net>; rel="ice-server", <turn:turn.example.net?transport=udp>; rel="ice-server"; ' +
    'username="u,;\\"1"; credential="p w"; credential-type="password", <https://e.example>; rel="urn:ietf:params:whep:ext:x"'
  expect(iceServersOf(header)).toEqual([
    { urls: 'stun:stun.example.net' },
    { urls: 'turn:turn.example.net?transport=udp', username: 'u,;"1', credential: 'p w' },
  ])
})

test('what RTCPeerConnection would choke on is left out', () => {
  expect(iceServersOf('<turn:t.example>; rel="ice-server"')).toEqual([])
  expect(iceServersOf('<http://evil.example>; rel="ice-server"; username="a"; credential="b"')).toEqual([])
  expect(iceServersOf('<<<;;;,,"')).toEqual([])
  expect(iceServersOf(null)).toEqual([])
})

test('Retry-After is seconds or a date, and nonsense is nothing', () => {
  expect(retryAfterMs('3', now)).toBe(3000)
  expect(retryAfterMs(new Date(now + 5000).toUTCString(), now)).toBe(5000)
  expect(retryAfterMs('999999', now)).toBe(300_000)
  expect(retryAfterMs('-5', now)).toBe(0)
  for (const nonsense of [null, '', 'soon']) expect(retryAfterMs(nonsense, now)).toBeUndefined()
})

test('a 201 gives the answer and a session address, relative or absolute', async () => {
  const headers = {
    'content-type': 'application/sdp',
    location: '../whep/1',
    etag: '"a"',
    link: '<stun:s>; rel="ice-server"',
  }
  expect(await readAnswer(answer(201, headers, 'v=0'), post, now)).toEqual({
    kind: 'answer',
    sdp: 'v=0',
    session: { url: 'http://alta.example:8200/desk/whep/1', etag: '"a"', link: headers.link },
  })
  const absolute = await readAnswer(
    answer(201, { ...headers, location: 'https://edge.example/s/2' }, 'v=0'),
    post,
    now,
  )
  expect(absolute).toMatchObject({ session: { url: 'https://edge.example/s/2' } })
})

test('a 406 is a counter-offer only with SDP, an offer in it and a Location', async () => {
  const headers = {
    'content-type': 'application/sdp; valid-until="Thu, 01 Jan 2026 00:00:10 GMT"',
    location: '/s/1',
  }
  expect(await readAnswer(answer(406, headers, offer), post, now)).toMatchObject({
    kind: 'counter-offer',
    until: now + 10_000,
  })
  const plain = await readAnswer(
    answer(406, { ...headers, 'content-type': 'application/sdp' }, offer),
    post,
    now,
  )
  expect(plain).toMatchObject({ kind: 'counter-offer', until: now + 30_000 })
  const refusals = [
    answer(406, { 'content-type': 'application/sdp' }, offer),
    answer(406, { ...headers, 'content-type': 'text/plain' }, offer),
    answer(406, headers, 'codec not supported'),
    answer(406, headers, offer.replace('actpass', 'active')),
  ]
  for (const refusal of refusals) {
    expect(await readAnswer(refusal, post, now)).toMatchObject({ failure: { reason: 'server-refused' } })
  }
})

test.each([
  [401, 'ticket-refused'],
  [403, 'ticket-refused'],
  [404, 'whep-absent'],
  [405, 'whep-absent'],
  [409, 'not-live-yet'],
  [400, 'server-refused'],
  [418, 'server-refused'],
  [429, 'server-busy'],
  [500, 'server-busy'],
  [503, 'server-busy'],
  [599, 'server-busy'],
])('a %i means %s, unknown codes count as their class', async (status, reason) => {
  expect(await readAnswer(answer(status, {}), post, now)).toMatchObject({
    kind: 'failure',
    failure: { reason },
  })
})

// Would catch: the Retry-After of a 404 is dropped; a date is read by this machine's clock, which is not the server's.
test('a 404 or 405 keeps its Retry-After, and a date counts by the clock of the server that wrote it', async () => {
  const minutesOff = now - 7 * 60_000
  const headers = {
    date: new Date(minutesOff).toUTCString(),
    'retry-after': new Date(minutesOff + 20_000).toUTCString(),
  }
  for (const status of [404, 405])
    expect(await readAnswer(answer(status, headers), post, now)).toMatchObject({
      failure: { reason: 'whep-absent', retryAfterMs: 20_000 },
    })
  expect(await readAnswer(answer(404, { 'retry-after': '7' }), post, now)).toMatchObject({
    failure: { retryAfterMs: 7000 },
  })
})

// Would catch: a server that does not name the type of its answer (Go's HTTP library says text/plain) is never played.
test.each(['', 'text/plain; charset=utf-8', 'Application/SDP;charset=utf-8'])(
  'a 2xx that holds a session description plays with the type "%s"',
  async (type) => {
    const sdp = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n'
    const headers = new Headers({ location: '/s/1' })
    if (type !== '') headers.set('content-type', type)
    const response = new Response(new TextEncoder().encode(sdp), { status: 201, headers })
    expect(await readAnswer(response, post, now)).toMatchObject({ kind: 'answer', sdp })
  },
)

// Would catch: a hostile server fills the page's memory with an answer that has no end.
test('an answer without an end is trouble, and is not read on', async () => {
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 64 * 1024
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20))
    },
  })
  const response = new Response(endless, { status: 201, headers: { 'content-type': 'application/sdp' } })
  expect(await readAnswer(response, post, now)).toMatchObject({ failure: { reason: 'server-busy' } })
  expect(sent).toBeLessThan(1024 * 1024)
})

test('a web page instead of an answer is trouble, not a session', async () => {
  const html = answer(200, { 'content-type': 'text/html' }, '<html>')
  expect(await readAnswer(html, post, now)).toMatchObject({ failure: { reason: 'server-busy' } })
})
