import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

let desk: DeskInProcess
beforeAll(async () => {
  desk = await startDeskInProcess({
    people: [testAdmin],
    variables: { ALTAVMS_HTTP_TLS_ENABLED: 'true' },
  })
})
afterAll(() => desk.stop())

function post(path: string, cookie: string, body: object = {}, to = desk): Promise<Response> {
  return fetch(`${to.origin}/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  })
}

/** What a browser would hold after these answers, each with its attributes. */
function cookiesOf(answer: Response): Record<string, { value: string; attributes: string }> {
  const pairs = answer.headers.getSetCookie().map((header) => {
    const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*); (.*)$/.exec(header) ?? []
    return [name, { value, attributes }] as const
  })
  return Object.fromEntries(pairs)
}

async function signIn(cookie = '', to = desk) {
  const { email, password } = testAdmin
  return cookiesOf(await post('login', cookie, { email, password }, to))
}

/** Adds a server whose pictures pages may load; answers the page cookie of the administrator who did. */
async function addServer(to: DeskInProcess, baseUrl: string): Promise<string> {
  const { email, password } = testAdmin
  const answer = await post('login', '', { email, password }, to)
  const api = new ApiClient(to.origin)
  api.token = ((await answer.clone().json()) as { accessToken: string }).accessToken
  await api.want('POST', '/servers', {
    name: 'Gate',
    baseUrl,
    streamUrl: baseUrl,
    login: 'admin',
    password: 'admin',
  })
  return cookiesOf(answer)['__Host-alta_desk_page']?.value ?? ''
}

// Would catch: a cookie that a page over plain http, or of another subdomain, can plant under the name of ours.
test('with TLS the names say that only this desk, over TLS, could have set them', async () => {
  const cookies = await signIn()
  expect(Object.keys(cookies).sort()).toEqual(['__Host-alta_desk_page', '__Secure-alta_desk_refresh'])
  expect(cookies['__Host-alta_desk_page']?.attributes).toMatch(
    /^Expires=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
  expect(cookies['__Secure-alta_desk_refresh']?.attributes).toMatch(
    /^Expires=[^;]+; Path=\/api\/auth; HttpOnly; SameSite=Strict; Secure$/,
  )
})

/** A desk on the data of an earlier one, ended with the test. */
async function startOn(folder: string, tls: boolean): Promise<DeskInProcess> {
  const started = await startDeskInProcess({
    folder,
    ...(readdirSync(folder).length === 0 && { people: [testAdmin] }),
    variables: { ALTAVMS_HTTP_TLS_ENABLED: String(tls) },
  })
  onTestFinished(() => started.stop())
  return started
}

/** The cookies of a sign-in at a desk on plain HTTP in this folder, which has stopped since. */
async function signInWithoutTls(folder: string): Promise<string> {
  const plain = await startOn(folder, false)
  const cookies = await signIn('', plain)
  await plain.stop()
  expect(Object.keys(cookies).sort()).toEqual(['alta_desk_page', 'alta_desk_refresh'])
  return `alta_desk_refresh=${cookies['alta_desk_refresh']?.value}; alta_desk_page=${cookies['alta_desk_page']?.value}`
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-cookies-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const cleared = { value: '', attributes: expect.stringMatching(/^Max-Age=0;/) as string }

// Would catch: everybody signed out when TLS is switched on, or an old name that stays good: it was, for as long as the
// request came without the new one, so that a page over plain HTTP could plant somebody else's sign-in.
test('a cookie of the old name moves its sign-in to the new one, once', async () => {
  const folder = temporaryFolder()
  const old = await signInWithoutTls(folder)
  const secure = await startOn(folder, true)
  const moved = await post('refresh', old, {}, secure)
  expect(moved.status).toBe(200)
  const cookies = cookiesOf(moved)
  expect(cookies).toMatchObject({ alta_desk_refresh: cleared, alta_desk_page: cleared })
  const next = cookies['__Secure-alta_desk_refresh']?.value ?? ''
  expect(next).toMatch(/^[\w-]{43}$/)

  const again = await post('refresh', old, {}, secure)
  expect(again.status).toBe(401)
  // Another tab may hold the new ones by now: those stay.
  expect(cookiesOf(again)).toEqual({ alta_desk_refresh: cleared, alta_desk_page: cleared })
  expect((await post('logout', old, {}, secure)).status).toBe(401)
  expect((await post('refresh', `alta_desk_refresh=${next}`, {}, secure)).status).toBe(401)
  expect((await post('refresh', `__Secure-alta_desk_refresh=${next}`, {}, secure)).status).toBe(200)
})

// Would catch: "once" that is counted in memory, so that a restart accepts the old name again.
test('a sign-in that has moved is refused under the old name after a restart, and after a time without TLS', async () => {
  const folder = temporaryFolder()
  const old = await signInWithoutTls(folder)
  const first = await startOn(folder, true)
  const moved = cookiesOf(await post('refresh', old, {}, first))['__Secure-alta_desk_refresh']?.value ?? ''
  await first.stop()

  const second = await startOn(folder, true)
  expect((await post('refresh', `alta_desk_refresh=${moved}`, {}, second)).status).toBe(401)
  expect((await post('logout', `alta_desk_refresh=${moved}`, {}, second)).status).toBe(401)
  await second.stop()

  // There the older names are the names.
  const plain = await startOn(folder, false)
  const renewed = cookiesOf(await post('refresh', `alta_desk_refresh=${moved}`, {}, plain))
  const token = renewed['alta_desk_refresh']?.value ?? ''
  expect(token).toMatch(/^[\w-]{43}$/)
  await plain.stop()

  const third = await startOn(folder, true)
  expect((await post('refresh', `alta_desk_refresh=${token}`, {}, third)).status).toBe(401)
  expect((await post('refresh', `__Secure-alta_desk_refresh=${token}`, {}, third)).status).toBe(200)
})

// Would catch: a cookie planted by a page over plain HTTP, with the sign-in of the one who planted it: whoever uses this
// browser next works in their name.
test('a sign-in that began with TLS is never accepted under the old name', async () => {
  const cookies = await signIn()
  const token = cookies['__Secure-alta_desk_refresh']?.value ?? ''
  expect((await post('refresh', `alta_desk_refresh=${token}`)).status).toBe(401)
  expect((await post('logout', `alta_desk_refresh=${token}`)).status).toBe(401)
  expect((await post('refresh', `__Secure-alta_desk_refresh=${token}`)).status).toBe(200)
})

// Would catch: an old page cookie that names a moved sign-in for ever, or a switch to TLS that darkens the first page.
test('a page load is known by the old name until its sign-in has moved', async () => {
  const folder = temporaryFolder()
  const old = await signInWithoutTls(folder)
  const family = /alta_desk_page=([\da-f-]{36})$/.exec(old)?.[1] ?? ''
  const secure = await startOn(folder, true)
  const alta = await startAltaServer({ name: 'gate', receivers: [] })
  onTestFinished(() => alta.dispose())
  const other = await addServer(secure, alta.baseUrl)
  const streams = async (sent: string): Promise<boolean> => {
    const page = await fetch(secure.origin, { headers: { cookie: sent } })
    return page.headers.get('content-security-policy')?.includes(alta.baseUrl) === true
  }
  expect(await streams(`__Host-alta_desk_page=${other}`)).toBe(true)
  expect(await streams(`alta_desk_page=${other}`)).toBe(false)
  expect(await streams(`alta_desk_page=${family}`)).toBe(true)
  expect((await post('refresh', old, {}, secure)).status).toBe(200)
  expect(await streams(`alta_desk_page=${family}`)).toBe(false)
  expect(await streams(`__Host-alta_desk_page=${family}`)).toBe(true)
})

// Would catch: a planted cookie that wins over the real one, so that somebody works in another's name.
test('where both are there the new name counts', async () => {
  const [mine, planted] = [await signIn(), await signIn()]
  const real = mine['__Secure-alta_desk_refresh']?.value ?? ''
  const other = planted['__Secure-alta_desk_refresh']?.value ?? ''
  expect(real).not.toBe(other)
  const left = await post('logout', `alta_desk_refresh=${other}; __Secure-alta_desk_refresh=${real}`)
  expect(left.status).toBe(200)
  expect((await post('refresh', `__Secure-alta_desk_refresh=${real}`)).status).toBe(401)
  expect((await post('refresh', `__Secure-alta_desk_refresh=${other}`)).status).toBe(200)
})

test('signing out clears both names', async () => {
  const token = (await signIn())['__Secure-alta_desk_refresh']?.value ?? ''
  const cookies = cookiesOf(
    await post('logout', `alta_desk_refresh=old; __Secure-alta_desk_refresh=${token}`),
  )
  const emptied = Object.entries(cookies).filter(([, { value }]) => value === '')
  expect(emptied.map(([name]) => name).sort()).toEqual([
    '__Host-alta_desk_page',
    '__Secure-alta_desk_refresh',
    'alta_desk_refresh',
  ])
})
