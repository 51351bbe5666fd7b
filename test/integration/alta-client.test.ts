import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createAltaClient } from '../../main/alta/alta-client.ts'
import type { AltaProblem } from '../../main/alta/alta-problem.ts'
import type { AltaClient, AltaClientOptions, AltaReceiverStatus } from '../../main/alta/alta-types.ts'
import {
  RecordingsAtStake,
  createChannel,
  deleteChannel,
  inspectChannel,
  restoreChannel,
  updateChannel,
} from '../../main/alta/channels.ts'
import { createHlsStatus, openAsPlayer } from '../../main/alta/hls-status.ts'
import { LargeAnswers } from '../../main/alta/large-answers.ts'
import { compareServer } from '../../main/alta/ownership.ts'
import type { ExpectedChannel, ServerExpectation } from '../../main/alta/ownership-types.ts'
import { ensureAuthorizer, ensureOrigins, releaseServer, repairServer } from '../../main/alta/provisioning.ts'
import { issueSecuretoken } from '../../main/alta/securetoken.ts'
import { verifyServer } from '../../main/alta/verify.ts'
import { systemClock } from '../../main/platform/clock.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerOptions } from '../alta-simulator/options.ts'

const answers = new LargeAnswers()
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const call = { requestId: 'request-1' }
const deskId = '3f2a'
const gate: ExpectedChannel = {
  channelId: 'desk/gate-1',
  name: 'Gate 1',
  receiverId: 'gate-1',
  subReceiverId: null,
  storageId: null,
  storageDurationHours: null,
}
const authorization = { mode: 'backend', callbackUrl: 'http://127.0.0.1:9/alta/s1/authorize' } as const
const expectation: ServerExpectation = {
  deskId,
  authorization,
  origins: ['http://desk.example:3303'],
  channels: [gate],
}

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startAlta(options: AltaServerOptions = {}): Promise<AltaServerHandle> {
  const alta = await startAltaServer({
    receivers: [
      { id: 'gate-1', kind: 'status', width: 1920, height: 1080 },
      { id: 'gate-1-sub', kind: 'status' },
    ],
    archives: { main: { duration: 168 }, other: { duration: 24 } },
    ...options,
  })
  cleanups.push(() => alta.dispose())
  return alta
}

function clientOf(baseUrl: string, options: Partial<AltaClientOptions> = {}): AltaClient {
  const client = createAltaClient({
    serverId: 's1',
    baseUrl,
    login: 'admin',
    password: 'admin',
    timeouts: { connectMs: 1000, attemptMs: 800, overallMs: 4000 },
    logger: silent,
    clock: systemClock,
    answers,
    ...options,
  })
  cleanups.push(
    () => client.stop(),
    () => answers.stop(),
  )
  return client
}

async function problemOf(attempt: Promise<unknown>): Promise<AltaProblem> {
  return attempt.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: AltaProblem) => error,
  )
}

const loggedIn = 'HTTP/1.1 204 No Content\r\nSet-Cookie: auth=a\r\n\r\n'
const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

/** A listener that treats each connection as told, for what the simulator cannot do. */
async function startListener(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the session', () => {
  it('logs in once for many calls and sends the cookie and the request id (a Secure cookie is lost on http)', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await Promise.all([client.config(call), client.status(call), client.readObject(call, 'channels', 'x')])
    const seen = alta.requests()
    expect(seen.filter(({ path }) => path === '/api/login')).toHaveLength(1)
    expect(new Set(seen.map(({ headers }) => headers['x-request-id']))).toEqual(new Set(['request-1']))
  })

  it('logs in again, once for all, when Alta forgot the session', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await client.config(call)
    alta.dropLogins()
    alta.clearRequests()
    await Promise.all([client.config(call), client.config(call), client.status(call)])
    expect(alta.requests().filter(({ path }) => path === '/api/login')).toHaveLength(1)
  })

  it('gives up on a session that Alta never takes, until it is allowed to try (a login storm)', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await alta.setFault('unauthorized', { always: true })
    expect(await problemOf(client.config(call))).toMatchObject({ code: 'ALTA_ERROR', status: 401 })
    alta.clearRequests()
    await problemOf(client.config(call))
    expect(alta.requests()).toHaveLength(0)
    await alta.clearFaults()
    client.allowLogin()
    expect((await client.config(call)).version).toBe('250716')
  })

  it('asks once with a wrong password and then no more (accounts are locked by that)', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl, { password: 'wrong' })
    await Promise.all([1, 2, 3].map(() => problemOf(client.config(call))))
    const problem = await problemOf(client.config(call))
    expect(problem.code).toBe('ALTA_WRONG_PASSWORD')
    expect(JSON.stringify({ ...problem, message: problem.message })).not.toContain('"wrong"')
    expect(alta.requests().filter(({ path }) => path === '/api/login')).toHaveLength(1)
  })

  it('ends the session on Alta by logout', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await client.login(call)
    await client.logout(call)
    expect(alta.requests().map(({ path, status }) => [path, status])).toEqual([
      ['/api/login', 204],
      ['/api/logout', 204],
    ])
  })
})

