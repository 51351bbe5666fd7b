import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totpCode, totpStep } from '../../main/identity/totp.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testOperator, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'

let desk: DeskInProcess
beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer, { ...testOperator, admin: true }] })
})
afterAll(() => desk.stop())

async function clientOf({ email, password }: TestPerson): Promise<ApiClient> {
  const api = new ApiClient(desk.origin)
  await api.signIn(email, password)
  return api
}

// Would catch: an administrator's page, left open, by which anybody takes over the account without its password.
describe('the routes for other people refuse oneself', () => {
  let boss: ApiClient
  let me: string
  beforeAll(async () => {
    boss = await clientOf(testAdmin)
    me = (await boss.want<{ id: string }>('GET', '/account')).id
    const { secret } = await boss.want<{ secret: string }>('POST', '/account/totp/setup')
    await boss.want('POST', '/account/totp/confirm', { code: totpCode(secret, totpStep(Date.now())) })
  })

  const own = [
    ['DELETE', '/totp', undefined, '/api/account/totp/disable'],
    ['POST', '/password', {}, '/api/account/password'],
    ['POST', '/password', { password: 'slate-curlew-39' }, '/api/account/password'],
    ['PATCH', '', { password: 'slate-curlew-39' }, '/api/account/password'],
    ['PATCH', '', { email: 'thief@desk' }, '/api/account'],
    ['PATCH', '', { displayName: 'Boss', email: 'thief@desk' }, '/api/account'],
  ] as const

  test.each(own)('%s /users/{me}%s with %j names %s', async (method, path, body, route) => {
    const before = await boss.want('GET', `/users/${me}`)
    // The same id however it is written in the address.
    for (const id of [me, `%${me.charCodeAt(0).toString(16)}${me.slice(1)}`]) {
      const answer = await boss.call<{ code: string; message: string }>(method, `/users/${id}${path}`, body)
      expect(answer).toMatchObject({ status: 403, body: { code: 'OWN_ACCOUNT' } })
      expect(answer.body.message).toContain(route)
    }
    expect((await boss.call(method, `/users/${me.toUpperCase()}${path}`, body)).status).toBe(404)
    expect(await boss.want('GET', `/users/${me}`)).toEqual(before)
    expect((await boss.call('GET', '/account')).status).toBe(200)
  })

  test('what is no way in may be changed there, and so may the ways of others', async () => {
    const names = { displayName: 'The boss', email: testAdmin.email.toUpperCase() }
    expect(await boss.want('PATCH', `/users/${me}`, names)).toMatchObject({ email: testAdmin.email })
    const found = await boss.want<{ items: { id: string }[] }>('GET', `/users?search=${testViewer.email}`)
    const other = found.items[0]?.id ?? ''
    expect((await boss.call('POST', `/users/${other}/password`, {})).status).toBe(200)
    expect((await boss.call('PATCH', `/users/${other}`, { email: 'other@desk' })).status).toBe(200)
  })
})

// Would catch: an administrator's page, left open, that unlocks its own account after every ninth guess of its password.
test('who guesses the password of the account that is open cannot unlock it', async () => {
  const boss = await clientOf({ ...testOperator, admin: true })
  const account = { email: 'open@desk', username: 'open', displayName: 'Open', password: 'slate-curlew-39' }
  const { id } = await boss.want<{ id: string }>('POST', '/users', { ...account, admin: true })
  const open = await clientOf({ ...account, admin: true })
  const guess = (currentPassword: string) =>
    open.call('POST', '/account/password', { currentPassword, newPassword: 'amber-plover-71' })
  for (let number = 1; number <= 10; number += 1) expect((await guess(`guess-${number}`)).status).toBe(422)
  const refusal = await open.call('DELETE', `/users/${id}/lock`)
  expect(refusal).toMatchObject({ status: 403, body: { code: 'OWN_ACCOUNT' } })
  expect((await guess(account.password)).status).toBe(429)
  await boss.want('DELETE', `/users/${id}/lock`)
  expect((await guess(account.password)).status).toBe(200)
})

// Would catch: a page that was left open, by which somebody puts their own app on another's account.
test('an app is set up without the password only within 15 minutes of the sign-in', async () => {
  const boss = new ApiClient(desk.origin)
  const account = { email: 'apps@desk', username: 'apps', displayName: 'Apps', password: 'slate-curlew-39' }
  await boss.signIn(testOperator.email, testOperator.password)
  await boss.want('POST', '/users', account)
  const api = await clientOf({ ...account, admin: false })
  const setUp = (body: object) => api.call('POST', '/account/totp/setup', body)
  expect((await setUp({})).status).toBe(200)
  const database = new Database(desk.databasePath)
  const age = (ms: number): void =>
    void database.prepare('update sessions set proved_at = proved_at - ?').run(ms)
  age(15 * 60_000 - 60_000)
  expect((await setUp({})).status).toBe(200)
  age(60_000)
  database.close()
  expect(await setUp({})).toMatchObject({ status: 403, body: { code: 'REAUTHENTICATION_REQUIRED' } })
  expect(await setUp({ password: 'no' })).toMatchObject({ status: 422, body: { code: 'WRONG_PASSWORD' } })
  expect((await setUp({ password: account.password })).status).toBe(200)
})
