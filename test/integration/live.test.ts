import { createServer } from 'node:net'
import { hostname } from 'node:os'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LiveAnswer, Wall } from '../../shared/contract/live.ts'
import type { PageOrigins, Server } from '../../shared/contract/servers.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import { addServer, importCamera, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'
import { sendRaw } from '../fixtures/raw-http.ts'

async function deskWithCamera() {
  const [alta, { desk, api }] = await Promise.all([testAlta(), testDesk()])
  const server = await addServer(api, alta)
  const camera = await importCamera(api, server.id, 'gate-1')
  const open = (): Promise<LiveAnswer> => api.want<LiveAnswer>('POST', `/cameras/${camera.id}/live`)
  const ask = (serverId: string, token: string, path = '/desk/gate-1/index.m3u8'): Promise<number> =>
    fetch(`${desk.origin}/alta/${serverId}/authorize?token=${token}`, {
      headers: { 'x-real-path': path },
    }).then(({ status }) => status)
  return { alta, desk, api, server, camera, open, ask }
}

const tokenOf = (answer: LiveAnswer): string =>
  new URL(answer.sources[0]?.url ?? '').searchParams.get('token') ?? ''

describe('opening a camera', () => {
  test('gives WHEP before HLS and main before sub, with what is known of each', async () => {
    const { alta, open, camera, server } = await deskWithCamera()
    const { value } = await until(open, ({ sources }) => sources[0]?.codec === 'h264')
    expect(value.sources.map(({ kind, variant, width }) => [kind, variant, width])).toEqual([
      ['whep', 'main', 1280],
      ['whep', 'sub', 640],
      ['hls', 'main', 1280],
      ['hls', 'sub', 640],
    ])
    expect(value.sources[1]).toMatchObject({ cameraId: camera.id, serverId: server.id })
    expect(value.sources[1]?.url).toMatch(`${alta.ottUrl}/desk/gate-1/whep?token=`)
    expect(value.sources[1]?.url).toMatch(/&variant=sub$/)
    expect(value.expiresAt - Date.now()).toBeGreaterThan(50_000)
  })

  test('tickets are good for their server, channel and camera alone', async () => {
    const { api, server, camera, open, ask } = await deskWithCamera()
    const other = await addServer(api, await testAlta(), 'Other')
    const token = tokenOf(await open())
    expect(await ask(server.id, token)).toBe(200)
    expect(await ask(server.id, token, '/desk/gate-1/whep')).toBe(200)
    expect(await ask(other.id, token)).toBe(403)
    expect(await ask('nobody', token)).toBe(403)
    expect(await ask(server.id, token, '/desk/dock/index.m3u8')).toBe(403)
    expect(await ask(server.id, `${token.slice(0, -4)}AAAA`)).toBe(403)
    expect(await ask(server.id, '')).toBe(403)
    await api.want('DELETE', `/cameras/${camera.id}`)
    expect(await ask(server.id, token)).toBe(403)
  })

  test('a person without rights learns nothing, and unknown cameras are left out', async () => {
    const { api, camera, desk } = await deskWithCamera()
    const many = await api.want<LiveAnswer>('POST', '/live', { cameraIds: [camera.id, 'unknown', camera.id] })
    expect(many.sources).toHaveLength(4)
    const guard = new ApiClient(desk.origin)
    await guard.signIn(testViewer.email, testViewer.password)
    expect((await guard.call('POST', `/cameras/${camera.id}/live`)).status).toBe(404)
    expect((await guard.want<LiveAnswer>('POST', '/live', { cameraIds: [camera.id] })).sources).toEqual([])
    expect((await guard.want<{ total: number }>('GET', '/cameras')).total).toBe(0)
  })

  test('a ticket is worth nothing from the moment its right is taken', async () => {
    const { api, server, camera, desk, ask } = await deskWithCamera()
    const people = await api.want<{ items: { id: string }[] }>('GET', `/users?search=${testViewer.email}`)
    const group = await api.want<{ id: string }>('POST', '/groups', { name: 'Hall' })
    const membership = `/groups/${group.id}/members/${people.items[0]?.id}`
    await api.want('PUT', `/groups/${group.id}/cameras/${camera.id}`)
    await api.want('PUT', membership, { role: 'viewer' })
    const guard = new ApiClient(desk.origin)
    await guard.signIn(testViewer.email, testViewer.password)
    const token = tokenOf(await guard.want<LiveAnswer>('POST', `/cameras/${camera.id}/live`))
    expect(await ask(server.id, token)).toBe(200)
    await api.want('DELETE', membership)
    expect(await ask(server.id, token)).toBe(403)
    await api.want('PUT', membership, { role: 'operator' })
    expect(await ask(server.id, token)).toBe(200)
    await api.want('PATCH', `/users/${people.items[0]?.id}`, { disabled: true })
    expect(await ask(server.id, token)).toBe(403)
  })

  test('cameras leave their groups when they, or their server, are removed', async () => {
    const { api, server, camera } = await deskWithCamera()
    const second = await importCamera(api, server.id, 'dock')
    const group = await api.want<{ id: string }>('POST', '/groups', { name: 'Hall' })
    const count = async (): Promise<number> =>
      (await api.want<{ cameraCount: number }>('GET', `/groups/${group.id}`)).cameraCount
    for (const { id } of [camera, second]) await api.want('PUT', `/groups/${group.id}/cameras/${id}`)
    expect(await count()).toBe(2)
    await api.want('DELETE', `/cameras/${camera.id}`)
    expect(await count()).toBe(1)
    await api.want('DELETE', `/servers/${server.id}`)
    expect(await count()).toBe(0)
  })

  test('a page under another name is let in on Alta before its ticket is handed out', async () => {
    const { alta, desk, api, camera } = await deskWithCamera()
    const named = new ApiClient(desk.origin.replace('127.0.0.1', 'localhost'))
    named.token = api.token
    await named.want('POST', `/cameras/${camera.id}/live`)
    expect(alta.config.servers['ott']?.allow_origin).toContain(named.origin)
  })
})

