import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import { login } from './alta-client.ts'
import type { AltaClient } from './alta-client.ts'

let server: AltaServerHandle
let alta: AltaClient
const channel = { enable: true, name: 'Gate', variants: { main: { receiver: 'gate' } } }
const gate = '/api/ott/channels?id=desk%2Fgate'

beforeAll(async () => {
  server = await startAltaServer({
    receivers: [{ id: 'gate', kind: 'status' }],
    archives: { main: { duration: 1, local: { locations: ['/opt/archive'] } } },
  })
})
afterAll(() => server.dispose())
beforeEach(async () => {
  await server.clearFaults()
  server.config.ott.channels = {}
  alta = await login(server)
})

async function postLogin(body: string, type = 'application/json'): Promise<Response> {
  return fetch(`${server.baseUrl}/api/login`, { method: 'POST', headers: { 'Content-Type': type }, body })
}

describe('session', () => {
  it('answers 204 with the documented cookie, 403 to a wrong password and 422 to nonsense', async () => {
    const good = await postLogin('{"login":"admin","password":"admin","remember":false}')
    expect(good.status).toBe(204)
    expect(good.headers.get('set-cookie')).toMatch(
      /^auth=admin:[0-9a-f]+; Path=\/api; HttpOnly; Secure; SameSite=None$/,
    )
    expect((await postLogin('{"login":"admin","password":"wrong"}')).status).toBe(403)
    expect((await postLogin('{"login":"__proto__","password":"x"}')).status).toBe(403)
    expect((await postLogin('{"login":7}')).status).toBe(422)
    expect((await postLogin('{')).status).toBe(422)
    expect((await postLogin('{"login":"admin","password":"admin"}', 'text/plain')).status).toBe(422)
  })

  it('answers 401 without a cookie, after logout and after sessions were dropped', async () => {
    expect((await fetch(`${server.baseUrl}/api/config`)).status).toBe(401)
    expect((await alta.call('GET', '/api/config')).status).toBe(200)
    server.dropLogins()
    expect((await alta.call('GET', '/api/config')).status).toBe(401)
    alta = await login(server)
    expect((await alta.call('POST', '/api/logout')).status).toBe(204)
    expect((await alta.call('GET', '/api/config')).status).toBe(401)
  })

  it('never shows a password and lets an observer read but not write', async () => {
    const user = { login: 'eve', password: 'hidden-word', role: 'observer' }
    expect((await alta.call('POST', '/api/users', user)).status).toBe(204)
    expect(JSON.stringify((await alta.call('GET', '/api/config')).body)).not.toContain('hidden-word')
    const eve = await login(server, 'eve', 'hidden-word')
    expect((await eve.call('GET', '/api/config')).status).toBe(200)
    expect((await eve.call('DELETE', '/api/users?id=eve')).status).toBe(403)
    expect((await alta.call('PUT', '/api/users?id=eve', { role: 'observer', enable: false })).status).toBe(
      204,
    )
    expect((await eve.call('GET', '/api/config')).status).toBe(401)
  })
})

