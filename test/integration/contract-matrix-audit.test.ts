import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

type Window = ReturnType<DeskInProcess['window']>

/** A desktop desk, whose window can do everything that the contract offers, beside an Alta to do it to. */
let desk: DeskInProcess
let alta: AltaServerHandle
let token: string | null = null
let window: Window
let serverId = ''
let cameraId = ''

beforeAll(async () => {
  alta = await startAltaServer({
    name: 'alta',
    receivers: [{ id: 'gate', name: 'Gate', kind: 'status' }],
    archives: { main: { duration: 24, local: { locations: ['/opt/archive'] } } },
  })
  desk = await startDeskInProcess({
    headless: false,
    variables: {
      ALTAVMS_ENV: 'staging',
      ALTAVMS_HTTP_ADDR: '127.0.0.1:0',
    },
  })
  window = desk.window(() => token)
})
afterAll(async () => {
  await desk.stop()
  await alta.dispose()
})

/** For every procedure that declares an audit action: how it succeeds. They run in this order. */
const successes: Readonly<Record<string, () => Promise<unknown>>> = {
  'auth.setup': async () => {
    token = (await window.auth.setup({ email: testAdmin.email, password: testAdmin.password })).accessToken
  },
  'auth.login': async () => {
    token = (await window.auth.login(testAdmin)).accessToken
  },
  'auth.refresh': async () => {
    token = (await window.auth.refresh({})).accessToken
  },
  'account.changePassword': async () => {
    const change = { currentPassword: testAdmin.password, newPassword: 'teal-falcon-88' }
    token = (await window.account.changePassword(change)).accessToken
  },
  'servers.create': async () => {
    const account = { login: 'admin', password: 'admin' }
    serverId = (await window.servers.create({ name: 'Alta', baseUrl: alta.baseUrl, ...account })).id
  },
  'servers.update': () => window.servers.update({ id: serverId, name: 'Alta one' }),
  'servers.repair': () => window.servers.repair({ id: serverId }),
  'cameras.create': async () => {
    cameraId = (await window.cameras.create({ serverId, receiverId: 'gate' })).id
  },
  'cameras.update': () => window.cameras.update({ id: cameraId, name: 'Main gate' }),
  'live.saveWall': () => window.live.saveWall({ layout: '1', tiles: [cameraId] }),
  'cameras.remove': () => window.cameras.remove({ id: cameraId }),
  'servers.remove': () => window.servers.remove({ id: serverId }),
  'settings.setListener': () => window.settings.setListener({ enabled: true }),
  'auth.logout': () => window.auth.logout({}),
}

test('the list above holds every procedure that declares an audit action', () => {
  const audited = contractProcedures().filter(({ rules }) => rules.audit !== null)
  expect(Object.keys(successes).sort()).toEqual(audited.map(({ name }) => name).sort())
})

test.each(Object.entries(successes))('%s writes exactly its row', async (name, succeed) => {
  const action = contractProcedures().find((procedure) => procedure.name === name)?.rules.audit
  const before = readAudit(desk).at(-1)?.seq ?? 0
  await succeed()
  const written = readAudit(desk).filter(({ seq }) => seq > before)
  expect(written.map((row) => [row.action, row.outcome, row.actorName])).toEqual([
    [action, 'done', testAdmin.email],
  ])
})

test('the audit log holds no password, token or secret', () => {
  const log = JSON.stringify(readAudit(desk))
  for (const secret of [testAdmin.password, 'teal-falcon-88', token ?? 'token', '"password"']) {
    expect(log.includes(secret)).toBe(false)
  }
})

test('what changes nothing writes nothing', async () => {
  const api = new ApiClient(desk.desk.addresses()[0] ?? '')
  await api.signIn(testAdmin.email, 'teal-falcon-88')
  const before = readAudit(desk).length
  await api.want('GET', '/servers')
  await api.want('GET', '/cameras')
  await api.want('GET', '/account')
  expect(readAudit(desk)).toHaveLength(before)
})
