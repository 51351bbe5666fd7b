import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { ConnectionLimit, refuseBeyond } from '../../../../main/transport/http/connection-limit.ts'

/** Above what the buffers of both ends take. */
const largeAnswer = Buffer.alloc(32 * 1024 * 1024)

/** A listener on which one request may be in progress, besides the one that asks. */
async function startListener() {
  const app = fastify()
  const limit = new ConnectionLimit({ busy: 1, idle: 10, idleAtOnce: 10 })
  limit.watch(app.server)
  refuseBeyond(app, limit)
  const { promise: disposables, resolve: end } = Promise.withResolvers<string>()
  const { promise: handedOver, resolve: handOver } = Promise.withResolvers<undefined>()
  app.get('/quick', () => 'quick')
  app.get('/slow', () => disposables)
  app.post('/slow', () => disposables)
  app.get('/large', (_request, reply) => {
    reply.raw.once('prefinish', () => handOver(undefined))
    return reply.send(largeAnswer)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const sockets: Socket[] = []
  onTestFinished(async () => {
    end('done')
    for (const socket of sockets) socket.destroy()
    await app.close()
  })
  /** Sends this on a connection of its own; resolves once the listener has received it. */
  const send = async (text: string): Promise<Socket> => {
    const arrived = once(app.server, 'request')
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write(text)
    await arrived
    return socket
  }
  const statusOf = async (path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).status
  return { send, statusOf, handedOver, end }
}

test('requests beyond the limit are refused, and served again once another has been answered', async () => {
  const { send, statusOf, end } = await startListener()
  const socket = await send('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  expect(await statusOf('/quick')).toBe(503)
  end('done')
  await once(socket, 'data')
  expect(await statusOf('/quick')).toBe(200)
})

// Would catch: strangers who hold the places of everybody with requests that are never complete.
test('a request counts as in progress once its body is there', async () => {
  const { send, statusOf } = await startListener()
  const headers = 'POST /slow HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n'
  const socket = await send(`${headers}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`)
  await send(`${headers}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`)
  expect(await statusOf('/quick')).toBe(200)
  socket.write('null')
  await expect.poll(() => statusOf('/quick')).toBe(503)
})

// Would catch: strangers who ask for large files, never read them, and so hold the places of everybody.
test('an answer that is finished does not count, though nobody reads it', async () => {
  const { send, statusOf, handedOver } = await startListener()
  const socket = await send('GET /large HTTP/1.1\r\nHost: h\r\n\r\n')
  socket.pause()
  await handedOver
  expect(await statusOf('/quick')).toBe(200)
})

// Would catch: a second request on the same connection that is not counted any more once the first is answered.
test('of two requests on one connection the second counts until it is answered', async () => {
  const { send, statusOf } = await startListener()
  const socket = await send('GET /quick HTTP/1.1\r\nHost: h\r\n\r\nGET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  await once(socket, 'data')
  expect(await statusOf('/quick')).toBe(503)
})
