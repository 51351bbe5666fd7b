import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createPageHandler } from '../../../../main/desktop/page-handler.ts'
import { Downloads } from '../../../../main/files/downloads.ts'
import { FileTickets } from '../../../../main/files/file-tickets.ts'
import type { FileRow } from '../../../../main/files/queries.ts'
import { Bus } from '../../../../main/platform/bus.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { makeApp } from '../../../../main/transport/http/fastify-app.ts'
import { serveFiles } from '../../../../main/transport/http/file-routes.ts'
import { closedContentPolicy, securityHeaders } from '../../../../main/transport/http/security-headers.ts'
import { openSocket } from '../../../fixtures/raw-http.ts'
import { temporaryFolder } from '../store/open-test-store.ts'
import { blobFolder, newFile, openTestFiles } from './written-files.ts'
import type { TestFiles } from './written-files.ts'

const holder = { userId: 'anna', admin: true, family: 'morning' }
const megabyte = 1_000_000
const security = { production: true, tlsEnabled: false }
const logger = openLogger({ filter: parseLogFilter('error'), format: 'text', write: () => undefined })

let folder: string
let opened: TestFiles
let bus: Bus
let tickets: FileTickets
/** Who is still let in. */
let isIn: boolean
let origin: string
/** Of the listener, also those that have ended. */
let connections: Socket[]
let handlePage: (request: Request) => Promise<Response>

beforeEach(async () => {
  folder = temporaryFolder()
  opened = await openTestFiles(folder)
  onTestFinished(() => opened.store.close())
  bus = new Bus(() => undefined)
  isIn = true
  const isStillIn = (): Promise<boolean> => Promise.resolve(isIn)
  tickets = new FileTickets({ store: opened.store, clock: systemClock, isStillIn })
  const downloads = new Downloads({ files: opened.files, tickets, bus, isStillIn })
  downloads.start()
  onTestFinished(() => downloads.stop())
  handlePage = createPageHandler({
    root: folder,
    securityHeaders: securityHeaders(security),
    prepareDocument: (html) => ({ html, policy: '' }),
    answerFile: (request) => downloads.answer(request),
    apiDocument: () => Promise.resolve('{}'),
    onRefused: () => undefined,
  })
  const app = makeApp({
    readTimeoutMs: 5_000,
    writeTimeoutMs: 60_000,
    idleTimeoutMs: 5_000,
    headers: { ...securityHeaders(security), 'content-security-policy': closedContentPolicy },
    trustedProxies: [],
    log: logger.for('transport'),
  })
  serveFiles(app, (request) => downloads.answer(request))
  connections = []
  app.server.on('connection', (socket) => connections.push(socket))
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => {
    app.server.closeAllConnections()
    return app.close()
  })
  origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
})

/** A file of so many bytes, no two stretches of which are the same, and its address. */
async function fileOf(bytes: number, name = 'log.csv'): Promise<{ file: FileRow; url: string }> {
  async function* numbers(): AsyncGenerator<string, void> {
    for (let [at, line] = [0, 0]; at < bytes;) {
      const lines: string[] = []
      for (let count = 0; count < 4_096; count += 1) lines.push(`${String(line++).padStart(15, '0')}\n`)
      const piece = lines.join('').slice(0, bytes - at)
      at += piece.length
      yield await Promise.resolve(piece)
    }
  }
  const file = await opened.files.write(newFile({ name }), numbers(), new AbortController().signal)
  return { file, url: (await tickets.issue(file, holder)).url }
}

const overHttp = (url: string, init: RequestInit): Promise<Response> => fetch(origin + url, init)
const atTheDesk = (url: string, init: RequestInit): Promise<Response> =>
  handlePage(new Request(`alta-desk://desk${url}`, init))

/** What only one transport has, or what differs from answer to answer. */
const hopHeaders = ['date', 'connection', 'keep-alive', 'x-request-id', 'transfer-encoding']

async function seen(answer: Response) {
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !hopHeaders.includes(name)))
  return { status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()).toString() }
}

/** How many handles of this process are open on the blob. */
function handlesOn(file: FileRow): number {
  const path = join(blobFolder(folder), file.id)
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      // The handle with which the folder itself was listed.
      return ''
    }
  })
  return links.filter((link) => link === path).length
}

async function untilNoHandleOn(file: FileRow): Promise<void> {
  while (handlesOn(file) > 0) await setImmediate()
}