describe('whether Alta lets the page in', () => {
  const cycles = { ALTAVMS_ALTA_DRIFT_INTERVAL: '1s', ALTAVMS_ALTA_STATUS_INTERVAL: '1s' }

  // Would catch: a page that gets no answer cannot know whether allow_origin lacks it or a reverse proxy answers for a dead server.
  test('is told with the tickets: yes, no once somebody took it out, unknown while Alta is away', async () => {
    const [alta, { desk, api }] = await Promise.all([testAlta(), testDesk({ variables: cycles })])
    const { id } = await addServer(api, alta)
    const camera = await importCamera(api, id, 'gate-1')
    const said = async (): Promise<unknown[]> => {
      const { sources } = await api.want<LiveAnswer>('POST', '/live', { cameraIds: [camera.id] })
      return [...new Set(sources.map(({ pageAllowed }) => pageAllowed))]
    }
    const becomes = (answer: boolean | null): Promise<unknown> =>
      until(said, (answers) => answers.length === 1 && answers[0] === answer)
    await becomes(true)
    const { ott } = alta.config.servers
    Object.assign(ott ?? {}, { allow_origin: ott?.allow_origin?.filter((origin) => origin !== desk.origin) })
    await becomes(false)
    await alta.setFault('refuse', { listener: 'api' })
    await becomes(null)
  })
})

describe('the address under which a page was opened', () => {
  /** Opens the camera as a page would that was loaded under another name of the desk: by its `Host` header. */
  async function openUnder(host: string, desk: { origin: string }, token: string, cameraId: string) {
    const head = [
      `POST /api/cameras/${cameraId}/live HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      'Content-Length: 2',
      'Connection: close',
    ]
    const answer = await sendRaw(desk.origin, `${head.join('\r\n')}\r\n\r\n{}`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    return JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '') as LiveAnswer
  }
  const waitingFor = async (api: ApiClient): Promise<string[]> =>
    (await api.want<PageOrigins>('GET', '/page-origins')).waiting.map(({ origin }) => origin)

  // Would catch: a viewer who writes what they like into Alta's CORS list by the Host header of a request.
  test('is written to Alta by itself only where it is the desk’s own; an administrator allows others', async () => {
    const { alta, desk, api, camera } = await deskWithCamera()
    const allowed = (): readonly string[] => alta.config.servers['ott']?.allow_origin ?? []
    const before = [...allowed()]
    const answer = await openUnder('cctv.example:3303', desk, api.token ?? '', camera.id)
    expect(answer.blockedOrigin).toBe('http://cctv.example:3303')
    expect(allowed()).toEqual(before)
    expect(await api.want<PageOrigins>('GET', '/page-origins')).toEqual({
      allowed: [],
      waiting: [
        { origin: 'http://cctv.example:3303', person: testAdmin.email, seenAt: expect.any(Number) as number },
      ],
    })

    const own = `${hostname().toLowerCase()}.local:${new URL(desk.origin).port}`
    expect(await openUnder(own, desk, api.token ?? '', camera.id)).not.toHaveProperty('blockedOrigin')
    expect(allowed()).toContain(`http://${own}`)

    await api.want('POST', '/page-origins', { origin: 'http://cctv.example:3303' })
    expect(allowed()).toContain('http://cctv.example:3303')
    const after = await openUnder('CCTV.example:3303', desk, api.token ?? '', camera.id)
    expect(after).not.toHaveProperty('blockedOrigin')
    expect(await waitingFor(api)).toEqual([])
    const added = readAudit(desk).filter(({ action }) => action === 'server.page-origin-added')
    expect(added.map(({ after: side }) => JSON.parse(side ?? '') as unknown)).toEqual([
      { origin: `http://${own}` },
    ])

    await api.want('DELETE', '/page-origins', { origin: 'http://cctv.example:3303' })
    expect(allowed()).not.toContain('http://cctv.example:3303')
    expect(
      (await openUnder('cctv.example:3303', desk, api.token ?? '', camera.id)).blockedOrigin,
    ).toBeDefined()
  })

  // Would catch: one person who fills the list, so that the name that matters falls out of it.
  test('waits with the last two of each person, and is a plain origin', async () => {
    const { desk, api, camera } = await deskWithCamera()
    for (const host of ['a.example', 'b.example', 'c.example:8080', 'b.example'])
      await openUnder(host, desk, api.token ?? '', camera.id)
    expect(await waitingFor(api)).toEqual(['http://b.example', 'http://c.example:8080'])
    for (const host of ['x;sandbox', 'a,b', 'user@x', '*'])
      expect(await openUnder(host, desk, api.token ?? '', camera.id)).not.toHaveProperty('blockedOrigin')
    expect(await waitingFor(api)).toEqual(['http://b.example', 'http://c.example:8080'])
    for (const origin of ['http://x;sandbox', 'http://x/path', 'x', 'http://*', 'file:///x'])
      expect((await api.call('POST', '/page-origins', { origin })).status).toBe(400)
  })
})

