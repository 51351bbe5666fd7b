import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

interface Session {
  accessToken: string
  expiresAt: number
  user: { email: string; admin: boolean; mustChangePassword: boolean }
}

/** The refresh token that an answer sets, as a browser would keep it. */
function cookieOf(headers: Headers): string {
  const refresh = headers.getSetCookie().find((cookie) => cookie.startsWith('alta_desk_refresh='))
  return refresh?.split(';')[0] ?? ''
}

function post(desk: DeskInProcess, path: string, body: unknown, cookie?: string): Promise<Response> {
  return fetch(`${desk.origin}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
    body: JSON.stringify(body),
  })
}

describe('people of a desk', () => {
  let desk: DeskInProcess

  beforeAll(async () => {
    desk = await startDeskInProcess({ people: [testAdmin, testViewer] })
  })
  afterAll(() => desk.stop())

  test('sign-in answers a token, and a cookie that no script and no other site can use', async () => {
    const answer = await post(desk, '/auth/login', { email: ' BOSS@desk ', password: testAdmin.password })
    const session = (await answer.json()) as Session
    expect(answer.status).toBe(200)
    expect(session.user).toMatchObject({ email: 'boss@desk', admin: true, mustChangePassword: false })
    expect(session.expiresAt - Date.now()).toBeGreaterThan(14 * 60_000)
    const [refresh] = answer.headers.getSetCookie()
    expect(refresh).toMatch(/; Path=\/api\/auth; HttpOnly; SameSite=Strict$/)
  })

  test('a wrong password and an unknown name look the same from outside, and both are recorded', async () => {
    const wrong = await post(desk, '/auth/login', { email: testAdmin.email, password: 'nope' })
    const unknown = await post(desk, '/auth/login', { email: 'nobody@desk', password: 'nope' })
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(await wrong.json()).toEqual(await unknown.json())
    const failed = readAudit(desk).filter(
      ({ action, outcome }) => action === 'session.opened' && outcome === 'failed',
    )
    expect(failed.map(({ actorName }) => actorName)).toEqual(
      expect.arrayContaining(['boss@desk', 'nobody@desk']),
    )
  })

  test.each([
    ['very long', 'x'.repeat(5_000)],
    ['empty', ''],
    ['a NUL', '\u0000'],
    ['half a letter', '\ud800'],
  ])('sign-in takes any strings, %s too, and answers as it does for any wrong ones', async (_what, text) => {
    for (const name of ['email', 'username']) {
      const answer = await post(desk, '/auth/login', { [name]: text, password: text, code: text })
      expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHORIZED' }])
    }
    const recovery = { username: text, recoveryCode: text, newPassword: 'slate-curlew-39' }
    expect((await post(desk, '/auth/recover', recovery)).status).toBe(401)
  })

  test('a refresh token is good once; the spent one gets the same successor while that is unused', async () => {
    const first = cookieOf((await post(desk, '/auth/login', testViewer)).headers)
    const rotated = await post(desk, '/auth/refresh', {}, first)
    const repeated = await post(desk, '/auth/refresh', {}, first)
    expect([rotated.status, repeated.status]).toEqual([200, 200])
    expect(cookieOf(repeated.headers)).toBe(cookieOf(rotated.headers))
    expect(cookieOf(rotated.headers)).not.toBe(first)
  })

  test('a token that comes again after its successor was used ends the whole sign-in, access token too', async () => {
    const first = cookieOf((await post(desk, '/auth/login', testViewer)).headers)
    const second = cookieOf((await post(desk, '/auth/refresh', {}, first)).headers)
    const third = await post(desk, '/auth/refresh', {}, second)
    const api = new ApiClient(desk.origin)
    api.token = ((await third.json()) as Session).accessToken
    expect((await api.call('GET', '/account')).status).toBe(200)
    expect((await post(desk, '/auth/refresh', {}, first)).status).toBe(401)
    expect((await post(desk, '/auth/refresh', {}, cookieOf(third.headers))).status).toBe(401)
    expect((await api.call('GET', '/account')).status).toBe(401)
    expect(readAudit(desk).some(({ after }) => after?.includes('used twice'))).toBe(true)
  })

  // Would catch: a stolen token that is good again after the clock was set back.
  test('a token that was spent when the clock was ahead is used twice, not repeated', async () => {
    const first = cookieOf((await post(desk, '/auth/login', testViewer)).headers)
    const second = cookieOf((await post(desk, '/auth/refresh', {}, first)).headers)
    const database = new Database(desk.databasePath)
    // What a clock that is an hour behind makes of a token that was spent just now.
    database.prepare('update sessions set spent_at = spent_at + 3600000 where spent_at is not null').run()
    database.close()
    expect((await post(desk, '/auth/refresh', {}, first)).status).toBe(401)
    expect((await post(desk, '/auth/refresh', {}, second)).status).toBe(401)
  })

  test('two tabs that refresh at the same moment both stay signed in', async () => {
    const cookie = cookieOf((await post(desk, '/auth/login', testViewer)).headers)
    const answers = await Promise.all([1, 2, 3].map(() => post(desk, '/auth/refresh', {}, cookie)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(answers.map(({ headers }) => cookieOf(headers))).size).toBe(1)
  })

  test('signing out ends the refresh token and the access token at once', async () => {
    const signedIn = await post(desk, '/auth/login', testViewer)
    const api = new ApiClient(desk.origin)
    api.token = ((await signedIn.json()) as Session).accessToken
    expect((await api.call('POST', '/auth/logout')).status).toBe(200)
    expect((await api.call('GET', '/account')).status).toBe(401)
    expect((await post(desk, '/auth/refresh', {}, cookieOf(signedIn.headers))).status).toBe(401)
  })

  test('signing out works by the cookie alone, as after 15 minutes, and not from a page of another origin', async () => {
    const signedIn = await post(desk, '/auth/login', testViewer)
    const cookie = cookieOf(signedIn.headers)
    const api = new ApiClient(desk.origin)
    api.token = ((await signedIn.json()) as Session).accessToken
    const foreign = await fetch(`${desk.origin}/api/auth/logout`, {
      method: 'POST',
      headers: { cookie, origin: 'http://localhost:8080' },
    })
    expect(foreign.status).toBe(403)
    expect((await api.call('GET', '/account')).status).toBe(200)
    const left = await post(desk, '/auth/logout', {}, cookie)
    expect(left.status).toBe(200)
    expect(left.headers.getSetCookie()[0]).toMatch(/^alta_desk_refresh=; Max-Age=0; /)
    expect((await api.call('GET', '/account')).status).toBe(401)
    expect((await post(desk, '/auth/refresh', {}, cookie)).status).toBe(401)
    expect((await post(desk, '/auth/logout', {}, cookie)).status).toBe(401)
    expect(readAudit(desk).findLast(({ action }) => action === 'session.closed')).toMatchObject({
      actorName: testViewer.email,
      outcome: 'done',
    })
  })

  test('changing the password ends the other sign-ins and goes on with a new one', async () => {
    const person = { ...testViewer }
    const [here, elsewhere] = [new ApiClient(desk.origin), new ApiClient(desk.origin)]
    await here.signIn(person.email, person.password)
    await elsewhere.signIn(person.email, person.password)
    const change = (newPassword: string, currentPassword = person.password) =>
      here.call<Session>('POST', '/account/password', { currentPassword, newPassword })
    expect(await change('teal-falcon-88', 'wrong')).toMatchObject({
      status: 422,
      body: { code: 'WRONG_PASSWORD' },
    })
    expect(await change('guard-desk')).toMatchObject({ status: 422, body: { code: 'WEAK_PASSWORD' } })
    expect(await change('short')).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
    const changed = await change('teal-falcon-88')
    expect(changed.status).toBe(200)
    expect((await elsewhere.call('GET', '/account')).status).toBe(401)
    expect((await here.call('GET', '/account')).status).toBe(401)
    here.token = changed.body.accessToken
    expect((await here.call('GET', '/account')).status).toBe(200)
    expect(await change(person.password, 'teal-falcon-88')).toMatchObject({ status: 200 })
  })
})

// Would catch: a queue of sign-ins that grows without end, and a refusal that does not say when to come back.
test('more sign-ins than can be served soon are sent away with a time to come back', async () => {
  // A hash that takes long beside a request: the queue is full before the first is made.
  const desk = await startDeskInProcess({
    people: [testViewer],
    passwordCost: { memoryCost: 65_536, timeCost: 2, parallelism: 1 },
  })
  try {
    const tries = Array.from({ length: 60 }, (_, index) =>
      post(desk, '/auth/login', { username: `x${index}`, password: 'y' }),
    )
    const answers = await Promise.all(tries)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
    for (const answer of answers.filter(({ status }) => status === 429)) {
      expect(answer.headers.get('retry-after')).toBe('5')
    }
  } finally {
    await desk.stop()
  }
})

test('development begins with the documented administrator, and answers this machine only', async () => {
  const desk = await startDeskInProcess()
  try {
    const api = new ApiClient(desk.origin)
    await api.signIn()
    expect((await api.call('GET', '/account')).body).toMatchObject({ mustChangePassword: true })
    const foreignName = await fetchAs(desk.origin, 'desk.rebound.com:3303')
    expect(foreignName).toMatchObject({ status: 403, code: 'LOOPBACK_ONLY' })
    // Would catch: a proxy on this machine that names another header than X-Forwarded-For, and lets the world in.
    for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded-Host'])
      expect(await fetchAs(desk.origin, 'localhost', { [header]: 'x' })).toMatchObject({ status: 403 })
    expect(await fetchAs(desk.origin, 'localhost')).toMatchObject({ status: 200 })
    const changed = await api.want<Session>('POST', '/account/password', {
      currentPassword: 'admin',
      newPassword: 'teal-falcon-88',
    })
    expect(changed.user.mustChangePassword).toBe(false)
    expect(await fetchAs(desk.origin, 'desk.rebound.com:3303')).toMatchObject({ status: 200 })
  } finally {
    await desk.stop()
  }
})

test('production without a named administrator asks for the code of its terminal, once', async () => {
  const desk = await startDeskInProcess({
    variables: {
      ALTAVMS_ENV: 'production',
      ALTAVMS_AUTH_JWT_SECRET: 'x'.repeat(40),
      ALTAVMS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      ALTAVMS_ALLOWED_ORIGINS: 'https://desk.example',
    },
  })
  try {
    const api = new ApiClient(desk.origin)
    expect((await api.call('GET', '/auth/setup')).body).toEqual({ needed: true, codeNeeded: true })
    const setup = (code?: string) =>
      api.call<Session>('POST', '/auth/setup', { email: 'first@desk', password: 'teal-falcon-88', code })
    expect(await setup()).toMatchObject({ status: 403, body: { code: 'WRONG_CODE' } })
    expect(await setup('AAAA-AAAA-AAAA')).toMatchObject({ status: 403, body: { code: 'WRONG_CODE' } })
    expect(desk.desk.setupCode).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$/)
    const made = await setup(desk.desk.setupCode ?? '')
    expect(made.body.user).toMatchObject({ email: 'first@desk', admin: true })
    expect(await setup(desk.desk.setupCode ?? '')).toMatchObject({
      status: 409,
      body: { code: 'ALREADY_SET_UP' },
    })
    expect(readAudit(desk).map(({ action }) => action)).toEqual(['desk.set-up'])
  } finally {
    await desk.stop()
  }
})

test("a desktop's own window makes the first administrator without a code and keeps its sign-in in the main process", async () => {
  const desk = await startDeskInProcess({
    headless: false,
    variables: {
      ALTAVMS_ENV: 'production',
      ALTAVMS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
  })
  try {
    const stranger = desk.window()
    expect(await stranger.auth.setupState()).toEqual({ needed: true, codeNeeded: false })
    const session = await stranger.auth.setup({ email: 'first@desk', password: 'teal-falcon-88' })
    const renewed = await desk.window().auth.refresh({})
    expect(renewed.user.email).toBe('first@desk')
    expect((await desk.window(() => session.accessToken).account.show()).email).toBe('first@desk')
    expect(desk.desk.addresses()).toEqual([])
  } finally {
    await desk.stop()
  }
})

test('sign-ins survive a restart, and nothing secret is readable in the database or the log', async () => {
  const first = await startDeskInProcess({ people: [testAdmin] })
  const signedIn = await post(first, '/auth/login', testAdmin)
  const { accessToken } = (await signedIn.json()) as Session
  const cookie = cookieOf(signedIn.headers)
  await first.desk.stop()
  const second = await startDeskInProcess({ folder: first.folder })
  try {
    const api = new ApiClient(second.origin)
    api.token = accessToken
    expect((await api.call('GET', '/account')).status).toBe(200)
    expect((await post(second, '/auth/refresh', {}, cookie)).status).toBe(200)
    const stored =
      readFileSync(second.databasePath, 'latin1') + readFileSync(`${second.databasePath}-wal`, 'latin1')
    for (const secret of [cookie.split('=')[1] ?? '', testAdmin.password, 'PRIVATE KEY']) {
      expect(stored.includes(secret)).toBe(false)
      expect([...first.log, ...second.log].join('\n').includes(secret)).toBe(false)
    }
  } finally {
    await second.stop()
    await first.stop()
  }
})

async function fetchAs(
  origin: string,
  host: string,
  more: Record<string, string> = {},
): Promise<{ status: number; code?: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; code?: string }>()
  request(`${origin}/api/auth/setup`, { headers: { host, ...more } }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { code?: string }
      resolve({ status: answer.statusCode ?? 0, ...(body.code ? { code: body.code } : {}) })
    })
  })
    .on('error', reject)
    .end()
  return promise
}
