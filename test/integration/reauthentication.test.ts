import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
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

// Would catch: a page that was left open, by which somebody makes a second administrator, and resets with that one the
// password of the first; or one by which they take over a colleague.
describe('what gives a way into an account asks again who it is, 15 minutes after the last proof', () => {
  const other = { email: 'colleague@desk', username: 'colleague', displayName: 'Colleague' }
  const second = { email: 'second@desk', username: 'second', displayName: 'Second' }
  const account = { email: 'left-open@desk', username: 'left-open', displayName: 'Left open' }
  const password = 'slate-curlew-39'
  let open: ApiClient
  let otherId: string

  const age = (ms: number): void => {
    const database = new Database(desk.databasePath)
    database.prepare('update sessions set proved_at = proved_at - ?').run(ms)
    database.close()
  }

  beforeAll(async () => {
    const boss = await clientOf({ ...testOperator, admin: true })
    await boss.want('POST', '/users', { ...account, password, admin: true })
    otherId = (await boss.want<{ id: string }>('POST', '/users', { ...other, password })).id
    const theirs = await clientOf({ ...other, password, admin: false })
    const { secret } = await theirs.want<{ secret: string }>('POST', '/account/totp/setup')
    await theirs.want('POST', '/account/totp/confirm', { code: totpCode(secret, totpStep(Date.now())) })
    open = await clientOf({ ...account, password, admin: true })
  })

  const asking = [
    ['an administrator is made', 'POST', () => '/users', { ...second, admin: true }],
    ['somebody becomes one', 'PATCH', () => `/users/${otherId}`, { admin: true }],
    ['a password is changed', 'PATCH', () => `/users/${otherId}`, { password: 'amber-plover-71' }],
    ['an address is changed', 'PATCH', () => `/users/${otherId}`, { email: 'thief@desk' }],
    ['a password is reset', 'POST', () => `/users/${otherId}/password`, {}],
    ['an app is removed', 'DELETE', () => `/users/${otherId}/totp`, undefined],
  ] as const

  test.each(asking)('%s', async (_what, method, path, body) => {
    expect((await open.call('POST', '/account/proof', { password })).status).toBe(200)
    age(15 * 60_000)
    const before = await open.want('GET', `/users/${otherId}`)
    expect(await open.call(method, path(), body)).toMatchObject({
      status: 403,
      body: { code: 'REAUTHENTICATION_REQUIRED' },
    })
    expect(await open.want('GET', `/users/${otherId}`)).toEqual(before)
    expect(await open.call('POST', '/account/proof', { password: 'no' })).toMatchObject({
      status: 422,
      body: { code: 'WRONG_PASSWORD' },
    })
    expect((await open.call(method, path(), body)).status).toBe(403)
    expect((await open.call('POST', '/account/proof', { password })).status).toBe(200)
    age(14 * 60_000)
    expect((await open.call(method, path(), body)).status).toBe(200)
  })

  // Would catch: a page that was left open yesterday, and needs no password since the clock was set back by a day.
  test('a proof that lies ahead of the clock is none', async () => {
    expect((await open.call('POST', '/account/proof', { password })).status).toBe(200)
    age(-24 * 3_600_000)
    expect((await open.call('POST', `/users/${otherId}/password`, {})).status).toBe(403)
    age(24 * 3_600_000)
  })

  test('what gives none does not ask', async () => {
    age(24 * 3_600_000)
    const guard = { email: 'night@desk', username: 'night-guard', displayName: 'Guard' }
    const { id } = await open.want<{ id: string }>('POST', '/users', guard)
    expect(
      await open.want('PATCH', `/users/${id}`, { displayName: 'Night guard', disabled: true }),
    ).toMatchObject({
      displayName: 'Night guard',
    })
    await open.want('PATCH', `/users/${id}`, { email: guard.email.toUpperCase(), admin: false })
    await open.want('DELETE', `/users/${id}`)
  })

  test('a proof goes with the renewed tokens of its sign-in, and with no other', async () => {
    const renew = async (path: string, cookie: string, body: object): Promise<[ApiClient, string]> => {
      const answer = await fetch(`${desk.origin}/api/auth/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify(body),
      })
      const api = new ApiClient(desk.origin)
      api.token = ((await answer.json()) as { accessToken: string }).accessToken
      return [
        api,
        answer.headers
          .getSetCookie()
          .map((header) => header.replace(/;.*/, ''))
          .join('; '),
      ]
    }
    const [here, cookie] = await renew('login', '', { email: account.email, password })
    age(24 * 3_600_000)
    await here.want('POST', '/account/proof', { password })
    const [renewed] = await renew('refresh', cookie, {})
    const move = (api: ApiClient, email: string) => api.call('PATCH', `/users/${otherId}`, { email })
    expect((await move(open, 'moved@desk')).status).toBe(403)
    expect((await move(renewed, 'moved@desk')).status).toBe(200)
  })

  test('wrong passwords are counted as failed sign-ins are', async () => {
    const guessed = { email: 'guessed@desk', username: 'guessed', displayName: 'Guessed', password }
    await open.want('POST', '/users', guessed)
    const guess = await clientOf({ ...guessed, admin: false })
    const tries: number[] = []
    for (let number = 1; number <= 11; number += 1)
      tries.push((await guess.call('POST', '/account/proof', { password: `guess-${number}` })).status)
    expect(tries).toEqual([...Array.from({ length: 10 }, () => 422), 429])
  })
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