describe('both transports answer alike', () => {
  const size = megabyte
  test.each<[string, Record<string, string>, number, [number, number] | null, string | null]>([
    ['GET', {}, 200, [0, size], null],
    ['GET', { range: 'bytes=0-9' }, 206, [0, 10], `bytes 0-9/${size}`],
    ['GET', { range: 'bytes=999990-' }, 206, [999_990, size], `bytes 999990-999999/${size}`],
    ['GET', { range: 'bytes=-7' }, 206, [999_993, size], `bytes 999993-999999/${size}`],
    ['GET', { range: 'bytes=400000-699999' }, 206, [400_000, 700_000], `bytes 400000-699999/${size}`],
    ['GET', { range: 'bytes=1000000-' }, 416, null, `bytes */${size}`],
    ['GET', { range: 'bytes=0-1,5-9' }, 200, [0, size], null],
    ['GET', { range: `bytes=${'0-0,'.repeat(500)}` }, 200, [0, size], null],
    ['GET', { range: 'bytes=5-9', 'if-range': 'ETAG' }, 206, [5, 10], `bytes 5-9/${size}`],
    ['GET', { range: 'bytes=5-9', 'if-range': '"other"' }, 200, [0, size], null],
    ['GET', { range: 'bytes=5-9', 'if-match': '"other"' }, 412, null, null],
    ['GET', { 'if-none-match': 'ETAG' }, 304, null, null],
    ['HEAD', {}, 200, [0, size], null],
    ['HEAD', { range: 'bytes=5-9' }, 200, [0, size], null],
  ])('%s %o', async (method, given, status, range, contentRange) => {
    const { file, url } = await fileOf(size)
    const text = readFileSync(join(blobFolder(folder), file.id), 'utf8')
    const etag = `"${file.sha256}"`
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value.replace('ETAG', etag)]),
    )
    const [http, page] = [
      await seen(await overHttp(url, { method, headers })),
      await seen(await atTheDesk(url, { method, headers })),
    ]
    expect(http.status).toBe(status)
    expect(http.headers['content-range'] ?? null).toBe(contentRange)
    expect(http.headers).toMatchObject({
      etag,
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    })
    const body = range === null || method === 'HEAD' ? '' : text.slice(...range)
    expect(http.body === body).toBe(true)
    if (range) {
      expect(http.headers['content-length']).toBe(String(range[1] - range[0]))
      expect(http.headers['content-disposition']).toBe('attachment; filename="log.csv"')
    }
    // Without a body the length is the business of HTTP.
    if (range === null) delete http.headers['content-length']
    expect(page).toEqual(http)
    await untilNoHandleOn(file)
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is not allowed', async (method) => {
    const { url } = await fileOf(10)
    for (const ask of [overHttp, atTheDesk]) {
      const answer = await ask(url, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
  })

  // Would catch: an address that is made up, or bent, and answered with somebody's file or with any file of the disk.
  test('what is no ticket, or another name, is not found', async () => {
    const { file, url } = await fileOf(10)
    const ticket = url.split('/')[2] ?? ''
    for (const path of [
      '/files/',
      '/files/x',
      `/files/${ticket}`,
      `/files/${ticket}/`,
      `/files/${ticket}/other.csv`,
      `/files/${ticket}/log.csv/more`,
      `/files/${ticket.slice(1)}a/log.csv`,
      `/files/${ticket}${ticket}/log.csv`,
      `/files/${file.id}/log.csv`,
      `/files/${ticket}/${'x'.repeat(200)}`,
      '/files/%2e%2e%2f%2e%2e%2fetc/passwd',
    ])
      for (const ask of [overHttp, atTheDesk])
        expect([path, (await ask(path, {})).status]).toEqual([path, 404])
  })
})

test('a name of another alphabet is saved as it is, and its address is plain', async () => {
  const { url } = await fileOf(10, 'Ворота.csv')
  expect(url).toMatch(/\/______\.csv$/)
  for (const ask of [overHttp, atTheDesk])
    expect((await ask(url, {})).headers.get('content-disposition')).toBe(
      `attachment; filename="______.csv"; filename*=UTF-8''%D0%92%D0%BE%D1%80%D0%BE%D1%82%D0%B0.csv`,
    )
})

test('an empty file is a file', async () => {
  const { url } = await fileOf(0)
  for (const ask of [overHttp, atTheDesk]) {
    const answer = await ask(url, {})
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '0', ''])
  }
})

