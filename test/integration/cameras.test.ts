import { describe, expect, test } from 'vitest'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { Server } from '../../shared/contract/servers.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { addServer, importCamera, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'

interface Refused {
  code: string
  message: string
  data?: Record<string, unknown>
}
interface Page {
  items: Camera[]
  total: number
}

async function deskWithServer(name = 'Hall') {
  const [alta, { desk, api }] = await Promise.all([testAlta(), testDesk()])
  const server = await addServer(api, alta, name)
  const get = (id: string): Promise<Camera> => api.want<Camera>('GET', `/cameras/${id}`)
  return { alta, desk, api, server, get }
}

describe('importing a receiver', () => {
  test('makes its channel with our authorizer, the sub stream and the first storage', async () => {
    const { alta, api, server, get } = await deskWithServer()
    const camera = await importCamera(api, server.id, 'gate-1')
    expect(camera).toMatchObject({
      name: 'Gate 1',
      status: 'provisioning',
      recording: true,
      storage: { storageId: 'main', durationHours: null },
      streams: { main: 'gate-1', sub: 'gate-1-sub' },
    })
    const [authorizer] = Object.keys(alta.config.ott.authorizers)
    expect(alta.config.ott.channels['desk/gate-1']).toEqual({
      enable: true,
      name: 'Gate 1',
      authorizer,
      archive: 'main',
      variants: { main: { receiver: 'gate-1' }, sub: { receiver: 'gate-1-sub' } },
    })
    const { value } = await until(
      () => get(camera.id),
      ({ status }) => status === 'online',
    )
    expect(value.stream).toMatchObject({ codec: 'h264', width: 1280, height: 720, fps: 25 })
    expect(value.subStream).toMatchObject({ width: 640 })
    expect(await api.want<Server>('GET', `/servers/${server.id}`)).toMatchObject({
      state: 'healthy',
      cameraCount: 1,
    })
  })

  test('twice is 409, five times at once is one camera and one channel', async () => {
    const { alta, api, server } = await deskWithServer()
    const body = { serverId: server.id, receiverId: 'dock' }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.call<Refused>('POST', '/cameras', body)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409])
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('CAMERA_EXISTS')
    expect(Object.keys(alta.config.ott.channels)).toEqual(['desk/dock'])
    expect((await api.want<Page>('GET', '/cameras')).total).toBe(1)
  })

  test('what is not there is refused, with nothing made', async () => {
    const { alta, api, server } = await deskWithServer()
    const post = (more: object) =>
      api.call<Refused>('POST', '/cameras', { serverId: server.id, receiverId: 'dock', ...more })
    expect((await post({ receiverId: 'gone' })).body.code).toBe('ALTA_RECEIVER_MISSING')
    expect((await post({ subReceiverId: 'gone' })).body.code).toBe('ALTA_RECEIVER_MISSING')
    expect((await post({ storage: { storageId: 'gone' } })).body).toMatchObject({
      code: 'BAD_REQUEST',
      data: { issues: [{ field: 'storage.storageId' }] },
    })
    expect((await post({ serverId: 'gone' })).status).toBe(404)
    expect(alta.config.ott.channels).toEqual({})
  })

  test('a failing write on Alta leaves neither camera nor channel nor intent', async () => {
    const { alta, api, server } = await deskWithServer()
    await alta.setFault('disk-full', true)
    const answer = await api.call<Refused>('POST', '/cameras', { serverId: server.id, receiverId: 'dock' })
    expect([answer.status, answer.body.code]).toEqual([422, 'ALTA_DISK_FULL'])
    const shown = await api.want<Server>('GET', `/servers/${server.id}`)
    expect(shown.warnings.map(({ code }) => code)).toContain('ALTA_DISK_FULL')
    await alta.clearFaults()
    await importCamera(api, server.id, 'dock')
    const after = await api.want<Server>('GET', `/servers/${server.id}`)
    expect(after.warnings.map(({ code }) => code)).not.toContain('ALTA_DISK_FULL')
  })

  test("somebody else's channel is never touched", async () => {
    const { alta, api, server } = await deskWithServer()
    const theirs = { name: 'Theirs', variants: { main: { receiver: 'dock' } } }
    alta.config.ott.channels['desk/dock'] = structuredClone(theirs)
    const body = { serverId: server.id, receiverId: 'dock', takeOver: 'desk/dock' }
    const answer = await api.call<Refused>('POST', '/cameras', body)
    expect(answer.body.code).toBe('ALTA_CHANNEL_TAKEN')
    expect(alta.config.ott.channels['desk/dock']).toEqual(theirs)
  })

  test("another desk's channel is taken over only with its path typed, keeping its recordings", async () => {
    const { alta, api, server } = await deskWithServer()
    alta.config.ott.authorizers['alta-desk-old'] = { default: 'deny' }
    alta.config.ott.channels['desk/dock'] = {
      enable: true,
      name: 'Dock',
      authorizer: 'alta-desk-old',
      archive: 'cold',
      variants: { main: { receiver: 'dock' } },
    }
    const body = { serverId: server.id, receiverId: 'dock' }
    const refused = await api.call<Refused>('POST', '/cameras', body)
    expect([refused.status, refused.body.code]).toEqual([409, 'TAKE_OVER_NEEDED'])
    expect(refused.body.data).toEqual({ expected: 'desk/dock', authorizer: 'alta-desk-old' })
    const camera = await importCamera(api, server.id, 'dock', { takeOver: 'desk/dock' })
    expect(camera.storage).toEqual({ storageId: 'cold', durationHours: null })
    expect(alta.config.ott.channels['desk/dock']).toMatchObject({ archive: 'cold' })
    expect(alta.config.ott.channels['desk/dock']?.authorizer).not.toBe('alta-desk-old')
  })
})