describe('how Alta asks', () => {
  test('a callback that arrives keeps the backend and is said so', async () => {
    const { alta, api, server } = await deskWithCamera()
    const get = (): Promise<Server> => api.want<Server>('GET', `/servers/${server.id}`)
    const { value } = await until(get, ({ authorization }) => authorization.reason.endsWith('who may watch.'))
    expect(value.authorization.mode).toBe('backend')
    const { value: calls } = await until(
      () => Promise.resolve(alta.backendCalls()),
      ({ length }) => length > 0,
    )
    expect(calls[0]).toMatchObject({ status: 200 })
  })

  test('where Alta cannot reach the desk, securetokens are used, and the page says why', async () => {
    const [alta, { api }] = await Promise.all([
      testAlta(),
      testDesk({ variables: { PUBLIC_URL: 'http://127.0.0.1:9' } }),
    ])
    const server = await addServer(api, alta)
    const camera = await importCamera(api, server.id, 'gate-1')
    const get = (): Promise<Server> => api.want<Server>('GET', `/servers/${server.id}`)
    const { value } = await until(get, ({ authorization }) => authorization.mode === 'securetoken')
    expect(value.authorization.reason).toContain('http://127.0.0.1:9')
    expect(value.warnings.map(({ code }) => code)).toContain('SECURETOKEN_NAMES_NOBODY')
    expect(value).toMatchObject({ state: 'healthy', drift: [] })
    const answer = await api.want<LiveAnswer>('POST', `/cameras/${camera.id}/live`)
    const hls = answer.sources.find(({ kind }) => kind === 'hls')
    expect((await fetch(hls?.url ?? '')).status).not.toBe(403)
    expect((await fetch(`${alta.ottUrl}/desk/gate-1/index.m3u8?token=forged`)).status).toBe(403)
  })

  // Would catch: whoever can reach the desk turning Alta to a backend that it does not reach, so that nobody sees anything.
  test('a question that is not about the ticket of the trial proves nothing, forged or not', async () => {
    // Alta waits for its answer as long as the trial lasts.
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const publicUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const [alta, { desk, api }] = await Promise.all([
      testAlta(),
      testDesk({ variables: { PUBLIC_URL: publicUrl } }),
    ])
    const server = await addServer(api, alta)
    const path = { 'x-real-path': '/desk/gate-1/index.m3u8' }
    const ask = (token: string): Promise<Response> =>
      fetch(`${desk.origin}/alta/${server.id}/authorize?token=${token}`, { headers: path })
    const imported = importCamera(api, server.id, 'gate-1')
    const seen = new Set<string>()
    await until(
      async () => {
        await ask('forged')
        const camera = await imported
        // Until the trial is over viewers have tickets of their own, which are good.
        const answer = await api.want<LiveAnswer>('POST', `/cameras/${camera.id}/live`)
        if (answer.sources.length > 0) await ask(tokenOf(answer))
        const { authorization } = await api.want<Server>('GET', `/servers/${server.id}`)
        seen.add(authorization.reason)
        return authorization.mode
      },
      (mode) => mode === 'securetoken',
    )
    expect([...seen].filter((reason) => reason.endsWith('who may watch.'))).toEqual([])
    expect(Object.values(alta.config.ott.authorizers)[0]).toMatchObject({ backend: [] })
  })
})

describe('the wall', () => {
  test('is what there is at first, then what was left, without cameras that are gone', async () => {
    const { api, server, camera } = await deskWithCamera()
    const second = await importCamera(api, server.id, 'dock')
    expect(await api.want<Wall>('GET', '/live/wall')).toEqual({
      layout: '4',
      tiles: [camera.id, second.id, null, null],
    })
    const saved = await api.want<Wall>('PUT', '/live/wall', {
      layout: '1+5',
      tiles: [second.id, null, 'unknown', camera.id],
    })
    expect(saved).toEqual({ layout: '1+5', tiles: [second.id, null, null, camera.id, null, null] })
    await api.want('DELETE', `/cameras/${second.id}`)
    expect((await api.want<Wall>('GET', '/live/wall')).tiles).toEqual([
      null,
      null,
      null,
      camera.id,
      null,
      null,
    ])
  })
})
