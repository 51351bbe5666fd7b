import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { AccessTokens } from '../../../../main/sign-in/access-tokens.ts'
import { loadTokenKeys, TokenKeyError } from '../../../../main/sign-in/token-keys.ts'
import type { TokenKeys } from '../../../../main/sign-in/token-keys.ts'
import { developmentStubKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openTestStore } from '../store/open-test-store.ts'

const claims = { userId: 'u1', version: 3, family: 'f1' }
/** The end of a sign-in that is far away. */
const endless = 4_000_000_000_000
const keyring = new Keyring([developmentStubKey])

function clockAt(start: number) {
  let now = start
  return { now: () => now, monotonicMs: () => now, turn: (ms: number) => (now += ms) }
}

function secretKeys(text = 'a secret of thirty-two characters'): TokenKeys {
  const key = createSecretKey(Buffer.from(text))
  return { algorithm: 'HS256', signing: key, checking: key }
}

test('a token says who, which sign-in and which version, for 15 minutes', async () => {
  const clock = clockAt(1_800_000_000_000)
  const tokens = new AccessTokens(secretKeys(), 'desk1', clock)
  const { token, expiresAt } = await tokens.issue(claims, endless)
  expect(expiresAt - clock.now()).toBe(15 * 60_000)
  expect(await tokens.check(token)).toEqual({ ...claims, expiresAt })
  clock.turn(15 * 60_000)
  expect(await tokens.check(token)).toBeNull()
})

// Would catch: a token that outlives its sign-in by what is left of its 15 minutes.
test('no token outlives its sign-in', async () => {
  const clock = clockAt(1_800_000_000_000)
  const tokens = new AccessTokens(secretKeys(), 'desk1', clock)
  const { token, expiresAt } = await tokens.issue(claims, clock.now() + 60_000)
  expect(expiresAt).toBe(clock.now() + 60_000)
  clock.turn(60_000)
  expect(await tokens.check(token)).toBeNull()
})

test('a remembered token is forgotten when it expires, and when its sign-in ends', async () => {
  const clock = clockAt(1_800_000_000_000)
  const tokens = new AccessTokens(secretKeys(), 'desk1', clock)
  const { token, expiresAt } = await tokens.issue(claims, endless)
  tokens.remember(token, { ...claims, bySso: false, expiresAt }, tokens.disposables)
  expect(tokens.remembered(token)).toMatchObject(claims)
  tokens.forgetFamily('another')
  expect(tokens.remembered(token)).toBeDefined()
  tokens.forgetFamily('f1')
  expect(tokens.remembered(token)).toBeUndefined()
  tokens.remember(token, { ...claims, bySso: false, expiresAt }, tokens.disposables)
  clock.turn(15 * 60_000)
  expect(tokens.remembered(token)).toBeUndefined()
})

// Would catch: a token that is remembered for 15 minutes though its sign-in ended while it was looked up.
test('a token is not remembered where a sign-in ended while its own was looked up', async () => {
  const clock = clockAt(1_800_000_000_000)
  const tokens = new AccessTokens(secretKeys(), 'desk1', clock)
  const { token, expiresAt } = await tokens.issue(claims, endless)
  const { disposables } = tokens
  tokens.forgetFamily('f1')
  tokens.remember(token, { ...claims, bySso: false, expiresAt }, disposables)
  expect(tokens.remembered(token)).toBeUndefined()
})

test('tokens of another desk, another key, no key, and another algorithm are worth nothing', async () => {
  const clock = clockAt(1_800_000_000_000)
  const tokens = new AccessTokens(secretKeys(), 'desk1', clock)
  const other = async (keys: TokenKeys, desk: string) =>
    (await new AccessTokens(keys, desk, clock).issue(claims, endless)).token
  const { token } = await tokens.issue(claims, endless)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
  const edited = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('"u1"', '"u2"')).toString(
    'base64url',
  )
  const pair = generateKeyPairSync('ed25519')
  for (const wrong of [
    await other(secretKeys(), 'desk2'),
    await other(secretKeys('another secret of enough characters'), 'desk1'),
    await other({ algorithm: 'EdDSA', signing: pair.privateKey, checking: pair.publicKey }, 'desk1'),
    `${none}.${payload}.`,
    `${header}.${edited}.${signature}`,
    '',
    'a.b.c',
    'x'.repeat(10_000),
  ]) {
    expect(await tokens.check(wrong)).toBeNull()
  }
})

test('a desk without configured keys makes a pair once and keeps it sealed', async () => {
  const store = openTestStore()
  const first = await loadTokenKeys({ kind: 'kept' }, store, keyring)
  const second = await loadTokenKeys({ kind: 'kept' }, store, keyring)
  expect(first.algorithm).toBe('EdDSA')
  expect(second.checking.equals(first.checking)).toBe(true)
})

test('key files that do not belong together, or are no Ed25519 keys, are said by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const write = (name: string, pem: string | Buffer): string => {
    writeFileSync(join(folder, name), pem)
    return join(folder, name)
  }
  const [one, two] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privatePath = write('private.pem', one.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const publicPath = write('public.pem', one.publicKey.export({ type: 'spki', format: 'pem' }))
  const otherPath = write('other.pem', two.publicKey.export({ type: 'spki', format: 'pem' }))
  const rsaPath = write('rsa.pem', rsa.publicKey.export({ type: 'spki', format: 'pem' }))
  const load = (publicKeyPath: string, privateKeyPath = privatePath) =>
    loadTokenKeys({ kind: 'files', privateKeyPath, publicKeyPath }, openTestStore(), keyring)
  expect((await load(publicPath)).algorithm).toBe('EdDSA')
  await expect(load(otherPath)).rejects.toThrow('is not the public half of')
  await expect(load(rsaPath)).rejects.toThrow('is not an Ed25519 key')
  await expect(load(publicPath, write('broken.pem', 'nonsense'))).rejects.toThrow(TokenKeyError)
})
