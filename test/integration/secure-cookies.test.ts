import { afterAll, beforeAll, expect, test } from 'vitest'
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

function post(path: string, cookie: string, body: object = {}): Promise<Response> {
  return fetch(`${desk.origin}/api/auth/${path}`, {
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

async function signIn(cookie = '') {
  const { email, password } = testAdmin
  return cookiesOf(await post('login', cookie, { email, password }))
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

// Would catch: everybody signed out by an update, or an old name that stays good beside the new one.
test('a cookie of the old name is taken once, and replaced', async () => {
  const token = (await signIn())['__Secure-alta_desk_refresh']?.value ?? ''
  const renewed = await post('refresh', `alta_desk_refresh=${token}; alta_desk_page=x`)
  expect(renewed.status).toBe(200)
  const cookies = cookiesOf(renewed)
  expect(cookies['alta_desk_refresh']).toMatchObject({
    value: '',
    attributes: expect.stringMatching(/^Max-Age=0;/),
  })
  expect(cookies['alta_desk_page']).toMatchObject({
    value: '',
    attributes: expect.stringMatching(/^Max-Age=0;/),
  })
  const next = cookies['__Secure-alta_desk_refresh']?.value ?? ''
  expect(next).toMatch(/^[\w-]{43}$/)
  expect((await post('refresh', `__Secure-alta_desk_refresh=${next}`)).status).toBe(200)
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
  const cleared = Object.entries(cookies).filter(([, { value }]) => value === '')
  expect(cleared.map(([name]) => name).sort()).toEqual([
    '__Host-alta_desk_page',
    '__Secure-alta_desk_refresh',
    'alta_desk_refresh',
  ])
})