describe('what goes wrong is called by its name', () => {
  it.each([
    ['refuse', 'ALTA_UNREACHABLE'],
    ['hang', 'ALTA_SLOW'],
    ['slow', 'ALTA_SLOW'],
    ['garbage', 'ALTA_NOT_ALTA'],
    ['html', 'ALTA_NOT_ALTA'],
    ['huge', 'ALTA_HUGE_ANSWER'],
    ['half-closed', 'ALTA_UNREACHABLE'],
    ['error-500', 'ALTA_ERROR'],
  ] as const)('%s, before the login and after it, on reads and on writes: %s', async (fault, code) => {
    const alta = await startAlta()
    // Reading 8 MB on a busy machine takes longer than patience with a hung one should.
    const attemptMs = fault === 'huge' ? 5000 : 500
    const timeouts = { connectMs: 1000, attemptMs, overallMs: 10_000 }
    const fresh = clientOf(alta.baseUrl, { timeouts })
    const known = clientOf(alta.baseUrl, { timeouts })
    await known.login(call)
    await alta.setFault(fault, { listener: 'api' })
    const once = { ...call, retries: 0 }
    const problems = await Promise.all([
      problemOf(fresh.config(once)),
      problemOf(known.config(once)),
      problemOf(known.createObject(once, 'authorizers', 'x', { default: 'deny' })),
      problemOf(known.deleteObject(once, 'authorizers', 'x')),
    ])
    expect(problems.map((problem) => problem.code)).toEqual([code, code, code, code])
    await alta.clearFaults()
    expect((await known.config(call)).version).toBe('250716')
  })

  it('a huge answer is cut off early (50 MB for every health round)', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl, { timeouts: { attemptMs: 5000, overallMs: 10_000 } })
    await client.login(call)
    await alta.setFault('huge', { listener: 'api', bytes: 1024 * 1024 * 1024 })
    expect((await problemOf(client.config({ ...call, retries: 0 }))).code).toBe('ALTA_HUGE_ANSWER')
  })

  // Would catch: a limit that real installations meet, and one that lets an Alta keep the desk busy with what it made up.
  it('a configuration and a status of 5,000 cameras are taken, and nothing that is larger or odder', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl, { timeouts: { attemptMs: 15_000, overallMs: 20_000 } })
    const ids = Array.from({ length: 5000 }, (_, index) => `building-7-gate-${index}`)
    alta.config.receivers = Object.fromEntries(
      ids.flatMap((id) =>
        [id, `${id}-sub`].map((receiver) => [
          receiver,
          {
            enable: true,
            name: `Building 7, ${receiver}`,
            source: `rtsp://admin:word@10.20.30.40:554/${id}`,
          },
        ]),
      ),
    )
    alta.config.ott.channels = Object.fromEntries(
      ids.map((id) => [
        `desk/${id}`,
        {
          enable: true,
          name: `Building 7, ${id}`,
          authorizer: 'alta-desk-3f2a',
          archive: 'main',
          duration: 72,
          variants: { main: { receiver: id }, sub: { receiver: `${id}-sub` } },
        },
      ]),
    )
    const config = await client.config({ ...call, retries: 0 })
    expect(Object.keys(config.receivers ?? {})).toHaveLength(10_000)
    expect(config.ott.channels['desk/building-7-gate-4999']).toMatchObject({
      variants: { sub: { receiver: 'building-7-gate-4999-sub' } },
    })
    await client.status({ ...call, retries: 0 })
    for (let index = 0; index < 6000; index += 1)
      alta.config.receivers[`more-${index}`] = { enable: true, name: 'More', source: '' }
    expect((await problemOf(client.config({ ...call, retries: 0 }))).code).toBe('ALTA_HUGE_ANSWER')
  })

  it.each([
    ['nested without end', `{"a":${'['.repeat(60_000)}`, 'ALTA_NOT_ALTA'],
    [
      'an object that is too deep to be written back',
      `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`,
      'ALTA_NOT_ALTA',
    ],
    ['brackets in a text', JSON.stringify({ a: '['.repeat(1000) }), 'taken'],
    ['one object of a megabyte', JSON.stringify({ a: 'a'.repeat(1024 * 1024) }), 'ALTA_HUGE_ANSWER'],
  ])('an answer with %s', async (_case, body, outcome) => {
    const url = await startListener((socket) => {
      socket.on('data', (request) => {
        const login = request.toString('latin1').startsWith('POST /api/login')
        const [status, text, cookie] = login ? [204, '', 'Set-Cookie: auth=a\r\n'] : [200, body, '']
        socket.write(`HTTP/1.1 ${status} OK\r\n${cookie}Content-Length: ${text.length}\r\n\r\n${text}`)
      })
    })
    const asked = clientOf(url).readObject({ ...call, retries: 0 }, 'channels', 'x')
    const found = await asked.then(
      () => 'taken',
      (error: AltaProblem) => error.code,
    )
    expect(found).toBe(outcome)
  })

  // Would catch: a server that keeps the main thread busy for most of a second at a time, with bytes that cost far more than
  // they weigh and that no limit of size ever reaches.
  it.each([
    [
      'informational answers without an end',
      'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n'.repeat(2000),
      '',
    ],
    ['a body of tiny pieces', chunkedHead, '1\r\n \r\n'.repeat(5000)],
    [
      'a body of pieces that are longer than what they carry',
      chunkedHead,
      `1;${'a'.repeat(200)}\r\n \r\n`.repeat(5000),
    ],
  ])('%s', async (_case, head, pieces) => {
    const url = await startListener((socket) => {
      socket.on('data', (request) => {
        const login = request.toString('latin1').startsWith('POST /api/login')
        socket.write(login ? loggedIn : head + pieces)
      })
    })
    const problem = await problemOf(clientOf(url).config({ ...call, retries: 0 }))
    expect([problem.code, problem.detail]).toEqual([
      'ALTA_NOT_ALTA',
      expect.stringMatching(/without an end|small pieces/),
    ])
  })

  it('but a few informational answers, and a body of some hundred lines, are taken', async () => {
    const lines = JSON.stringify(
      { lines: Array.from({ length: 400 }, () => 'a'.repeat(100)) },
      null,
      1,
    ).split(/(?<=\n)/)
    const chunks = lines.map((line) => `${line.length.toString(16)}\r\n${line}\r\n`)
    const url = await startListener((socket) => {
      socket.on('data', (request) => {
        const login = request.toString('latin1').startsWith('POST /api/login')
        const hints = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3)
        socket.write(login ? loggedIn : `${hints}${chunkedHead}${chunks.join('')}0\r\n\r\n`)
      })
    })
    const found = await clientOf(url).readObject({ ...call, retries: 0 }, 'channels', 'x')
    expect(found?.['lines']).toHaveLength(400)
  })

  it('a certificate that nobody trusts', async () => {
    const alta = await startAlta({ tls: true })
    const problem = await problemOf(clientOf(alta.baseUrl).config(call))
    expect([problem.code, problem.retryable]).toEqual(['ALTA_TLS_UNTRUSTED', false])
  })

  it('https typed for an http port, and http for an https one', async () => {
    const plain = await startAlta()
    const secure = await startAlta({ tls: true })
    const https = await problemOf(clientOf(plain.baseUrl.replace('http:', 'https:')).config(call))
    expect([https.code, https.detail]).toEqual(['ALTA_UNREACHABLE', expect.stringContaining('no TLS')])
    const http = await problemOf(clientOf(secure.baseUrl.replace('https:', 'http:')).config(call))
    expect(['ALTA_NOT_ALTA', 'ALTA_UNREACHABLE']).toContain(http.code)
  })

  it('something that does not speak HTTP at all', async () => {
    const url = await startListener((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    expect((await problemOf(clientOf(url).config(call))).code).toBe('ALTA_NOT_ALTA')
  })

  it('a name that does not exist', async () => {
    const problem = await problemOf(clientOf('http://alta.invalid:8100').config(call))
    expect(problem.code).toBe('ALTA_UNREACHABLE')
  })

  it('a web server at the address', async () => {
    const url = await startListener((socket) => {
      socket.on('data', () =>
        socket.end('HTTP/1.1 302 Found\r\nLocation: /index\r\nContent-Length: 0\r\n\r\n'),
      )
    })
    expect((await problemOf(clientOf(url).config(call))).code).toBe('ALTA_NOT_ALTA')
  })

  // Would catch: a password or a session that is carried to wherever an answer points.
  it('a redirect is followed nowhere', async () => {
    const reached: string[] = []
    const elsewhere = await startListener((socket) => socket.on('data', (data) => reached.push(String(data))))
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await startListener((socket) => {
        socket.on('data', () =>
          socket.end(
            `HTTP/1.1 ${status} Moved\r\nLocation: ${elsewhere}/api/login\r\nContent-Length: 0\r\n\r\n`,
          ),
        )
      })
      const once = { ...call, retries: 0 }
      expect((await problemOf(clientOf(url).config(once))).code).toBe('ALTA_NOT_ALTA')
      expect(await openAsPlayer({ streamOrigin: url, clock: systemClock }, once, 'desk/gate', 'token')).toBe(
        status,
      )
    }
    expect(reached).toEqual([])
  })

  it('an observer, a full disk and a receiver that is gone, on a write', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await ensureAuthorizer(client, call, deskId, authorization)
    await alta.setFault('observer', true)
    expect((await problemOf(client.deleteObject(call, 'channels', 'x'))).code).toBe('ALTA_OBSERVER')
    await alta.clearFaults()
    await alta.setFault('disk-full', true)
    expect((await problemOf(client.deleteObject(call, 'channels', 'x'))).code).toBe('ALTA_DISK_FULL')
    await alta.clearFaults()
    const gone = { ...gate, receiverId: 'gone' }
    const problem = await problemOf(createChannel(client, call, deskId, gone, { takeOver: false }))
    expect(problem.code).toBe('ALTA_RECEIVER_MISSING')
  })

  it('the caller leaving is the reason of the caller, not a problem of Alta', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await alta.setFault('hang', { listener: 'api' })
    const leaving = new AbortController()
    const asked = client.config({ ...call, signal: leaving.signal })
    leaving.abort(new Error('left'))
    await expect(asked).rejects.toThrow('left')
    const stopping = client.config(call)
    await client.stop()
    await expect(stopping).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('resilience', () => {
  it('tries again what failed by chance (one lost connection is no outage)', async () => {
    const alta = await startAlta()
    let refused = 0
    const flaky = await startListener((socket) => {
      if (refused++ < 2) {
        socket.destroy()
        return
      }
      const { port, hostname } = new URL(alta.baseUrl)
      const onward = connect(Number(port), hostname)
      onward.on('error', () => socket.destroy())
      socket.pipe(onward).pipe(socket)
    })
    expect((await clientOf(flaky).config(call)).version).toBe('250716')
  })

  it('takes a POST whose answer was lost for done, if the object is ours (a camera imported in halves)', async () => {
    const alta = await startAlta()
    let lost = 0
    const { port, hostname } = new URL(alta.baseUrl)
    const lossy = await startListener((socket) => {
      const onward = connect(Number(port), hostname)
      onward.on('error', () => socket.destroy())
      let cut = false
      socket.on('data', (bytes) => {
        cut ||= lost === 0 && bytes.includes('POST /api/ott/channels')
        onward.write(bytes)
      })
      onward.on('data', (bytes) => {
        if (!cut) return void socket.write(bytes)
        lost += 1
        socket.destroy()
        return undefined
      })
    })
    const client = clientOf(lossy)
    await ensureAuthorizer(client, call, deskId, authorization)
    expect(await createChannel(client, call, deskId, gate, { takeOver: false })).toEqual({ outcome: 'ours' })
    expect(lost).toBe(1)
    expect(Object.keys(alta.config.ott.channels)).toEqual(['desk/gate-1'])
  })

  it('stops asking a dead server and asks again by itself (a storm of calls into a dead one)', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await client.login(call)
    await alta.setFault('error-500', { listener: 'api' })
    for (let failures = 0; failures < 5; failures++) await problemOf(client.config({ ...call, retries: 0 }))
    expect(client.health().breaker).toBe('open')
    alta.clearRequests()
    expect((await problemOf(client.config(call))).code).toBe('ALTA_ERROR')
    expect(alta.requests()).toHaveLength(0)
    await alta.clearFaults()
    await expect
      .poll(
        () =>
          client.config(call).then(
            () => client.health().breaker,
            () => 'open',
          ),
        {
          timeout: 5000,
        },
      )
      .toBe('closed')
  })

  it('a refusal of one call does not count against the server', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await alta.setFault('observer', true)
    for (let refusals = 0; refusals < 8; refusals++)
      await problemOf(client.deleteObject(call, 'channels', 'x'))
    expect(client.health().breaker).toBe('closed')
  })

  it('a round of health over servers of which most hang does not wait for them', async () => {
    const altas = await Promise.all(Array.from({ length: 8 }, () => startAlta()))
    const clients = altas.map((alta) => clientOf(alta.baseUrl))
    await Promise.all(clients.map((client) => client.login(call)))
    await Promise.all(altas.slice(0, 6).map((alta) => alta.setFault('hang', { listener: 'api' })))
    const cycle = { ...call, retries: 0 }
    const hanging = clients
      .slice(0, 6)
      .flatMap((client) => [1, 2, 3].map(() => problemOf(client.status(cycle))))
    let over = 0
    for (const call of hanging) void call.then(() => (over += 1))
    await Promise.all(clients.slice(6).map((client) => client.status(cycle)))
    expect(over).toBe(0)
    expect(new Set((await Promise.all(hanging)).map(({ code }) => code))).toEqual(new Set(['ALTA_SLOW']))
  })

  it('bounds the whole call, waiting for a place included', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl, {
      timeouts: { connectMs: 500, attemptMs: 600_000, overallMs: 600_000 },
    })
    await client.login(call)
    await alta.setFault('hang', { listener: 'api' })
    // One attempt alone would last longer than a test may.
    const calls = Array.from({ length: 20 }, () => problemOf(client.config({ ...call, timeoutMs: 300 })))
    expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(new Set(['ALTA_SLOW']))
  })

  it('measures the clock of Alta on every answer', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await client.config(call)
    const unskewed = client.health().clockOffsetMs ?? NaN
    await alta.setFault('clock-skew', { seconds: -300 })
    await client.status(call)
    const skewed = client.health().clockOffsetMs ?? NaN
    // `Date` has whole seconds, so two answers differ by up to one more, and half of what a slow machine needs.
    expect(Math.round((skewed - unskewed) / 60_000)).toBe(-5)
    expect(Math.abs(Math.round(unskewed / 60_000))).toBe(0)
  })

  it('tells metrics how each call ended', async () => {
    const alta = await startAlta()
    const outcomes: string[] = []
    const client = clientOf(alta.baseUrl, {
      onCall: ({ operation, outcome }) => outcomes.push(`${operation} ${outcome}`),
    })
    await client.readObject(call, 'channels', 'desk/gate-1')
    await alta.setFault('html', { listener: 'api' })
    await problemOf(client.status(call))
    expect(outcomes).toEqual(['GET /api/ott/channels ok', 'GET /api/status ALTA_NOT_ALTA'])
  })
})

