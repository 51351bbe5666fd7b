import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PersonView } from '../../shared/contract/users.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

const common = 'PassWord1'
const person = { email: 'new@desk', username: 'new', displayName: 'New', password: common }

let desk: DeskInProcess
let boss: ApiClient
let viewerId: string
beforeAll(async () => {
  desk = await startDeskInProcess({
    people: [testAdmin, testViewer],
    variables: { REGISTRATION_MODE: 'open' },
  })
  boss = new ApiClient(desk.origin)
  await boss.signIn(testAdmin.email, testAdmin.password)
  const found = await boss.want<{ items: PersonView[] }>('GET', `/users?search=${testViewer.email}`)
  viewerId = found.items[0]?.id ?? ''
})
afterAll(() => desk.stop())

// Would catch: one of the ways on which a password is not looked up in the list.
test.each([
  ['an account that is made', 'POST', () => '/users', person],
  ['an account that is changed', 'PATCH', () => `/users/${viewerId}`, { password: common }],
  ['a password that is reset', 'POST', () => `/users/${viewerId}/password`, { password: common }],
  ['a registration', 'POST', () => '/auth/register', person],
  [
    'a password that is changed',
    'POST',
    () => '/account/password',
    { currentPassword: testAdmin.password, newPassword: common },
  ],
])('%s does not take one of the commonest passwords', async (_way, method, path, body) => {
  expect(await boss.call(method, path(), body)).toMatchObject({
    status: 422,
    body: { code: 'WEAK_PASSWORD', message: expect.stringContaining('10,000 commonest') },
  })
})

test('nor does the recovery of an account', async () => {
  const { password } = testAdmin
  const { recoveryCode } = await boss.want<{ recoveryCode: string }>('POST', '/account/recovery-code', {
    password,
  })
  const recovery = { email: testAdmin.email, recoveryCode, newPassword: common }
  expect((await boss.call('POST', '/auth/recover', recovery)).body).toMatchObject({ code: 'WEAK_PASSWORD' })
})

test('nor does the first administrator, by the page or by the configuration', async () => {
  const variables = { ALTAVMS_ENV: 'staging', ALTAVMS_AUTH_JWT_SECRET: 's'.repeat(32) }
  const empty = await startDeskInProcess({ variables, headless: false })
  await expect(empty.window().auth.setup({ email: 'boss@desk', password: common })).rejects.toMatchObject({
    code: 'WEAK_PASSWORD',
  })
  await empty.stop()
  const bootstrap = { ADMIN_BOOTSTRAP_EMAIL: 'boss@desk', ADMIN_BOOTSTRAP_PASSWORD: common }
  await expect(startDeskInProcess({ variables: { ...variables, ...bootstrap } })).rejects.toThrow(
    /ADMIN_BOOTSTRAP_PASSWORD: is one of the 10,000 commonest passwords/,
  )
})