describe('changing and removing a camera', () => {
  test('a new name and other streams reach Alta; the status follows', async () => {
    const { alta, api, server } = await deskWithServer()
    const camera = await importCamera(api, server.id, 'gate-1')
    const changed = await api.want<Camera>('PATCH', `/cameras/${camera.id}`, {
      name: 'North gate',
      streams: { main: 'yard', sub: null },
    })
    expect(changed).toMatchObject({
      name: 'North gate',
      streams: { main: 'yard', sub: null },
      subStream: null,
    })
    expect(alta.config.ott.channels['desk/gate-1']).toMatchObject({
      name: 'North gate',
      variants: { main: { receiver: 'yard' } },
    })
    expect(alta.config.ott.channels['desk/gate-1']?.variants).not.toHaveProperty('sub')
    await importCamera(api, server.id, 'dock')
    const taken = await api.call<Refused>('PATCH', `/cameras/${camera.id}`, {
      streams: { main: 'dock', sub: null },
    })
    expect(taken.body).toMatchObject({ code: 'BAD_REQUEST', data: { issues: [{ field: 'streams.main' }] } })
  })

  test('a change that clears recordings waits for the name of the camera', async () => {
    const { alta, api, server } = await deskWithServer()
    const camera = await importCamera(api, server.id, 'dock')
    for (const storage of [{ storageId: 'cold' }, null]) {
      const refused = await api.call<Refused>('PATCH', `/cameras/${camera.id}`, { storage })
      expect([refused.status, refused.body.code]).toEqual([409, 'CONFIRMATION_NEEDED'])
    }
    expect(alta.config.ott.channels['desk/dock']?.archive).toBe('main')
    const longer = { storage: { storageId: 'main', durationHours: 72 } }
    expect((await api.want<Camera>('PATCH', `/cameras/${camera.id}`, longer)).storage?.durationHours).toBe(72)
    const off = await api.want<Camera>('PATCH', `/cameras/${camera.id}`, {
      storage: null,
      confirmName: 'Loading dock',
    })
    expect(off).toMatchObject({ recording: false, storage: null })
    expect(alta.config.ott.channels['desk/dock']).not.toHaveProperty('archive')
  })

  test('removing answers once Alta has confirmed, and takes nothing else', async () => {
    const { alta, desk, api, server } = await deskWithServer()
    const camera = await importCamera(api, server.id, 'dock')
    await importCamera(api, server.id, 'yard')
    await alta.stop()
    expect((await api.call<Refused>('DELETE', `/cameras/${camera.id}`)).body.code).toBe('ALTA_UNREACHABLE')
    await alta.start()
    await until(
      () => api.call('DELETE', `/cameras/${camera.id}`),
      ({ status }) => status === 200,
    )
    expect(Object.keys(alta.config.ott.channels)).toEqual(['desk/yard'])
    expect((await api.call('DELETE', `/cameras/${camera.id}`)).status).toBe(404)
    expect(readAudit(desk).map(({ action }) => action)).toContain('camera.removed')
  })

  test('a dead server does not keep a camera that is removed by force', async () => {
    const { alta, api, server } = await deskWithServer()
    const camera = await importCamera(api, server.id, 'dock')
    await alta.stop()
    await api.want('DELETE', `/cameras/${camera.id}?force=true`)
    expect((await api.want<Page>('GET', '/cameras')).total).toBe(0)
  })
})

