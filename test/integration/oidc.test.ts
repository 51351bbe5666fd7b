import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, DeskInProcessOptions } from '../fixtures/desk-in-process.ts'
import { freePort } from '../fixtures/desk-process.ts'
import { SmallBrowser, ssoClient, startSsoProvider } from '../fixtures/sso-provider.ts'
import type { SsoAccount, SsoProvider } from '../fixtures/sso-provider.ts'

interface Session {
  accessToken: string
  user: { id: string; email: string; username: string; displayName: string; admin: boolean }
}

let provider: SsoProvider
let port: number

beforeAll(async () => {
  port = await freePort()
  provider = await startSsoProvider([
    `http://127.0.0.1:${port}/auth/oidc/callback`,
    'http://127.0.0.1/callback',
  ])
})
afterAll(() => provider.stop())

async function ssoDesk(
  variables: Record<string, string> = {},
  options: DeskInProcessOptions = {},
): Promise<DeskInProcess> {
  const desk = await startDeskInProcess({
    people: [testAdmin, testViewer],
    ...options,
    variables: {
      ALTAVMS_HTTP_ADDR: `127.0.0.1:${port}`,
      OIDC_ISSUER_URL: provider.issuer,
      OIDC_CLIENT_ID: ssoClient.id,
      OIDC_CLIENT_SECRET: ssoClient.secret,
      OIDC_REDIRECT_URI: `http://127.0.0.1:${port}/auth/oidc/callback`,
      REGISTRATION_MODE: 'open',
      ...variables,
    },
  })
  onTestFinished(() => desk.stop())
  return desk
}

let count = 0
/** Somebody new at the provider. */
function subject(account: SsoAccount = {}): string {
  const sub = `subject-${(count += 1)}`
  const email = `${sub}@sso.example`
  provider.accounts[sub] = {
    email,
    email_verified: true,
    preferred_username: sub,
    name: 'Mara K.',
    ...account,
  }
  return sub
}

/** The whole way of a browser, up to what the page does first: renewing its token. */
async function signIn(desk: DeskInProcess, sub: string, query = '', browser = new SmallBrowser()) {
  const landing = await browser.open(`${desk.origin}/api/auth/oidc/start${query}`, sub)
  const refused = landing.url.searchParams.get('sso')
  if (refused !== null) return { refused, session: null, browser }
  const renewing = new URL(`${desk.origin}/api/auth/refresh`)
  const answer = await fetch(renewing, {
    method: 'POST',
    headers: { cookie: browser.cookiesFor(renewing), 'content-type': 'application/json' },
    body: '{}',
  })
  expect(answer.status).toBe(200)
  return { refused: null, session: (await answer.json()) as Session, browser }
}

async function adminOf(desk: DeskInProcess): Promise<ApiClient> {
  const api = new ApiClient(desk.origin)
  await api.signIn(testAdmin.email, testAdmin.password)
  return api
}

