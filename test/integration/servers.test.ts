import { describe, expect, test } from 'vitest'
import type { Server } from '../../shared/contract/servers.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { addServer, importCamera, serverBody, testAlta, testDesk, until } from '../fixtures/desk-with-alta.ts'

interface Refused {
  code: string
  message: string
  data?: Record<string, unknown>
}

describe('adding a server', () => {
  test('leaves exactly one authorizer and the page origins on Alta, and takes exactly them away', async () => {
    const [alta, { desk, api }] = await Promise.all([
      testAlta({ allowOrigin: ['https://other.example', 'http://localhost:3303'] }),
      testDesk(),
    ])
    const before = structuredClone(alta.config)
    const server = await addServer(api, alta)
    expect(server).toMatchObject({ state: 'healthy', drift: [], streamOrigin: alta.ottUrl, cameraCount: 0 })
    const [authorizer] = Object.entries(alta.config.ott.authorizers)
    expect(authorizer?.[0]).toMatch(/^alta-desk-/)
    expect(authorizer?.[1]).toMatchObject({
      backend: [`${desk.origin}/alta/${server.id}/authorize`],
      default: 'deny',
    })
    expect(alta.config.servers['ott']?.allow_origin).toEqual([
      'https://other.example',
      'http://localhost:3303',
      desk.origin,
    ])
    await api.want('DELETE', `/servers/${server.id}`)
    expect(alta.config).toEqual(before)
    expect((await api.call('GET', `/servers/${server.id}`)).status).toBe(404)
  })

  test('the same address or name again is 409, however it is written', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    await addServer(api, alta)
    const again = { ...serverBody(alta, 'Other'), baseUrl: `${alta.baseUrl.toUpperCase()}/` }
    const sameAlta = { ...serverBody(alta, 'Third'), baseUrl: alta.baseUrl.replace('127.0.0.1', 'localhost') }
    for (const body of [again, sameAlta, { ...serverBody(alta), baseUrl: 'http://127.0.0.1:1' }]) {
      const answer = await api.call<Refused>('POST', '/servers', body)
      expect([answer.status, answer.body.code]).toEqual([409, 'SERVER_EXISTS'])
    }
    expect(Object.keys(alta.config.ott.authorizers)).toHaveLength(1)
  })

  // Would catch: an address of a server that is written into the policy of every page as it was typed.
  test('an address that could add to the policy of a page is refused beside its field', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    const refused = [
      ...['http://x;sandbox', 'http://x,y', 'http://x y', 'http://x\ty', 'http://*'],
      ...['http://user@x', 'http://x/path', 'http://x?q'],
    ].map((address) => ['streamUrl', address] as const)
    for (const [field, address] of [...refused, ['baseUrl', 'http://x;sandbox'] as const]) {
      const answers = [
        await api.call<Refused>('POST', '/servers', { ...serverBody(alta, 'Other'), [field]: address }),
        await api.call<Refused>('PATCH', `/servers/${server.id}`, { [field]: address }),
      ]
      for (const { status, body } of answers) {
        expect([address, status, body.code]).toEqual([address, 400, 'BAD_REQUEST'])
        expect(JSON.stringify(body.data)).toContain(field)
      }
    }
    expect(await api.want('GET', `/servers/${server.id}`)).toMatchObject({
      streamUrl: null,
      baseUrl: alta.baseUrl,
    })
  })

  test('two admins adding it at once make one server', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const answers = await Promise.all(
      ['One', 'Two', 'Three'].map((name) => api.call('POST', '/servers', serverBody(alta, name))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  test.each([
    ['wrong password', { password: 'nope' }, 'none', 'ALTA_WRONG_PASSWORD'],
    ['an observer', {}, 'observer', 'ALTA_OBSERVER'],
    ['a web page', {}, 'html', 'ALTA_NOT_ALTA'],
    ['garbage', {}, 'garbage', 'ALTA_NOT_ALTA'],
    ['a huge answer', {}, 'huge', 'ALTA_HUGE_ANSWER'],
    ['half an answer', {}, 'half-closed', 'ALTA_UNREACHABLE'],
    ['errors', {}, 'error-500', 'ALTA_ERROR'],
    ['a closed port', {}, 'refuse', 'ALTA_UNREACHABLE'],
    ['an old build', {}, 'no-receivers', 'ALTA_TOO_OLD'],
    ['a full disk', {}, 'disk-full', 'ALTA_DISK_FULL'],
  ] as const)('%s is said for what it is and leaves nothing behind', async (_name, change, fault, code) => {
    const [alta, { api, desk }] = await Promise.all([testAlta(), testDesk()])
    const before = structuredClone(alta.config)
    if (fault !== 'none') await alta.setFault(fault, true)
    const answer = await api.call<Refused>('POST', '/servers', { ...serverBody(alta), ...change })
    expect(answer.body).toMatchObject({ code, message: expect.stringMatching(/\.$/) as string })
    expect(answer.status).toBe(422)
    await alta.clearFaults()
    expect(alta.config.ott).toEqual(before.ott)
    expect(alta.config.servers['ott']?.allow_origin).toEqual(before.servers['ott']?.allow_origin)
    expect((await api.want<{ total: number }>('GET', '/servers')).total).toBe(0)
    expect(desk.log.join('\n')).not.toContain('nope')
  })

  test('a certificate that nobody trusts is said', async () => {
    const [alta, { api }] = await Promise.all([testAlta({ tls: true }), testDesk()])
    const answer = await api.call<Refused>('POST', '/servers', serverBody(alta))
    expect(answer.body.code).toBe('ALTA_TLS_UNTRUSTED')
  })

  test('what does not stop the desk is a warning: clock, closed streaming port', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    await alta.setFault('clock-skew', { seconds: 600 })
    await alta.setFault('refuse', { listener: 'ott' })
    const server = await addServer(api, alta)
    expect(server.warnings.map(({ code }) => code)).toEqual(['ALTA_CLOCK_OFF', 'ALTA_OTT_CLOSED'])
    expect(Math.round((server.clockOffsetMs ?? 0) / 10_000)).toBe(60)
  })

  test('neither password nor secret is ever shown, logged or audited', async () => {
    const [alta, { api, desk }] = await Promise.all([testAlta({ password: 'tulip-harbour-9' }), testDesk()])
    const body = { ...serverBody(alta), password: 'tulip-harbour-9' }
    const server = await api.want<Server>('POST', '/servers', body)
    await api.want('PATCH', `/servers/${server.id}`, { password: 'tulip-harbour-9' })
    const listed = await api.want('GET', '/servers')
    const receivers = await api.want('GET', `/servers/${server.id}/receivers`)
    const everything = JSON.stringify([server, listed, receivers, desk.log, readAudit(desk)])
    expect(everything).not.toContain('tulip-harbour-9')
    expect(everything).not.toContain('hunter2')
    expect(everything).toContain('server.changed')
  })
})

