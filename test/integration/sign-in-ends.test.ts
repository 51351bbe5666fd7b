import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import type { LiveAnswer } from '../../shared/contract/live.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testOperator, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, TestPerson } from '../fixtures/desk-in-process.ts'
import { addServer, importCamera, testAlta } from '../fixtures/desk-with-alta.ts'

const dayMs = 24 * 3_600_000

async function startDesk(): Promise<DeskInProcess> {
  const desk = await startDeskInProcess({ people: [testAdmin, testViewer, testOperator] })
  onTestFinished(() => desk.stop())
  return desk
}

async function clientOf(desk: DeskInProcess, { email, password }: TestPerson): Promise<ApiClient> {
  const api = new ApiClient(desk.origin)
  await api.signIn(email, password)
  return api
}

/** Makes the sign-ins of a person older, as only the clock does. */
function age(desk: DeskInProcess, { email }: TestPerson, ms: number): void {
  const database = new Database(desk.databasePath)
  database
    .prepare(
      'update sessions set opened_at = opened_at - ? where user_id = (select id from users where email = ?)',
    )
    .run(ms, email)
  database.close()
}

// Would catch: a ticket, copied out of a page, that starts pictures after its person has signed out.
test('a ticket dies with its sign-in, however that ends, and with no other', async () => {
  const [alta, desk] = await Promise.all([testAlta(), startDesk()])
  const boss = await clientOf(desk, testAdmin)
  const server = await addServer(boss, alta)
  const camera = await importCamera(boss, server.id, 'gate-1')
  const group = await boss.want<{ id: string }>('POST', '/groups', { name: 'Hall' })
  await boss.want('PUT', `/groups/${group.id}/cameras/${camera.id}`)
  const found = await boss.want<{ items: PersonView[] }>('GET', `/users?search=${testViewer.email}`)
  const viewerId = found.items[0]?.id ?? ''
  await boss.want('PUT', `/groups/${group.id}/members/${viewerId}`, { role: 'viewer' })

  const ticketOf = async (api: ApiClient): Promise<string> => {
    const { sources } = await api.want<LiveAnswer>('POST', `/cameras/${camera.id}/live`)
    return new URL(sources[0]?.url ?? '').searchParams.get('token') ?? ''
  }
  const ask = (token: string): Promise<number> =>
    fetch(`${desk.origin}/alta/${server.id}/authorize?token=${token}`, {
      headers: { 'x-real-path': '/desk/gate-1/index.m3u8' },
    }).then(({ status }) => status)

  const stays = await ticketOf(boss)
  let { password } = testViewer
  const current = async (api: ApiClient): Promise<string> => {
    const list = await api.want<{ items: { id: string; current: boolean }[] }>('GET', '/account/sessions')
    return list.items.find((signIn) => signIn.current)?.id ?? ''
  }
  const disposables: ((viewer: ApiClient) => Promise<unknown>)[] = [
    (viewer) => viewer.want('POST', '/auth/logout', {}),
    async (viewer) => viewer.want('DELETE', `/account/sessions/${await current(viewer)}`),
    async (viewer) => boss.want('DELETE', `/users/${viewerId}/sessions/${await current(viewer)}`),
    async (viewer) => {
      const newPassword = 'a heron over the grey canal'
      await viewer.want('POST', '/account/password', { currentPassword: password, newPassword })
      password = newPassword
    },
    () => Promise.resolve(age(desk, testViewer, 90 * dayMs)),
    () => boss.want('PATCH', `/users/${viewerId}`, { disabled: true }),
  ]
  for (const end of disposables) {
    const viewer = await clientOf(desk, { ...testViewer, password })
    const other = await clientOf(desk, { ...testViewer, password })
    const tickets = [await ticketOf(viewer), await ticketOf(other)]
    expect(await ask(tickets[0] ?? '')).toBe(200)
    await end(viewer)
    expect(await ask(tickets[0] ?? '')).toBe(403)
    // Another sign-in of the same person goes on where only this one ended.
    const goesOn = (await other.call('GET', '/account/sessions')).status === 200
    const isOver = end === disposables[4]
    if (!isOver) expect(await ask(tickets[1] ?? '')).toBe(goesOn ? 200 : 403)
    expect(await ask(stays)).toBe(200)
  }
})

