import { afterAll, beforeAll, expect, test } from 'vitest'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testOperator, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'

let desk: DeskInProcess
let boss: ApiClient

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer, testOperator] })
  boss = await clientOf(testAdmin)
})
afterAll(() => desk.stop())

async function clientOf({ email, password }: TestPerson): Promise<ApiClient> {
  const api = new ApiClient(desk.origin)
  await api.signIn(email, password)
  return api
}

async function person({ email }: TestPerson): Promise<PersonView> {
  const { items } = await boss.want<{ items: PersonView[] }>('GET', `/users?search=${email}`)
  const [found] = items
  if (!found) throw new Error(`${email} is not listed.`)
  return found
}

/** Follows the events of somebody; resolves with how long after `since` the desk ended the stream. */
/** Opens the event stream of this sign-in; what is returned waits until the desk has ended it. */
async function follow(api: ApiClient): Promise<() => Promise<void>> {
  const answer = await fetch(`${desk.origin}/api/events/stream`, {
    headers: { authorization: `Bearer ${api.token}` },
  })
  const reader = answer.body?.getReader()
  if (!reader) throw new Error('There is no stream.')
  await reader.read()
  const ended = (async () => {
    while (!(await reader.read()).done);
  })()
  return () => ended
}

// Would catch: a list that leaves an administrator guessing who still works here and who is locked out.
test('the list says who was active when, who is locked, and who has an app', async () => {
  const before = await person(testOperator)
  expect(before).toMatchObject({ lastActiveAt: null, lockedUntil: null, totp: false, hasPassword: true })
  const startedAt = Date.now()
  await clientOf(testOperator)
  const active = (await person(testOperator)).lastActiveAt ?? 0
  expect(active).toBeGreaterThanOrEqual(startedAt)
  for (let tries = 0; tries < 10; tries += 1) {
    await boss.call('POST', '/auth/login', { email: testOperator.email, password: 'no' })
  }
  const locked = await person(testOperator)
  expect(locked.lockedUntil).toBeGreaterThan(Date.now())
  expect(locked.lastActiveAt).toBe(active)
  expect(await boss.want('GET', `/users/${locked.id}`)).toMatchObject({ lockedUntil: locked.lockedUntil })
  const login = { email: testOperator.email, password: testOperator.password }
  expect((await boss.call('POST', '/auth/login', login)).status).toBe(429)
  await boss.want('DELETE', `/users/${locked.id}/lock`)
  expect((await person(testOperator)).lockedUntil).toBeNull()
  expect((await boss.call('POST', '/auth/login', login)).status).toBe(200)
  const unlocked = readAudit(desk).find(({ action }) => action === 'user.unlocked')
  expect(unlocked).toMatchObject({ actorName: testAdmin.email, outcome: 'done' })
  expect((await boss.call('DELETE', '/users/nobody/lock')).status).toBe(404)
})

// Would catch: a lost phone that locks its owner out for good, or that a thief's open page outlives.
test('an administrator removes an authenticator app, and every sign-in ends at once', async () => {
  const viewer = await clientOf(testViewer)
  const { id } = await person(testViewer)
  expect(await boss.call('DELETE', `/users/${id}/totp`)).toMatchObject({
    status: 409,
    body: { code: 'TOTP_OFF' },
  })
  const { secret } = await viewer.want<{ secret: string }>('POST', '/account/totp/setup')
  await viewer.want('POST', '/account/totp/confirm', { code: totpCode(secret, totpStep(Date.now())) })
  expect((await person(testViewer)).totp).toBe(true)
  expect((await viewer.call('DELETE', `/users/${id}/totp`)).status).toBe(403)
  const ended = await follow(viewer)
  await boss.want('DELETE', `/users/${id}/totp`)
  await ended()
  expect((await viewer.call('GET', '/account')).status).toBe(401)
  expect((await person(testViewer)).totp).toBe(false)
  // The password alone does again.
  await clientOf(testViewer)
  expect(readAudit(desk).filter(({ action }) => action === 'user.totp-removed')).toHaveLength(1)
})

// Would catch: a page at a lost laptop that goes on hearing what happens, although its owner ended it.
test.each(['ended by its owner', 'signed out', 'ended by a new password'] as const)(
  'a sign-in that is %s hears nothing more from that moment',
  async (how) => {
    const here = await clientOf(testAdmin)
    const laptop = await clientOf(testAdmin)
    const { items } = await laptop.want<{ items: { id: string; current: boolean }[] }>(
      'GET',
      '/account/sessions',
    )
    const ended = await follow(laptop)
    if (how === 'ended by its owner') {
      await here.want('DELETE', `/account/sessions/${items.find(({ current }) => current)?.id}`)
    } else if (how === 'signed out') await laptop.want('POST', '/auth/logout', {})
    else {
      const change = { currentPassword: testAdmin.password, newPassword: 'a heron over the grey canal' }
      await here.want('POST', '/account/password', change)
    }
    await ended()
  },
)
