import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { freePort } from '../fixtures/desk-process.ts'
import { signatures, startForgingProvider } from '../fixtures/forging-provider.ts'
import type { ForgingProvider } from '../fixtures/forging-provider.ts'
import { SmallBrowser, ssoClient } from '../fixtures/sso-provider.ts'

let provider: ForgingProvider
let desk: DeskInProcess

async function startDesk(): Promise<DeskInProcess> {
  const port = await freePort()
  return startDeskInProcess({
    people: [testAdmin],
    variables: {
      ALTAVMS_HTTP_ADDR: `127.0.0.1:${port}`,
      OIDC_ISSUER_URL: provider.issuer,
      OIDC_CLIENT_ID: ssoClient.id,
      OIDC_CLIENT_SECRET: ssoClient.secret,
      OIDC_REDIRECT_URI: `http://127.0.0.1:${port}/auth/oidc/callback`,
      REGISTRATION_MODE: 'open',
    },
  })
}

beforeAll(async () => {
  provider = await startForgingProvider()
  desk = await startDesk()
})
afterAll(async () => {
  await desk.stop()
  await provider.stop()
})
beforeEach(() => {
  provider.signature = 'right'
  provider.metadata = {}
  provider.authTime = null
  provider.claims = {}
  provider.header = {}
  provider.moreKeys = []
  provider.padding = { path: '', bytes: 0 }
})

/** Why the desk did not let in whom the provider names; null where it did. */
async function refusal(at = desk): Promise<string | null> {
  const { url } = await new SmallBrowser().open(`${at.origin}/api/auth/oidc/start`, 'forged')
  return url.searchParams.get('sso')
}

// Would catch: claims that are believed without a look at the signature of the ID token.
test.each(signatures.filter((signature) => signature !== 'right'))(
  'an ID token whose signature is %s lets nobody in',
  async (signature) => {
    const rows = readAudit(desk).length
    provider.signature = signature
    expect(await refusal()).toBe('SSO_REFUSED')
    expect(readAudit(desk)).toHaveLength(rows)
    provider.signature = 'right'
    expect(await refusal()).toBeNull()
  },
)

// Would catch: a desk that nobody can sign in to after the provider changed its key, until it is started anew.
test('a key that the provider has just changed is fetched, and the one before is good no longer', async () => {
  expect(await refusal()).toBeNull()
  const asked = provider.keysAsked
  expect(await refusal()).toBeNull()
  expect(provider.keysAsked).toBe(asked)
  await provider.rotate()
  expect(await refusal()).toBeNull()
  expect(provider.keysAsked).toBe(asked + 1)
  provider.signature = 'of another key'
  expect(await refusal()).toBe('SSO_REFUSED')
})

// Would catch: a provider that fills the memory of the desk, or keeps it from answering, with one endless answer.
test.each(['/.well-known/openid-configuration', '/token', '/keys', '/userinfo'])(
  'an answer of 600 kB from %s of the provider is not read',
  async (path) => {
    provider.metadata = { userinfo_endpoint: `${provider.issuer}/userinfo` }
    provider.claims = { preferred_username: undefined }
    const careful = await startDesk()
    onTestFinished(() => careful.stop())
    provider.padding = { path, bytes: 600_000 }
    expect(await refusal(careful)).toBe('SSO_UNAVAILABLE')
    expect(careful.log.join('\n')).toContain('The provider sent more than')
    provider.padding = { path, bytes: 100_000 }
    expect(await refusal(careful)).toBeNull()
  },
)

// Would catch: a token of another client, of another provider, of another sign-in or of yesterday that lets somebody in.
test.each<[string, Record<string, unknown>]>([
  ['for another client', { aud: 'somebody-else' }],
  ['for two clients, handed to the other', { aud: [ssoClient.id, 'other'], azp: 'other' }],
  ['of another sign-in', { nonce: 'of-another' }],
  ['without a nonce', { nonce: undefined }],
  ['that has expired', { exp: 1_700_000_000 }],
  ['that never expires', { exp: undefined }],
  ['of nobody', { sub: undefined }],
  ['whose subject is a number', { sub: 7 }],
  ['that is not valid yet', { nbf: 4_000_000_000 }],
  ['whose issuer is a list', { iss: ['a'] }],
])('an ID token %s lets nobody in, however well it is signed', async (_what, claims) => {
  provider.claims = claims
  expect(await refusal()).toBe('SSO_REFUSED')
  provider.claims = {}
  expect(await refusal()).toBeNull()
})