// Would catch: a download that breaks off and has to begin again, or that goes on with torn bytes.
test('a download that broke off goes on where it broke, byte for byte', async () => {
  const { file, url } = await fileOf(5 * megabyte)
  const socket = await openSocket(origin)
  socket.write(`GET ${url} HTTP/1.1\r\nHost: desk\r\n\r\n`)
  let got = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got = Buffer.concat([got, chunk])
    if (got.length > megabyte) break
  }
  socket.destroy()
  const begin = got.subarray(got.indexOf('\r\n\r\n') + 4)
  expect(begin.length).toBeLessThan(file.size)
  const headers = { range: `bytes=${begin.length}-`, 'if-range': `"${file.sha256}"` }
  const rest = await overHttp(url, { headers })
  expect(rest.status).toBe(206)
  const whole = Buffer.concat([begin, Buffer.from(await rest.arrayBuffer())])
  expect(whole.equals(readFileSync(join(blobFolder(folder), file.id)))).toBe(true)
  await untilNoHandleOn(file)
})

// Would catch: a handle that is left open for every reader who goes away, until the desk can open nothing any more.
test('a reader that goes away closes the file, at both transports', async () => {
  const { file, url } = await fileOf(20 * megabyte)
  const socket = await openSocket(origin)
  socket.write(`GET ${url} HTTP/1.1\r\nHost: desk\r\n\r\n`)
  await once(socket, 'data')
  socket.destroy()
  await untilNoHandleOn(file)
  const reader = (await atTheDesk(url, {})).body?.getReader()
  await reader?.read()
  expect(handlesOn(file)).toBe(1)
  await reader?.cancel()
  await untilNoHandleOn(file)
  const leaving = new AbortController()
  const unread = await atTheDesk(url, { signal: leaving.signal })
  expect([unread.status, handlesOn(file)]).toEqual([200, 1])
  leaving.abort()
  await untilNoHandleOn(file)
})

// Would catch: a whole file that is held in memory for a reader who takes it slowly, or not at all.
test('a reader who takes nothing more is sent nothing more', async () => {
  const { file, url } = await fileOf(100 * megabyte)
  const socket = await openSocket(origin)
  socket.write(`GET ${url} HTTP/1.1\r\nHost: desk\r\n\r\n`)
  await once(socket, 'data')
  socket.pause()
  // While another one reads all of it, the desk has the time to read ahead for the first.
  let read = 0
  const other = await overHttp(url, {})
  for await (const chunk of other.body as unknown as AsyncIterable<Uint8Array>) read += chunk.length
  expect(read).toBe(file.size)
  // What the system buffers for a connection, and some; with what waits in the desk's memory.
  const served = connections.find(({ remotePort }) => remotePort === socket.localPort)
  expect(served?.bytesWritten).toBeGreaterThan(0)
  expect(served?.bytesWritten).toBeLessThan(30 * megabyte)
  socket.destroy()
  await untilNoHandleOn(file)
})

describe('a ticket dies with the sign-in', () => {
  /** Reads until it breaks off; fails when it does not. */
  async function brokenOff(answer: Response): Promise<void> {
    await expect(answer.arrayBuffer()).rejects.toThrow()
  }

  // Would catch: the whole audit log in the hands of somebody who was signed out, or is no administrator any more.
  test.each([
    ['a sign-in that ends', () => bus.publish('sign-in.ended', { family: 'morning' })],
    ['an account that is not let in any more', () => bus.publish('person.changed', { userId: 'anna' })],
  ])('%s breaks off what is under way, and the address is gone', async (_, end) => {
    const { file, url } = await fileOf(20 * megabyte)
    const answers = [await overHttp(url, {}), await atTheDesk(url, {})]
    isIn = false
    end()
    for (const answer of answers) await brokenOff(answer)
    await untilNoHandleOn(file)
    for (const ask of [overHttp, atTheDesk]) expect((await ask(url, {})).status).toBe(404)
  })

  test('so does a sign-in that ends by its age, without an event', async () => {
    const { file, url } = await fileOf(20 * megabyte)
    const answers = [await overHttp(url, {}), await atTheDesk(url, {})]
    isIn = false
    for (const answer of answers) await brokenOff(answer)
    await untilNoHandleOn(file)
  })

  test('the sign-in of somebody else, and a change that takes nothing, do not', async () => {
    const { url } = await fileOf(20 * megabyte)
    const answers = [await overHttp(url, {}), await atTheDesk(url, {})]
    bus.publish('sign-in.ended', { family: 'evening' })
    bus.publish('person.changed', { userId: 'ben' })
    bus.publish('person.changed', { userId: 'anna' })
    for (const answer of answers) expect((await answer.arrayBuffer()).byteLength).toBe(20 * megabyte)
  })
})

test('a file whose blob is gone, or was changed, is not found, and the log says so', async () => {
  const { file, url } = await fileOf(1_000)
  rmSync(join(blobFolder(folder), file.id))
  for (const ask of [overHttp, atTheDesk]) expect((await ask(url, {})).status).toBe(404)
  expect(opened.log.filter((line) => line.includes('missing from its folder'))).toHaveLength(2)
})
