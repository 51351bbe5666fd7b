import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { Server } from '../../shared/contract/servers.ts'
import { addServer, importCamera, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'

const quick = { ALTAVMS_ALTA_STATUS_INTERVAL: '1s', ALTAVMS_ALTA_DRIFT_INTERVAL: '2s' }

describe('rounds over the servers', () => {
  test('an Alta that hangs becomes unavailable and costs the others no round', async () => {
    const [hanging, healthy, { api }] = await Promise.all([
      testAlta(),
      testAlta(),
      testDesk({ variables: quick }),
    ])
    const [stuck, fine] = [await addServer(api, hanging), await addServer(api, healthy, 'Fine')]
    await hanging.setFault('hang', true)
    healthy.clearRequests()
    const get = (id: string): Promise<Server> => api.want<Server>('GET', `/servers/${id}`)
    const { value } = await until(
      () => get(stuck.id),
      ({ state }) => state === 'unavailable',
    )
    expect(value.reason).toMatch(/too long|does not answer/)
    const roundsOf = (alta: typeof healthy): number =>
      alta.requests().filter(({ path }) => path === '/api/status').length
    // Rounds that waited for each other would be as many as those over the server that hangs.
    expect(roundsOf(healthy)).toBeGreaterThan(roundsOf(hanging))
    expect((await get(fine.id)).state).toBe('healthy')
    await hanging.clearFaults()
    await until(
      () => get(stuck.id),
      ({ state }) => state === 'healthy',
    )
  })

  test('a login that Alta forgot is made again without anybody noticing', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk({ variables: quick })])
    const server = await addServer(api, alta)
    alta.dropLogins()
    alta.clearRequests()
    await importCamera(api, server.id, 'dock')
    expect((await api.want<Server>('GET', `/servers/${server.id}`)).state).toBe('healthy')
    await alta.setFault('unauthorized', { always: true })
    await until(
      () => api.want<Server>('GET', `/servers/${server.id}`),
      ({ state }) => state === 'unavailable',
    )
    await alta.clearFaults()
    await until(
      () => api.want<Server>('GET', `/servers/${server.id}`),
      ({ state }) => state === 'healthy',
    )
  })

  test('every call to Alta carries the id of the request that caused it', async () => {
    const [alta, { desk, api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    alta.clearRequests()
    const answer = await fetch(`${desk.origin}/api/servers/${server.id}/receivers`, {
      headers: { authorization: `Bearer ${api.token}`, 'x-request-id': 'trace-98765432' },
    })
    expect(answer.status).toBe(200)
    const ids = alta.requests().map(({ headers }) => headers['x-request-id'])
    expect(ids.filter((id) => id === 'trace-98765432')).toHaveLength(2)
    expect(ids).not.toContain(undefined)
  })

  test('without a status call the playlists tell: a moving one is online, one that stands still is not', async () => {
    const [alta, { api }] = await Promise.all([
      testAlta({
        receivers: [{ id: 'gate-1', name: 'Gate 1', width: 320, height: 180, fps: 10 }],
        segmentSeconds: 1,
        archives: {},
      }),
      testDesk({ variables: quick }),
    ])
    await alta.setFault('no-status', true)
    const server = await addServer(api, alta)
    const { id } = await importCamera(api, server.id, 'gate-1')
    const get = (): Promise<Camera> => api.want<Camera>('GET', `/cameras/${id}`)
    const { value } = await until(get, ({ status }) => status === 'online', 30_000)
    expect(value).toMatchObject({ recording: false, stream: { codec: 'h264', width: 320, height: 180 } })
    const shown = await api.want<Server>('GET', `/servers/${server.id}`)
    expect(shown.warnings.map(({ code }) => code)).toContain('STATUS_BY_PLAYLISTS')
    await alta.setFault('receiver-stalled', { receiver: 'gate-1' })
    await until(get, ({ status }) => status !== 'online', 30_000)
  })

  test('a way back that opens again is found by a repair, and tickets are used again', async () => {
    const wayBack = createServer((request, response) => {
      void fetch(`${desk.origin}${request.url}`, {
        headers: { 'x-real-path': String(request.headers['x-real-path']) },
      }).then(({ status }) => response.writeHead(status).end())
    })
    wayBack.listen(0, '127.0.0.1')
    await once(wayBack, 'listening')
    const { port } = wayBack.address() as AddressInfo
    await new Promise((resolve) => wayBack.close(resolve))
    onTestFinished(() => void wayBack.close())
    const [alta, { desk, api }] = await Promise.all([
      testAlta(),
      testDesk({ variables: { ...quick, PUBLIC_URL: `http://127.0.0.1:${port}` } }),
    ])
    const server = await addServer(api, alta)
    const get = (): Promise<Server> => api.want<Server>('GET', `/servers/${server.id}`)
    await importCamera(api, server.id, 'dock')
    await until(get, ({ authorization }) => authorization.mode === 'securetoken')
    wayBack.listen(port, '127.0.0.1')
    await once(wayBack, 'listening')
    await api.want('POST', `/servers/${server.id}/repair`, {})
    await until(get, ({ authorization }) => authorization.mode === 'backend')
    const [authorizer] = Object.values(alta.config.ott.authorizers)
    expect(authorizer).toMatchObject({ securetoken: '', default: 'deny' })
    expect(await get()).toMatchObject({ state: 'healthy', drift: [] })
  })
})