describe('status', () => {
  it('is what Alta says of its receivers', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    expect((await client.status(call))?.receivers['gate-1']).toMatchObject({
      active: true,
      codec: 'h264',
      width: 1920,
    })
    await alta.setFault('receiver-frozen', { receiver: 'gate-1' })
    const frozen = (await client.status(call))?.receivers['gate-1']
    expect(frozen).toMatchObject({ active: false, error: 'no data from source' })
    await alta.setFault('no-status', true)
    expect(await client.status(call)).toBeNull()
  })

  it('is read from moving playlists where Alta tells none, and a playlist that stands still is a dead source', async () => {
    const alta = await startAlta({
      receivers: [{ id: 'gate-1', width: 320, height: 180, fps: 5 }],
      segmentSeconds: 1,
      channels: { 'desk/gate-1': { variants: { main: { receiver: 'gate-1' } } } },
    })
    const status = createHlsStatus({ streamOrigin: alta.ottUrl, clock: systemClock, logger: silent })
    cleanups.push(() => status.stop())
    const read = (): Promise<AltaReceiverStatus> => status.read(call, 'desk/gate-1', 'any')
    const first = await read()
    expect(first).toMatchObject({ active: null, codec: 'h264', width: 320, height: 180, fps: 5, error: '' })
    const patience = { timeout: 15_000, interval: 200 }
    await expect.poll(async () => (await read()).active, patience).toBe(true)
    await alta.setFault('receiver-stalled', { receiver: 'gate-1' })
    await expect.poll(async () => (await read()).active, patience).toBe(false)
    expect(alta.sessions().length).toBeLessThanOrEqual(1)
    await alta.clearFaults()
    await expect.poll(async () => (await read()).active, patience).toBe(true)
    await alta.stop()
    await expect.poll(async () => (await read()).error, patience).toContain('refused')
    expect((await read()).active).toBeNull()
  })
})