describe('by way of a real provider', () => {
  test('the first sign-in makes an account, the second finds it', async () => {
    const desk = await ssoDesk()
    const sub = subject({ preferred_username: 'Mara Keller' })
    const first = await signIn(desk, sub)
    expect(first.session?.user).toMatchObject({
      email: `${sub}@sso.example`,
      username: 'mara-keller',
      displayName: 'Mara K.',
      admin: false,
    })
    provider.accounts[sub] = { email: 'changed@sso.example', email_verified: true }
    const second = await signIn(desk, sub)
    expect(second.session?.user.id).toBe(first.session?.user.id)
    const actions = readAudit(desk).map(({ action }) => action)
    expect(actions).toEqual(expect.arrayContaining(['user.registered', 'session.opened']))
  })

  test('a username that is taken gets a number', async () => {
    const desk = await ssoDesk()
    const names = []
    for (let index = 0; index < 3; index += 1) {
      const { session } = await signIn(desk, subject({ preferred_username: 'twin' }))
      names.push(session?.user.username)
    }
    expect(names).toEqual(['twin', 'twin2', 'twin3'])
  })

  test('an account that an administrator prepared is linked by a verified address, and by no other', async () => {
    const desk = await ssoDesk({ REGISTRATION_MODE: 'closed' })
    const api = await adminOf(desk)
    const prepare = (name: string) =>
      api.want<{ id: string }>('POST', '/users', {
        email: `${name}@sso.example`,
        username: name,
        displayName: name,
      })
    const prepared = await prepare('prepared')
    const unverified = subject({ email: 'prepared@sso.example', email_verified: false })
    expect((await signIn(desk, unverified)).refused).toBe('SSO_EMAIL_UNVERIFIED')
    const verified = subject({ email: 'Prepared@SSO.example' })
    expect((await signIn(desk, verified)).session?.user.id).toBe(prepared.id)
    const nobody = subject()
    expect((await signIn(desk, nobody)).refused).toBe('SSO_NO_ACCOUNT')
    // Whom the provider knows and the desk does not let in is seen to have tried.
    expect(readAudit(desk).filter(({ outcome }) => outcome === 'refused')).toMatchObject([
      { action: 'session.opened', actorName: 'prepared@sso.example' },
      { action: 'session.opened', actorName: `${nobody}@sso.example` },
    ])
  })

  test('an address that is not verified is answered alike, whether or not anybody has it', async () => {
    const desk = await ssoDesk({ REGISTRATION_MODE: 'invite_only' })
    for (const email of [testViewer.email, 'nobody@sso.example']) {
      const unverified = subject({ email, email_verified: false })
      expect((await signIn(desk, unverified)).refused).toBe('SSO_EMAIL_UNVERIFIED')
    }
  })

  test('an address that its owner wrote is not linked to: anybody could have written it', async () => {
    const desk = await ssoDesk()
    const registered = { username: 'squatter', displayName: 'S', password: 'copper-lantern-63' }
    const api = new ApiClient(desk.origin)
    await api.want('POST', '/auth/register', { email: 'victim@sso.example', ...registered })
    expect((await signIn(desk, subject({ email: 'victim@sso.example' }))).refused).toBe('EMAIL_TAKEN')
  })

  test('where an invite is needed, single sign-on needs one too, and uses it up', async () => {
    const desk = await ssoDesk({ REGISTRATION_MODE: 'invite_only' })
    const api = await adminOf(desk)
    const { code } = await api.want<{ code: string }>('POST', '/invites', { maxUses: 1 })
    const [first, second] = [subject(), subject()]
    expect((await signIn(desk, first)).refused).toBe('SSO_NO_ACCOUNT')
    expect((await signIn(desk, first, `?invite=${code}`)).refused).toBeNull()
    expect((await signIn(desk, second, `?invite=${code}`)).refused).toBe('SSO_NO_ACCOUNT')
    expect((await signIn(desk, first)).refused).toBeNull()
  })

  test('who was disabled here stays out, whatever the provider says', async () => {
    const desk = await ssoDesk()
    const sub = subject()
    const { session } = await signIn(desk, sub)
    const api = await adminOf(desk)
    await api.want('PATCH', `/users/${session?.user.id}`, { disabled: true })
    expect((await signIn(desk, sub)).refused).toBe('SSO_NO_ACCOUNT')
  })

  test("another browser's way back, a forged state and a second use of a code lead nowhere", async () => {
    const desk = await ssoDesk()
    const isBack = (url: URL): boolean => url.pathname === '/auth/oidc/callback'
    const leave = async () => {
      const browser = new SmallBrowser()
      const { url } = await browser.open(`${desk.origin}/api/auth/oidc/start`, subject(), isBack)
      return { browser, url }
    }
    const [mine, theirs] = [await leave(), await leave()]
    const swapped = await mine.browser.open(theirs.url.href, '')
    expect(swapped.url.searchParams.get('sso')).toBe('SSO_REFUSED')
    const without = await new SmallBrowser().open(theirs.url.href, '')
    expect(without.url.searchParams.get('sso')).toBe('SSO_REFUSED')
    const cookie = theirs.browser.cookiesFor(theirs.url)
    const back = () => fetch(theirs.url, { redirect: 'manual', headers: { cookie } })
    expect((await back()).headers.get('location')).toBe('/')
    expect((await back()).headers.get('location')).toBe('/?sso=SSO_REFUSED')
  })

  test('the cookie of the way is Lax, closed to scripts, and holds nothing readable', async () => {
    const desk = await ssoDesk()
    const start = await fetch(`${desk.origin}/api/auth/oidc/start`, { redirect: 'manual' })
    const [cookie = ''] = start.headers.getSetCookie()
    expect(cookie).toMatch(/^alta_desk_sso=v1:.*; Path=\/auth\/oidc\/callback; HttpOnly; SameSite=Lax$/)
    const url = new URL(start.headers.get('location') ?? '')
    expect(url.searchParams.get('scope')).toBe('openid email profile')
    expect(url.searchParams.get('code_challenge_method')).toBe('S256')
    expect(cookie).not.toContain(url.searchParams.get('state') ?? 'state')
  })
})

test("from a desktop's window: the system browser comes back to a loopback address, once", async () => {
  const opened: string[] = []
  const landed: Promise<unknown>[] = []
  const sub = subject()
  const desk = await ssoDesk(
    {},
    {
      headless: false,
      openInBrowser: (url) => {
        opened.push(url)
        landed.push(new SmallBrowser().open(url, sub))
      },
    },
  )
  const session = await desk.window().auth.signInWithBrowser({})
  expect(session.user.username).toBe(sub)
  const [redirectUri] = opened.map((url) => new URL(url).searchParams.get('redirect_uri') ?? '')
  expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
  await Promise.all(landed)
  await expect(fetch(redirectUri ?? '')).rejects.toThrow()
  expect((await desk.window().auth.refresh({})).user.username).toBe(sub)
})