// Would catch: a sign-in that is renewed for ever, on a machine that was given away long ago.
test('a sign-in ends for good 90 days after it began, however often it was renewed', async () => {
  const desk = await startDesk()
  const { email, password } = testViewer
  const opened = await fetch(`${desk.origin}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  let cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const api = new ApiClient(desk.origin)
  const renew = async (): Promise<number> => {
    const headers = { 'content-type': 'application/json', cookie }
    const answer = await fetch(`${desk.origin}/api/auth/refresh`, { method: 'POST', headers, body: '{}' })
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    if (answer.ok) api.token = ((await answer.json()) as { accessToken: string }).accessToken
    return answer.status
  }
  expect(await renew()).toBe(200)
  age(desk, testViewer, 90 * dayMs - 3_600_000)
  expect(await renew()).toBe(200)
  // It began 90 days less an hour ago, so its newest token is good for that hour and no longer.
  const [signIn] = (
    await api.want<{ items: { openedAt: number; expiresAt: number }[] }>('GET', '/account/sessions')
  ).items
  expect((signIn?.expiresAt ?? 0) - (signIn?.openedAt ?? 0)).toBe(90 * dayMs)
  const stream = await fetch(`${desk.origin}/api/events/stream`, {
    headers: { authorization: `Bearer ${api.token}` },
  })
  const reader = stream.body?.getReader()
  await reader?.read()
  age(desk, testViewer, 3_600_000)
  // The desk ends what the sign-in still holds open; this waits until it has.
  while (reader && !(await reader.read()).done);
  expect(await renew()).toBe(401)
})

test('the longest life of a sign-in is a setting', async () => {
  const desk = await startDeskInProcess({
    people: [testOperator],
    variables: { ALTAVMS_AUTH_SIGN_IN_LIFE: '12h' },
  })
  onTestFinished(() => desk.stop())
  const api = await clientOf(desk, testOperator)
  const list = await api.want<{ items: { openedAt: number; expiresAt: number }[] }>(
    'GET',
    '/account/sessions',
  )
  const [signIn] = list.items
  expect((signIn?.expiresAt ?? 0) - (signIn?.openedAt ?? 0)).toBe(12 * 3_600_000)
})

// Would catch: somebody who works on with a password that an administrator knows, by the API or an older page.
test('a password that the desk made lets in only to choose another; one that was typed stays', async () => {
  const desk = await startDesk()
  const boss = await clientOf(desk, testAdmin)
  const names = { email: 'fresh@desk', username: 'fresh', displayName: 'Fresh' }
  const made = await boss.want<{ initialPassword: string }>('POST', '/users', names)
  const fresh = await clientOf(desk, { ...names, password: made.initialPassword, admin: false })
  const refused = { status: 403, body: { code: 'PASSWORD_CHANGE_REQUIRED' } }
  for (const path of ['/cameras', '/events/stream', '/account/sessions', '/live/wall', '/users'])
    expect(await fresh.call('GET', path)).toMatchObject(refused)
  expect(await fresh.want('GET', '/account')).toMatchObject({ mustChangePassword: true })
  const window = desk.window(() => fresh.token)
  await expect(window.cameras.list({})).rejects.toMatchObject({ code: 'PASSWORD_CHANGE_REQUIRED' })
  await expect(window.events.stream()).rejects.toMatchObject({ code: 'PASSWORD_CHANGE_REQUIRED' })
  const changed = await fresh.want<{ accessToken: string; mustChoosePassword: boolean }>(
    'POST',
    '/account/password',
    { currentPassword: made.initialPassword, newPassword: 'marble-kestrel-29' },
  )
  expect(changed.mustChoosePassword).toBe(false)
  fresh.token = changed.accessToken
  expect((await fresh.call('GET', '/cameras')).status).toBe(200)

  const typed = { email: 'typed@desk', username: 'typed', displayName: 'Typed', password: 'slate-curlew-39' }
  await boss.want('POST', '/users', typed)
  const stays = await clientOf(desk, { ...typed, admin: false })
  expect((await stays.call('GET', '/cameras')).status).toBe(200)
})