describe('a server in the run of things', () => {
  test('stopping it is noticed, its cameras say why, and it returns by itself', async () => {
    const [alta, other, { api }] = await Promise.all([testAlta(), testAlta(), testDesk()])
    const [server, healthy] = [await addServer(api, alta), await addServer(api, other, 'Other')]
    const camera = await importCamera(api, server.id, 'gate-1')
    await until(
      () => api.want<{ status: string }>('GET', `/cameras/${camera.id}`),
      ({ status }) => status === 'online',
    )
    await alta.stop()
    // A tile that lost its picture asks for a new ticket: that is the hint.
    const get = (): Promise<Server> => api.want<Server>('GET', `/servers/${server.id}`)
    const gone = await until(
      async () => {
        await api.want('POST', `/cameras/${camera.id}/live`)
        return get()
      },
      ({ state }) => state === 'unavailable',
    )
    expect(gone.value).toMatchObject({ unavailableSinceAt: expect.any(Number) as number })
    expect(await api.want('GET', `/cameras/${camera.id}`)).toMatchObject({
      status: 'offline',
      statusReason: expect.stringContaining('Hall') as string,
    })
    expect(await api.want('GET', `/servers/${healthy.id}`)).toMatchObject({ state: 'healthy' })
    await alta.start()
    await until(get, ({ state }) => state === 'healthy')
    expect(await api.want('GET', `/cameras/${camera.id}`)).toMatchObject({ status: 'online' })
  })

  test('a new name alone asks Alta nothing; a new password does', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    await alta.stop()
    const renamed = await api.want<Server>('PATCH', `/servers/${server.id}`, { name: 'Great hall' })
    expect(renamed.name).toBe('Great hall')
    const refused = await api.call<Refused>('PATCH', `/servers/${server.id}`, { password: 'other' })
    expect([refused.status, refused.body.code]).toEqual([422, 'ALTA_UNREACHABLE'])
    await alta.start()
    const wrong = await api.call<Refused>('PATCH', `/servers/${server.id}`, { password: 'other' })
    expect(wrong.body.code).toBe('ALTA_WRONG_PASSWORD')
    expect((await api.want<Server>('PATCH', `/servers/${server.id}`, { password: 'admin' })).state).toBe(
      'healthy',
    )
  })

  // Would catch: an administrator's session that has the stored password sent to a host of somebody's choice.
  test('the stored password goes to no other address than the one it was typed for', async () => {
    const [alta, other, { api }] = await Promise.all([
      testAlta({ password: 'tulip-harbour-9' }),
      testAlta({ password: 'tulip-harbour-9' }),
      testDesk(),
    ])
    const added = { ...serverBody(alta), password: 'tulip-harbour-9' }
    const server = await api.want<Server>('POST', '/servers', added)
    const port = new URL(alta.baseUrl).port
    for (const baseUrl of [other.baseUrl, `https://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      const refused = await api.call<Refused>('PATCH', `/servers/${server.id}`, { baseUrl })
      expect([refused.status, refused.body.code]).toEqual([422, 'PASSWORD_NEEDED'])
      expect(refused.body.data).toEqual({ field: 'password' })
    }
    expect(other.requests()).toEqual([])
    expect(await api.want('GET', `/servers/${server.id}`)).toMatchObject({ baseUrl: alta.baseUrl })
    // Another way to write the same address asks for nothing.
    await api.want('PATCH', `/servers/${server.id}`, { baseUrl: `${alta.baseUrl.toUpperCase()}/` })
    const typed = { baseUrl: other.baseUrl, password: 'tulip-harbour-9' }
    expect(await api.want('PATCH', `/servers/${server.id}`, typed)).toMatchObject({ baseUrl: other.baseUrl })
  })

  // Would catch: a desk that can be made to ask its own cloud, and to show the answer.
  test('link-local and metadata addresses are refused beside their field', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    for (const address of [
      'http://169.254.169.254',
      'http://0xa9fea9fe.',
      'http://[::ffff:169.254.1.1]:8100',
    ]) {
      for (const field of ['baseUrl', 'streamUrl']) {
        const body = { ...serverBody(await testAlta(), 'Other'), [field]: address }
        const answers = [
          await api.call<Refused>('POST', '/servers', body),
          await api.call<Refused>('PATCH', `/servers/${server.id}`, { [field]: address, password: 'admin' }),
        ]
        for (const { status, body: refusal } of answers)
          expect([status, refusal.code, refusal.data?.['field']]).toEqual([
            422,
            'ALTA_ADDRESS_REFUSED',
            field,
          ])
      }
    }
  })

  test('a dead server can be forgotten only by force', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    await importCamera(api, server.id, 'gate-1')
    await alta.stop()
    expect((await api.call('DELETE', `/servers/${server.id}`)).status).toBe(422)
    await api.want('DELETE', `/servers/${server.id}?force=true`)
    expect((await api.want<{ total: number }>('GET', '/cameras')).total).toBe(0)
  })

  test('receivers are searched, their passwords masked, and say what was imported', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    const camera = await importCamera(api, server.id, 'gate-1')
    const { items } = await api.want<{ items: Record<string, unknown>[] }>(
      'GET',
      `/servers/${server.id}/receivers?search=GATE`,
    )
    expect(items).toEqual([
      expect.objectContaining({
        id: 'gate-1',
        source: 'rtsp://***@10.0.0.7/stream',
        active: true,
        width: 1280,
        cameraId: camera.id,
        suggestedSubId: 'gate-1-sub',
      }),
      expect.objectContaining({ id: 'gate-1-sub', cameraId: null, suggestedSubId: null }),
    ])
    expect(await api.want('GET', `/servers/${server.id}/storages`)).toEqual({
      items: [
        { id: 'main', durationHours: 168 },
        { id: 'cold', durationHours: 24 },
      ],
      total: 2,
    })
  })
})

describe('drift', () => {
  test('what was changed behind our back is shown field by field and put back', async () => {
    const [alta, { api }] = await Promise.all([
      testAlta(),
      testDesk({ variables: { ALTAVMS_ALTA_DRIFT_INTERVAL: '1s', ALTAVMS_ALTA_STATUS_INTERVAL: '1s' } }),
    ])
    const server = await addServer(api, alta)
    await importCamera(api, server.id, 'dock')
    const [authorizerId = ''] = Object.keys(alta.config.ott.authorizers)
    alta.config.ott.authorizers[authorizerId] = {
      ...alta.config.ott.authorizers[authorizerId],
      default: 'allow',
    }
    alta.config.ott.channels['desk/dock'] = {
      ...alta.config.ott.channels['desk/dock'],
      name: 'Edited',
      note: 'theirs',
    }
    const get = (): Promise<Server> => api.want<Server>('GET', `/servers/${server.id}`)
    const { value } = await until(get, ({ state }) => state === 'drift')
    expect(value.drift).toEqual([
      { object: `authorizer ${authorizerId}`, field: 'default', expected: 'deny', found: 'allow' },
      { object: 'channel desk/dock', field: 'name', expected: 'Loading dock', found: 'Edited' },
    ])
    const repaired = await api.want<Server>('POST', `/servers/${server.id}/repair`, {})
    expect(repaired).toMatchObject({ state: 'healthy', drift: [] })
    expect(alta.config.ott.channels['desk/dock']).toMatchObject({ name: 'Loading dock', note: 'theirs' })
  })

  test('a repair that clears recordings waits for the name of the server', async () => {
    const [alta, { api }] = await Promise.all([testAlta(), testDesk()])
    const server = await addServer(api, alta)
    await importCamera(api, server.id, 'dock')
    alta.config.ott.channels['desk/dock'] = { ...alta.config.ott.channels['desk/dock'], archive: 'cold' }
    const refused = await api.call<Refused>('POST', `/servers/${server.id}/repair`, {})
    expect([refused.status, refused.body.code]).toEqual([409, 'CONFIRMATION_NEEDED'])
    expect(refused.body.data).toMatchObject({
      expected: 'Hall',
      reason: expect.stringContaining('desk/dock') as string,
    })
    expect(alta.config.ott.channels['desk/dock']?.archive).toBe('cold')
    await api.want('POST', `/servers/${server.id}/repair`, { confirmName: 'Hall' })
    expect(alta.config.ott.channels['desk/dock']?.archive).toBe('main')
  })
})
