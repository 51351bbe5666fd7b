import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totpCode, totpStep } from '../../main/identity/totp.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'

let desk: DeskInProcess
beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer] })
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