describe('objects', () => {
  it('creates by an id in the body, refuses it twice, and reads, replaces and deletes by the query', async () => {
    expect((await alta.call('POST', '/api/ott/channels', { id: 'desk/gate', ...channel })).status).toBe(204)
    expect((await alta.call('POST', '/api/ott/channels', { id: 'desk/gate', ...channel })).status).toBe(409)
    expect((await alta.call('GET', gate)).body).toEqual(channel)
    expect((await alta.call('PUT', gate, { name: 'New' })).status).toBe(204)
    expect((await alta.call('GET', gate)).body).toEqual({ name: 'New' })
    expect((await alta.call('DELETE', gate)).status).toBe(204)
    expect((await alta.call('DELETE', gate)).status).toBe(404)
    expect((await alta.call('PUT', gate, channel)).status).toBe(404)
  })

  it('answers 400 to a missing id, 422 to broken bodies and 404 to unknown kinds, changing nothing', async () => {
    const before = JSON.stringify(server.config)
    expect((await alta.call('GET', '/api/ott/channels')).status).toBe(400)
    expect((await alta.call('POST', '/api/ott/channels', channel)).status).toBe(422)
    expect((await alta.call('POST', '/api/ott/channels', { id: '../x', ...channel })).status).toBe(422)
    expect((await alta.call('POST', '/api/ott/channels', { id: 'x', enable: 'yes' })).status).toBe(422)
    expect(
      (await alta.call('POST', '/api/receivers', { id: 'x', name: 'X', source: 'nowhere' })).status,
    ).toBe(422)
    expect((await alta.call('GET', '/api/ott/everything?id=1')).status).toBe(404)
    expect(JSON.stringify(server.config)).toBe(before)
  })

  it('refuses a channel that names an authorizer, archive or receiver which is not there', async () => {
    const post = (extra: object) => alta.call('POST', '/api/ott/channels', { id: 'c', ...channel, ...extra })
    expect((await post({ authorizer: 'nobody' })).status).toBe(422)
    expect((await post({ archive: 'nowhere' })).status).toBe(422)
    expect((await post({ variants: { main: { receiver: 'nothing' } } })).status).toBe(422)
    expect((await post({ archive: 'main' })).status).toBe(204)
  })

  it('keeps fields that it does not know, so that read-change-write loses nothing', async () => {
    const ott = (await alta.call('GET', '/api/servers?id=ott')).body as Record<string, unknown>
    const changed = { ...ott, connlimit: 5000, allow_origin: ['http://desk:3303'] }
    expect((await alta.call('PUT', '/api/servers?id=ott', changed)).status).toBe(204)
    expect((await alta.call('GET', '/api/servers?id=ott')).body).toEqual(changed)
  })

  it('starts and stops channels by POST', async () => {
    await alta.call('POST', '/api/ott/channels', { id: 'desk/gate', ...channel })
    expect((await alta.call('POST', '/api/ott/channels/stop?id=desk%2Fgate')).status).toBe(204)
    expect((await fetch(`${server.ottUrl}/desk/gate/whep`)).status).toBe(404)
    expect((await alta.call('POST', '/api/ott/channels/start?id=desk%2Fgate')).status).toBe(204)
    expect((await fetch(`${server.ottUrl}/desk/gate/whep`)).status).toBe(200)
    expect((await alta.call('POST', '/api/ott/channels/start?id=nothing')).status).toBe(404)
  })

  it('replaces the whole configuration only when every reference in it holds', async () => {
    const config = structuredClone(server.config)
    config.ott.channels['desk/gate'] = { ...channel, authorizer: 'nobody' }
    expect((await alta.call('PUT', '/api/config', config)).status).toBe(422)
    config.ott.channels['desk/gate'] = channel
    expect((await alta.call('PUT', '/api/config', config)).status).toBe(204)
    expect(server.config.ott.channels['desk/gate']).toEqual(channel)
  })
})

describe('status and faults of the API', () => {
  it('reports figures, and an unknown source as inactive', async () => {
    server.config.receivers['new'] = { name: 'New', source: 'rtsp://elsewhere.invalid/1' }
    const { body } = await alta.call('GET', '/api/status')
    expect(body).toMatchObject({
      receivers: {
        gate: { active: true, video: { codec: 'h264', width: 1280, height: 720, fps: 25 }, error: '' },
        new: { active: false, bitrate: 0 },
      },
    })
    await server.setFault('receiver-frozen', { receiver: 'gate' })
    expect((await alta.call('GET', '/api/status')).body).toMatchObject({
      receivers: { gate: { active: false } },
    })
  })

  it('plays an old version, an observer account, a full disk and a missing status call', async () => {
    const receiver = { id: 'r2', name: 'R', source: 'rtsp://a.invalid/1' }
    await server.setFault('no-status', true)
    expect((await alta.call('GET', '/api/status')).status).toBe(404)
    await server.setFault('observer', true)
    expect((await alta.call('POST', '/api/receivers', receiver)).status).toBe(403)
    await server.setFault('observer', false)
    await server.setFault('disk-full', true)
    expect(await alta.call('POST', '/api/receivers', receiver)).toMatchObject({
      status: 500,
      body: { error: expect.stringContaining('no space left') as string },
    })
    await server.setFault('no-receivers', true)
    expect((await alta.call('GET', '/api/config')).body).not.toHaveProperty('receivers')
    expect((await alta.call('GET', '/api/receivers?id=gate')).status).toBe(404)
  })
})