describe('the list', () => {
  test('a search knows the case of every alphabet, and accents however they are typed', async () => {
    const { api, server } = await deskWithServer('Übungshof')
    await importCamera(api, server.id, 'dock', { name: 'Двор, Tür' })
    const found = async (path: string, search: string): Promise<number> =>
      (await api.want<Page>('GET', `${path}?search=${encodeURIComponent(search)}`)).total
    for (const search of ['двор', 'ДВОР', 'TÜR', 'u\u0308r', 'übung'])
      expect(await found('/cameras', search)).toBe(1)
    expect(await found('/cameras', 'дверь')).toBe(0)
    expect(await found('/servers', 'ÜBUNG')).toBe(1)
    const log = await api.want<{ items: unknown[] }>('GET', `/audit?search=${encodeURIComponent('ДВОР')}`)
    expect(log.items).toHaveLength(1)
  })

  test('finds, sorts, pages and filters; signs of LIKE stand for themselves', async () => {
    const { alta, api, server } = await deskWithServer()
    for (const receiver of ['gate-1', 'dock', 'yard']) await importCamera(api, server.id, receiver)
    const names = async (query: string): Promise<string[]> =>
      (await api.want<Page>('GET', `/cameras?${query}`)).items.map(({ name }) => name)
    expect(await names('')).toEqual(['Gate 1', 'Loading dock', 'Yard_50%'])
    expect(await names('sort=-name&pageSize=2')).toEqual(['Yard_50%', 'Loading dock'])
    expect(await names('pageSize=2&page=2')).toEqual(['Yard_50%'])
    expect(await names('search=%25')).toEqual(['Yard_50%'])
    expect(await names('search=_')).toEqual(['Yard_50%'])
    expect(await names('search=DOCK')).toEqual(['Loading dock'])
    expect(await names('search=hall')).toHaveLength(3)
    expect(await names('search=%27%20or%201%3D1')).toEqual([])
    expect(await names('serverId=other')).toEqual([])
    await until(
      () => api.want<Page>('GET', '/cameras?status=online'),
      ({ total }) => total === 3,
    )
    await alta.setFault('receiver-frozen', { receiver: 'dock' })
    const { value } = await until(
      () => api.want<Page>('GET', '/cameras?status=degraded'),
      ({ total }) => total === 1,
    )
    expect(value.items[0]).toMatchObject({
      name: 'Loading dock',
      statusReason: expect.stringContaining('no data') as string,
    })
    expect(await names('sort=-status&pageSize=1')).toEqual(['Loading dock'])
  })

  test('tells offline from degraded, and why', async () => {
    const { alta, api, server, get } = await deskWithServer()
    const dock = await importCamera(api, server.id, 'dock')
    const yard = await importCamera(api, server.id, 'yard')
    await until(
      () => api.want<Page>('GET', '/cameras?status=online'),
      ({ total }) => total === 2,
    )
    const receiver = alta.config.receivers['dock']
    if (receiver) receiver.enable = false
    delete alta.config.receivers['yard']
    await api.call('POST', `/servers/${server.id}/repair`, {})
    await until(
      () => get(dock.id),
      ({ statusReason }) => statusReason.includes('disabled on Alta'),
    )
    expect(await get(yard.id)).toMatchObject({
      status: 'offline',
      statusReason: expect.stringContaining('deleted or renamed') as string,
    })
  })
})