// Would catch: one camera whose playlist names what is no web address ends the whole round "by a mistake of ours", and no
// camera of the server has a status any more.
describe('a playlist that names no stream', () => {
  it.each(['http://[', 'data:text/plain,x', 'mailto:x', 'javascript:1', '//:x', 'http://x:99999/'])(
    'is the trouble of its camera alone: %s',
    async (uri) => {
      const answer = `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${uri}\n`
      const ott = createHttpServer((_request, response) => void response.end(answer))
      await new Promise<void>((resolve) => ott.listen(0, '127.0.0.1', resolve))
      cleanups.push(async () => {
        ott.close()
        ott.closeAllConnections()
      })
      const streamOrigin = `http://127.0.0.1:${(ott.address() as AddressInfo).port}`
      const status = createHlsStatus({ streamOrigin, clock: systemClock, logger: silent })
      cleanups.push(() => status.stop())
      expect(await status.read(call, 'desk/gate-1', 'any')).toMatchObject({
        active: null,
        error: 'the playlist names no stream',
      })
    },
  )
})

describe('our objects on Alta', () => {
  it('are made, checked, repaired and taken away again, and nothing else is touched', async () => {
    const alta = await startAlta({
      allowOrigin: ['https://tv.example'],
      authorizers: { tv: { default: 'allow' } },
    })
    const before = structuredClone(alta.config)
    const client = clientOf(alta.baseUrl)
    expect(await ensureAuthorizer(client, call, deskId, authorization)).toBe('created')
    expect(await ensureAuthorizer(client, call, deskId, authorization)).toBe('unchanged')
    const { added } = await ensureOrigins(client, call, expectation.origins)
    expect(await ensureOrigins(client, call, expectation.origins)).toEqual({ added: [] })
    expect(alta.config.servers['ott']?.allow_origin).toEqual([
      'https://tv.example',
      'http://desk.example:3303',
    ])
    await createChannel(client, call, deskId, gate, { takeOver: false })
    expect(compareServer(await client.config(call), expectation)).toEqual([])

    Object.assign(alta.config.ott.channels['desk/gate-1'] ?? {}, {
      authorizer: undefined,
      name: 'x',
      epg: 'kept',
    })
    Object.assign(alta.config.ott.authorizers['alta-desk-3f2a'] ?? {}, { default: 'allow' })
    expect(compareServer(await client.config(call), expectation).map(({ field }) => field)).toEqual([
      'default',
      'name',
      'authorizer',
    ])
    await repairServer(client, call, expectation, { mayClearRecordings: false })
    expect(compareServer(await client.config(call), expectation)).toEqual([])
    expect(alta.config.ott.channels['desk/gate-1']).toMatchObject({ epg: 'kept' })

    const release = { deskId, channelIds: ['desk/gate-1', 'desk/never-was'], origins: added }
    await releaseServer(client, call, release)
    await releaseServer(client, call, release)
    expect(alta.config).toEqual(before)
  })

  it('repairs what is missing altogether', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    const repaired = await repairServer(client, call, expectation, { mayClearRecordings: false })
    expect(repaired).toEqual({ addedOrigins: ['http://desk.example:3303'] })
    expect(compareServer(await client.config(call), expectation)).toEqual([])
  })

  it("leave somebody else's channel alone in every way", async () => {
    const theirs = { name: 'TV', variants: { main: { receiver: 'gate-1-sub' } } }
    const alta = await startAlta({ channels: { 'desk/gate-1': theirs } })
    const client = clientOf(alta.baseUrl)
    await ensureAuthorizer(client, call, deskId, authorization)
    expect(await createChannel(client, call, deskId, gate, { takeOver: true })).toEqual({
      outcome: 'taken',
      canTakeOver: false,
      authorizer: null,
      clearsRecordings: false,
    })
    const mayClear = { mayClearRecordings: true }
    expect((await problemOf(updateChannel(client, call, deskId, gate, mayClear))).code).toBe(
      'ALTA_CHANNEL_TAKEN',
    )
    expect((await problemOf(repairServer(client, call, expectation, mayClear))).code).toBe(
      'ALTA_CHANNEL_TAKEN',
    )
    expect(await deleteChannel(client, call, deskId, 'desk/gate-1')).toBe('foreign')
    expect(alta.config.ott.channels['desk/gate-1']).toEqual(theirs)
  })

  it("take over another desk's channel only when told, and put it back", async () => {
    const theirs = { name: 'Old', authorizer: 'alta-desk-9', variants: { main: { receiver: 'gate-1' } } }
    const alta = await startAlta({
      channels: { 'desk/gate-1': theirs },
      authorizers: { 'alta-desk-9': { default: 'deny' } },
    })
    const client = clientOf(alta.baseUrl)
    await ensureAuthorizer(client, call, deskId, authorization)
    expect(await inspectChannel(client, call, deskId, 'desk/gate-1')).toMatchObject({
      owner: 'other-desk',
      found: theirs,
    })
    const untold = await createChannel(client, call, deskId, gate, { takeOver: false })
    expect(untold).toMatchObject({ outcome: 'taken', canTakeOver: true, authorizer: 'alta-desk-9' })
    expect(alta.config.ott.channels['desk/gate-1']).toEqual(theirs)
    const told = await createChannel(client, call, deskId, gate, { takeOver: true })
    expect(told).toEqual({ outcome: 'taken-over', previous: theirs })
    expect(alta.config.ott.channels['desk/gate-1']).toMatchObject({
      authorizer: 'alta-desk-3f2a',
      name: 'Gate 1',
    })
    await restoreChannel(client, call, deskId, 'desk/gate-1', theirs)
    expect(alta.config.ott.channels['desk/gate-1']).toEqual(theirs)
  })

  it('never clear recordings without leave (a changed storage loses the archive)', async () => {
    const alta = await startAlta()
    const client = clientOf(alta.baseUrl)
    await ensureAuthorizer(client, call, deskId, authorization)
    await createChannel(client, call, deskId, { ...gate, storageId: 'main' }, { takeOver: false })
    const moved = { ...gate, storageId: 'other' }
    const forbidden = { mayClearRecordings: false }
    await expect(updateChannel(client, call, deskId, moved, forbidden)).rejects.toBeInstanceOf(
      RecordingsAtStake,
    )
    const changed = { ...expectation, channels: [moved] }
    await expect(repairServer(client, call, changed, forbidden)).rejects.toBeInstanceOf(RecordingsAtStake)
    const again = await createChannel(client, call, deskId, moved, { takeOver: false })
    expect(again).toMatchObject({ outcome: 'taken', canTakeOver: true, clearsRecordings: true })
    expect(alta.config.ott.channels['desk/gate-1']?.archive).toBe('main')
    expect(await updateChannel(client, call, deskId, moved, { mayClearRecordings: true })).toBe('changed')
    expect(alta.config.ott.channels['desk/gate-1']?.archive).toBe('other')
  })

  it('carry ids with slashes and other scripts', async () => {
    const receiverId = 'двор/ворота-1'
    const alta = await startAlta({ receivers: [{ id: receiverId, kind: 'status' }] })
    const client = clientOf(alta.baseUrl)
    await ensureAuthorizer(client, call, deskId, authorization)
    const yard = { ...gate, channelId: `desk/${receiverId}`, receiverId }
    expect(await createChannel(client, call, deskId, yard, { takeOver: false })).toEqual({
      outcome: 'created',
    })
    expect(await deleteChannel(client, call, deskId, yard.channelId)).toBe('deleted')
  })

  it('let a player in by the securetoken that Alta itself computes', async () => {
    const alta = await startAlta({
      receivers: [{ id: 'gate-1', width: 320, height: 180, fps: 5 }],
      segmentSeconds: 1,
    })
    const client = clientOf(alta.baseUrl)
    await ensureAuthorizer(client, call, deskId, { mode: 'securetoken', ticketSecret: 'top' })
    await createChannel(client, call, deskId, gate, { takeOver: false })
    const request = { channelId: 'desk/gate-1', viewerAddress: '127.0.0.1', nowMs: Date.now() }
    const stream = { streamOrigin: alta.ottUrl, clock: systemClock }
    const good = issueSecuretoken({ ...request, ticketSecret: 'top' }).token
    const bad = issueSecuretoken({ ...request, ticketSecret: 'other' }).token
    expect(await openAsPlayer(stream, call, 'desk/gate-1', good)).toBe(200)
    expect(await openAsPlayer(stream, call, 'desk/gate-1', bad)).toBe(403)
  })
})