// Would catch: somebody who came by the provider and is asked for a password that they never had.
test('an account that was made without a password is not asked to change one that only the desk knew', async () => {
  const desk = await ssoDesk()
  const api = await adminOf(desk)
  const person = { email: 'fresh@sso.example', username: 'fresh', displayName: 'Fresh' }
  const made = await api.want<{ initialPassword: string }>('POST', '/users', person)
  const sub = subject({ email: person.email })
  const { session, browser } = await signIn(desk, sub)
  expect(session).toMatchObject({ mustChoosePassword: false, user: { email: person.email } })
  // Nor when the sign-in is renewed; whoever uses that password is.
  expect((await signIn(desk, sub, '', browser)).session).toMatchObject({ mustChoosePassword: false })
  const login = { email: person.email, password: made.initialPassword }
  expect(await api.want('POST', '/auth/login', login)).toMatchObject({ mustChoosePassword: true })
})

describe('where single sign-on is the only way in', () => {
  const only = { OIDC_DISABLE_PASSWORD_LOGIN: 'true' }
  const password = (desk: DeskInProcess, person = testAdmin, terminalCode?: string) =>
    new ApiClient(desk.origin).call<{ code: string; user: { email: string } }>('POST', '/auth/login', {
      email: person.email,
      password: person.password,
      ...(terminalCode === undefined ? {} : { terminalCode }),
    })

  test('passwords are refused, right or wrong, while the provider is there', async () => {
    const desk = await ssoDesk(only)
    const answers = [await password(desk), await password(desk, { ...testAdmin, password: 'no' })]
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 403, body: { code: 'PASSWORDS_OFF' } })
    const options = await new ApiClient(desk.origin).want('GET', '/auth/options')
    expect(options).toEqual({ sso: true, passwords: false, https: false, keep: null })
    expect((await signIn(desk, subject())).session).not.toBeNull()
  })

  test('with the provider down, an administrator gets in with a code of the terminal, once', async () => {
    const printed: string[] = []
    const away = `http://127.0.0.1:${await freePort()}`
    const desk = await ssoDesk(
      { ...only, OIDC_ISSUER_URL: away },
      { printOnTerminal: (line) => printed.push(line) },
    )
    const started = await fetch(`${desk.origin}/api/auth/oidc/start`, { redirect: 'manual' })
    expect(started.headers.get('location')).toBe('/?sso=SSO_UNAVAILABLE')
    expect((await password(desk, { ...testAdmin, password: 'no' })).body.code).toBe('UNAUTHORIZED')
    expect((await password(desk, testViewer)).body.code).toBe('PASSWORDS_OFF')
    expect(printed).toEqual([])
    expect((await password(desk)).body.code).toBe('TERMINAL_CODE_REQUIRED')
    await password(desk)
    expect(printed).toHaveLength(1)
    const code = /[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(printed[0] ?? '')?.[0] ?? ''
    expect((await password(desk, testAdmin, 'AAAA-BBBB-CCCC')).body.code).toBe('WRONG_CODE')
    expect((await password(desk, testAdmin, code)).body.user.email).toBe(testAdmin.email)
    expect((await password(desk, testAdmin, code)).body.code).toBe('WRONG_CODE')
  })

  test('the code of the terminal is taken in `code` too, where there is no app that asks for one', async () => {
    const printed: string[] = []
    const variables = { ...only, OIDC_ISSUER_URL: `http://127.0.0.1:${await freePort()}` }
    const desk = await ssoDesk(variables, { printOnTerminal: (line) => printed.push(line) })
    await password(desk)
    const code = /[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(printed[0] ?? '')?.[0]
    const { email, password: typed } = testAdmin
    const login = (given: string) =>
      new ApiClient(desk.origin).call('POST', '/auth/login', { email, password: typed, code: given })
    expect((await login('AAAA-BBBB-CCCC')).body).toMatchObject({ code: 'WRONG_CODE' })
    expect((await login(code ?? '')).status).toBe(200)
  })

  test("a desktop's own window lets an administrator in, and nobody else", async () => {
    const desk = await ssoDesk(only, { headless: false })
    expect((await desk.window().auth.login(testAdmin)).user.email).toBe(testAdmin.email)
    await expect(desk.window().auth.login(testViewer)).rejects.toMatchObject({ code: 'PASSWORDS_OFF' })
  })
})

test('without a provider there is nothing to start', async () => {
  const desk = await startDeskInProcess({ people: [testAdmin] })
  onTestFinished(() => desk.stop())
  const api = new ApiClient(desk.origin)
  expect(await api.want('GET', '/auth/options')).toEqual({
    sso: false,
    passwords: true,
    https: false,
    keep: null,
  })
  expect(await api.call('GET', '/auth/oidc/start')).toMatchObject({ status: 409, body: { code: 'SSO_OFF' } })
})

test.each(['OIDC_ISSUER_URL', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_REDIRECT_URI'])(
  'a configuration without %s is a mistake that names it',
  async (missing) => {
    await expect(ssoDesk({ [missing]: '' })).rejects.toThrow(
      new RegExp(`${missing}: is missing, while OIDC_`),
    )
  },
)
