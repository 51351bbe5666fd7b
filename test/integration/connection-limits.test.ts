import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDeskProcess } from '../fixtures/desk-process.ts'
import type { DeskProcess } from '../fixtures/desk-process.ts'
import { openSocket, sendRaw } from '../fixtures/raw-http.ts'
import { accessTokenOf, seedSignIns } from '../fixtures/seeded-sign-ins.ts'

const openFiles = 256
/** A quarter of them may be event streams. */
const mostStreams = 64
/** More than may be open together, with eight streams each; the last person is for a test of its own. */
const peopleCount = mostStreams / 8 + 2

let desk: DeskProcess
let folder: string
let tokens: string[]
const sockets: Socket[] = []

beforeAll(async () => {
  const entry = join(import.meta.dirname, '../../main/headless.ts')
  // Nothing ends here because time has passed.
  const env = { ALTAVMS_HTTP_READ_TIMEOUT: '10m', ALTAVMS_HTTP_IDLE_TIMEOUT: '10m' }
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-connections-'))
  const signIns = await seedSignIns(folder, peopleCount)
  desk = await startDeskProcess({ entry, openFiles, env, folder })
  tokens = await Promise.all(signIns.map((refreshToken) => accessTokenOf(desk.origin, refreshToken)))
}, 180_000)
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await desk.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Opens a connection that stays open. */
async function held(): Promise<Socket> {
  const socket = await openSocket(desk.origin)
  sockets.push(socket)
  return socket
}

/** What comes first; nothing where the connection closes before. */
async function firstWords(socket: Socket): Promise<string> {
  const [head] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown]
  return head instanceof Buffer ? head.toString() : ''
}

/** What the desk answered to an event stream, which stays open where it may. */
async function openStream(token: string): Promise<{ socket: Socket; head: string }> {
  const socket = await held()
  socket.write(`GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  return { socket, head: await firstWords(socket) }
}

/** Sends a request whose body never comes, and waits until the desk waits for it, or has closed the connection. */
async function openSlowRequest(path: string): Promise<void> {
  const socket = await held()
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n`,
  )
  await firstWords(socket)
}

/** What Alta is answered when it asks; its ticket is none of ours, so the answer is no. */
async function askAuthorizer(): Promise<string> {
  const answer = await sendRaw(
    desk.origin,
    'GET /alta/s1/authorize?token=x HTTP/1.1\r\nHost: localhost\r\nX-Real-Path: /c1\r\nConnection: close\r\n\r\n',
  )
  return answer.slice(0, 12)
}

// Would catch: pages, strangers and slow requests that hold every descriptor, so that Alta is not answered and every
// wall goes dark (225 streams under 256 descriptors did).
test('with 256 descriptors, whatever people and strangers hold open, Alta is answered', async () => {
  const answers = await Promise.all(
    tokens.slice(0, -1).flatMap((token) => Array.from({ length: 8 }, () => openStream(token))),
  )
  const heads = answers.map(({ head }) => head)
  expect(heads.filter((head) => head.startsWith('HTTP/1.1 200 '))).toHaveLength(mostStreams)
  const refused = heads.filter((head) => head.startsWith('HTTP/1.1 503 '))
  expect(refused).toHaveLength(8)
  expect(refused[0]).toMatch(/\r\nretry-after: 5\r\n[^]*"code":"TOO_MANY_STREAMS"/)

  // More connections without a request than there are descriptors.
  await Promise.all(Array.from({ length: openFiles + 44 }, held))
  const said = await Promise.all(Array.from({ length: 16 }, askAuthorizer))
  expect(said).toEqual(Array.from({ length: 16 }, () => 'HTTP/1.1 403'))
  // The streams that were let in go on.
  const lasting = answers.filter(({ socket }) => !socket.closed)
  expect(lasting.filter(({ head }) => head.startsWith('HTTP/1.1 200 '))).toHaveLength(mostStreams)
}, 300_000)

// Would catch: a stranger who sends the headers of many requests and never their bodies, to an address below /alta/ or to
// one that does not exist: 225 of them under 256 descriptors, and Alta's questions were reset. At the addresses of the
// API they kept everybody else from an answer.
test.each(['/alta/s1/authorize', '/nothing', '/api/auth/login'])(
  'requests to %s whose bodies never come keep nobody from an answer',
  async (path) => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (let count = 0; count < openFiles + 44; count += 1) await openSlowRequest(path)
    expect(await askAuthorizer()).toBe('HTTP/1.1 403')
    const other = await sendRaw(
      desk.origin,
      'GET /api/auth/setup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    )
    expect(other).toMatch(/^HTTP\/1\.1 200 /)
  },
  300_000,
)

test("a person's ninth stream ends the oldest, and its connection", async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  const token = tokens.at(-1) ?? ''
  const first = await openStream(token)
  const told: string[] = []
  first.socket.on('data', (chunk: Buffer) => told.push(chunk.toString()))
  const closed = once(first.socket, 'close')
  for (let count = 2; count <= 9; count += 1) await openStream(token)
  await closed
  expect(told.join('')).toContain('"type":"stream.ended"')
  expect(told.join('')).toContain('"reason":"too-many-pages"')
})