describe('the verification of a new server', () => {
  const options = { deskId, streamUrl: null }

  it('finds a sound one sound and changes nothing on it', async () => {
    const alta = await startAlta()
    const before = structuredClone(alta.config)
    const found = await verifyServer(clientOf(alta.baseUrl), call, options)
    expect(found).toMatchObject({ version: '250716', warnings: [] })
    expect(new URL(found.streamOrigin).port).toBe(new URL(alta.ottUrl).port)
    expect(alta.config).toEqual(before)
  })

  it.each([
    ['observer', 'ALTA_OBSERVER'],
    ['no-receivers', 'ALTA_TOO_OLD'],
    ['disk-full', 'ALTA_DISK_FULL'],
    ['html', 'ALTA_NOT_ALTA'],
  ] as const)('refuses %s: %s', async (fault, code) => {
    const alta = await startAlta()
    await alta.setFault(fault, true)
    expect((await problemOf(verifyServer(clientOf(alta.baseUrl), call, options))).code).toBe(code)
  })

  it('refuses an Alta that does not stream, unless a streaming URL was typed', async () => {
    const alta = await startAlta()
    delete alta.config.servers['ott']
    const client = clientOf(alta.baseUrl)
    expect((await problemOf(verifyServer(client, call, options))).code).toBe('ALTA_NO_OTT')
    const typed = await verifyServer(client, call, { deskId, streamUrl: alta.ottUrl })
    expect(typed.streamOrigin).toBe(alta.ottUrl)
  })

  it.each([
    ['refuse', { listener: 'ott' }, 'ALTA_OTT_CLOSED'],
    ['clock-skew', { seconds: 180 }, 'ALTA_CLOCK_OFF'],
  ] as const)('warns of %s %j: %s', async (fault, parameters, code) => {
    const alta = await startAlta()
    await alta.setFault(fault, parameters)
    const { warnings } = await verifyServer(clientOf(alta.baseUrl), call, options)
    expect(warnings.map((warning) => warning.code)).toEqual([code])
  })
})