test.each(['/', '?', '/.', '#'])(
  'an ID token whose issuer ends in %s as well lets nobody in',
  async (more) => {
    provider.claims = { iss: `${provider.issuer}${more}` }
    expect(await refusal()).toBe('SSO_REFUSED')
  },
)

// Would catch: keys that are looked for by what the token says, or a shared secret among them that is believed.
test.each([
  ['the path of a file', { kid: '../../etc/passwd' }],
  ['an address of its own', { jku: 'http://127.0.0.1:9/keys', kid: 'unknown' }],
])('an ID token that names as its key %s lets nobody in', async (_what, header) => {
  provider.header = header
  expect(await refusal()).toBe('SSO_REFUSED')
})

test('a shared secret among the keys of the provider proves nothing, and keeps nobody out', async () => {
  provider.moreKeys = [{ kty: 'oct', k: Buffer.from(ssoClient.secret).toString('base64url'), kid: 'key-1' }]
  const careful = await startDesk()
  onTestFinished(() => careful.stop())
  provider.signature = 'HS256 with the client secret'
  expect(await refusal(careful)).toBe('SSO_REFUSED')
  provider.signature = 'right'
  expect(await refusal(careful)).toBeNull()
})

// Would catch: the client secret, or the keys that prove a token, in plain text on the network.
test.each(['token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'authorization_endpoint'])(
  'a provider that names a %s on another machine by plain http is not used',
  async (endpoint) => {
    provider.metadata = { [endpoint]: 'http://sso.example/there' }
    const careful = await startDesk()
    onTestFinished(() => careful.stop())
    expect(await refusal(careful)).toBe('SSO_UNAVAILABLE')
    expect(careful.log.join('\n')).toContain(`${endpoint} http://sso.example/there`)
  },
)

// Would catch: a page left open by whom SSO knows, whose address somebody else changes; and a provider that is believed
// to have asked who it is, and did not.
test('who has no password proves who they are at the provider, which must say that it asked', async () => {
  const now = Math.floor(Date.now() / 1000)
  const browser = new SmallBrowser()
  const signIn = async (query: string): Promise<string | null> => {
    const { url } = await browser.open(`${desk.origin}/api/auth/oidc/start${query}`, 'forged')
    return url.searchParams.get('sso')
  }
  const client = async (): Promise<ApiClient> => {
    const renewing = new URL(`${desk.origin}/api/auth/refresh`)
    const headers = { cookie: browser.cookiesFor(renewing), 'content-type': 'application/json' }
    const answer = await fetch(renewing, { method: 'POST', headers, body: '{}' })
    // The next renewal goes with what the browser gets at its next sign-in.
    const api = new ApiClient(desk.origin)
    api.token = ((await answer.json()) as { accessToken: string }).accessToken
    return api
  }
  const changes = [
    ['PATCH', '/account', { email: 'forged-again@sso.example' }],
    ['POST', '/account/totp/setup', {}],
  ] as const
  provider.authTime = now - 3600
  expect(await signIn('')).toBeNull()
  const old = await client()
  for (const [method, path, body] of changes)
    expect(await old.call(method, path, body)).toMatchObject({
      status: 403,
      body: { code: 'REAUTHENTICATION_REQUIRED' },
    })
  // There is no password that would do instead.
  expect(await old.call('POST', '/account/proof', { password: 'any' })).toMatchObject({
    status: 403,
    body: { code: 'REAUTHENTICATION_REQUIRED' },
  })
  for (const authTime of [now - 3600, null]) {
    provider.authTime = authTime
    expect(await signIn('?again=1')).toBe('SSO_REFUSED')
    expect(provider.asked.get('max_age')).toBe('0')
  }
  provider.authTime = now
  expect(await signIn('?again=1')).toBeNull()
  const anew = await client()
  for (const [method, path, body] of changes) expect((await anew.call(method, path, body)).status).toBe(200)
})
