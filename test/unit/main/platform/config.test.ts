import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, loadConfig } from '../../../../main/platform/config.ts'
import type { ConfigMistake, ConfigOptions } from '../../../../main/platform/config.ts'
import { describeConfig } from '../../../../main/platform/config-description.ts'
import { openKeyring } from '../../../../main/platform/desk-keyring.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const secondKey = Buffer.alloc(32, 8).toString('base64')
const jwtSecret = 'a-secret-that-is-long-enough-to-sign-with'

function folderWith(yaml?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  if (yaml !== undefined) writeFileSync(join(folder, 'config.yaml'), yaml)
  return folder
}

function load(variables: ConfigOptions['variables'], yaml?: string, changes: Partial<ConfigOptions> = {}) {
  return loadConfig({ folder: folderWith(yaml), variables, kind: 'headless', ...changes })
}

function mistakesOf(...parameters: Parameters<typeof load>): readonly ConfigMistake[] {
  try {
    load(...parameters)
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
  return []
}

const named = (mistakes: readonly ConfigMistake[]): (string | null)[] =>
  mistakes.map((mistake) => mistake.key ?? mistake.variable)

test('nothing configured gives the documented defaults', () => {
  const { config } = load({})
  expect(config).toMatchObject({
    env: 'development',
    http: {
      addr: { host: null, port: 3303 },
      readTimeoutMs: 15_000,
      writeTimeoutMs: 30_000,
      idleTimeoutMs: 60_000,
      shutdownGraceMs: 10_000,
      preDrainDelayMs: 5_000,
      tlsEnabled: false,
      allowedOrigins: ['http://localhost:3303'],
      internalAddr: null,
    },
    db: { connectTimeoutMs: 5_000, queryTimeoutMs: 30_000 },
    auth: { jwtSecret: null },
    crypto: { encryptionKeys: [] },
    adminBootstrap: { email: 'admin@localhost', password: 'admin' },
  })
  expect(config.db.path).toMatch(/data.altavms\.db$/)
  expect(openKeyring(config).isStub).toBe(true)
})

describe('variables', () => {
  test.each([
    ['ALTAVMS_ENV', 'env: development', 'staging', (c: Loaded) => c.env, 'staging'],
    [
      'ALTAVMS_HTTP_ADDR',
      'http: {addr: ":1"}',
      '[::1]:99',
      (c: Loaded) => c.http.addr,
      { host: '::1', port: 99 },
    ],
    [
      'ALTAVMS_HTTP_PREDRAIN_DELAY',
      'http: {pre_drain_delay: 9s}',
      '0',
      (c: Loaded) => c.http.preDrainDelayMs,
      0,
    ],
    [
      'ALTAVMS_HTTP_READ_TIMEOUT',
      'http: {read_timeout: 9s}',
      '1m30s',
      (c: Loaded) => c.http.readTimeoutMs,
      90_000,
    ],
    [
      'ALTAVMS_DB_QUERY_TIMEOUT',
      'db: {query_timeout: 9s}',
      '1.5h',
      (c: Loaded) => c.db.queryTimeoutMs,
      5_400_000,
    ],
    [
      'ALTAVMS_DB_CONNECT_TIMEOUT',
      'db: {connect_timeout: 9s}',
      '500ms',
      (c: Loaded) => c.db.connectTimeoutMs,
      500,
    ],
    [
      'ALTAVMS_HTTP_TLS_ENABLED',
      'http: {tls_enabled: false}',
      'true',
      (c: Loaded) => c.http.tlsEnabled,
      true,
    ],
    [
      'ALTAVMS_ALLOWED_ORIGINS',
      'http: {allowed_origins: ["http://a"]}',
      'http://b, https://c:8443',
      (c: Loaded) => c.http.allowedOrigins,
      ['http://b', 'https://c:8443'],
    ],
  ])('%s wins over the file', (variable, yaml, value, read, expected) => {
    const environment = { [variable]: value, ALTAVMS_AUTH_JWT_SECRET: jwtSecret }
    expect(read(load(environment, yaml).config)).toEqual(expected)
    expect(read(load({ [variable]: '' }, yaml).config)).not.toEqual(expected)
  })

  test('other programs may have theirs, an unknown one of ours is a mistake', () => {
    expect(mistakesOf({ PATH: '/bin', OIDC_SCOPES: 'x', GIPHY_API_KEY: 'y' })).toEqual([])
    const [mistake] = mistakesOf({ ALTAVMS_HTTP_PRE_DRAIN_DELAY: '1s' })
    expect(mistake?.problem).toContain('Did you mean ALTAVMS_HTTP_PREDRAIN_DELAY?')
  })

  test('keys are ordered by their number: the first is active', () => {
    const third = Buffer.alloc(32, 9).toString('base64')
    const { config } = load({
      ALTAVMS_ENCRYPTION_KEY_V10: third,
      ALTAVMS_ENCRYPTION_KEY_V2: secondKey,
      ALTAVMS_ENCRYPTION_KEY: key,
    })
    expect(config.crypto.encryptionKeys.map((one) => one.bytes[0])).toEqual([7, 8, 9])
  })

  test('an older key alone is a mistake, not silently the active one', () => {
    expect(named(mistakesOf({ ALTAVMS_ENCRYPTION_KEY_V2: key }))).toEqual(['ALTAVMS_ENCRYPTION_KEY_V2'])
  })
})

type Loaded = ReturnType<typeof load>['config']

describe('mistakes', () => {
  test.each([
    ['is not hex', 'z'.repeat(64)],
    ['has 62 digits instead of 64', 'a1'.repeat(31)],
  ])('a TOTP_ENCRYPTION_KEY that %s is refused, and is not shown', (problem, value) => {
    const [mistake] = mistakesOf({ TOTP_ENCRYPTION_KEY: value })
    expect(mistake).toMatchObject({ variable: 'TOTP_ENCRYPTION_KEY' })
    expect(mistake?.problem).toContain(problem)
    expect(mistake?.problem).not.toContain(value)
  })

  test('single sign-on that is partly set names each missing variable, not silently off', () => {
    const missing = (variables: Record<string, string>) =>
      mistakesOf(variables).map(({ variable, problem }) => `${variable} ${problem}`)
    expect(missing({ OIDC_ISSUER_URL: 'https://sso.example', OIDC_CLIENT_SECRET: 's' })).toEqual([
      'OIDC_CLIENT_ID is missing, while OIDC_ISSUER_URL is given.',
      'OIDC_REDIRECT_URI is missing, while OIDC_ISSUER_URL is given.',
    ])
    expect(missing({ OIDC_DISABLE_PASSWORD_LOGIN: 'true' })).toHaveLength(4)
    expect(missing({ OIDC_DISABLE_PASSWORD_LOGIN: 'false' })).toEqual([])
  })

  test.each(['10.0.0.0/33', 'proxy.example', '::1/129', '10.0.0.0/8/8'])(
    '%s is no proxy whose word is believed',
    (value) => {
      expect(named(mistakesOf({ ALTAVMS_HTTP_TRUSTED_PROXIES: value }))).toEqual(['http.trusted_proxies'])
    },
  )

  test('are reported all at once, each with key, variable and what is allowed', () => {
    const mistakes = mistakesOf(
      { ALTAVMS_LOG_FORMAT: 'xml', ALTAVMS_HTTP_ADDR: 'localhost' },
      'http:\n  read_timeout: 15\ndb:\n  pth: x\n',
    )
    expect(named(mistakes)).toEqual(['db.pth', 'http.addr', 'http.read_timeout', 'log.format'])
    expect(mistakes[0]?.problem).toContain('Did you mean db.path?')
    expect(mistakes[3]).toMatchObject({ variable: 'ALTAVMS_LOG_FORMAT', allowed: 'json, text' })
  })

  test.each([
    ['http.addr', ':70000'],
    ['http.addr', '[::1'],
    ['http.read_timeout', '-5s'],
    ['http.read_timeout', '5'],
    ['http.read_timeout', '0s'],
    ['http.read_timeout', '99999h'],
    ['http.tls_enabled', 'yes'],
    ['http.allowed_origins', '[https://a/path]'],
    ['http.allowed_origins', '[1]'],
    ['log.level', 'info,alta='],
    ['log.level', 'loud'],
    ['crypto.encryption_keys', '[c2hvcnQ=]'],
    ['crypto.encryption_keys', '["not base64 at all, is it? No, it is not."]'],
    ['auth.jwt_secret', 'short'],
    ['db.path', '/nowhere/at/all.db'],
    ['db.path', '{a: b}'],
    ['env', 'prod'],
  ])('%s: %s', (name, value) => {
    const [section, inner] = name.split('.')
    const yaml = inner === undefined ? `${section}: ${value}` : `${section}:\n  ${inner}: ${value}`
    expect(named(mistakesOf({}, yaml.replace(/: (:|\[::)(.*)$/, ': "$1$2"')))[0]).toContain(name)
  })

  test('a file that is not YAML is located', () => {
    const [mistake] = mistakesOf({}, 'env: production\nhttp:\n  addr: "unclosed\n')
    expect(mistake?.problem).toMatch(/line \d+, column \d+/)
  })

  test.each(['- a\n- b\n', '42\n'])('a file that holds no keys: %j', (yaml) => {
    expect(mistakesOf({}, yaml)).toHaveLength(1)
  })

  test('a value where a section belongs says what the section holds', () => {
    const [mistake] = mistakesOf({}, 'http: 3303\n')
    expect(mistake?.allowed).toContain('read_timeout')
  })

  test('empty sections, empty values and an empty file are no mistakes', () => {
    expect(mistakesOf({}, 'http:\nauth:\n  jwt_secret: ""\nlog: {}\n')).toEqual([])
    expect(mistakesOf({}, '')).toEqual([])
  })

  test('never show a secret', () => {
    const variables = { ALTAVMS_ENCRYPTION_KEY: 'hunter2hunter2', ALTAVMS_AUTH_JWT_SECRET: 'sesame' }
    expect(() => load(variables)).toThrow(ConfigError)
    expect(() => load(variables)).not.toThrow(/hunter2|sesame/)
  })
})

describe('strictness', () => {
  const production = {
    ALTAVMS_ENV: 'production',
    ALTAVMS_ENCRYPTION_KEY: key,
    ALTAVMS_AUTH_JWT_SECRET: jwtSecret,
    ALTAVMS_ALLOWED_ORIGINS: 'https://desk.example.com',
  }
  const sso = {
    OIDC_CLIENT_ID: 'alta-desk',
    OIDC_CLIENT_SECRET: 'sesame',
    OIDC_REDIRECT_URI: 'https://desk.example.com/auth/oidc/callback',
  }

  // Would catch: a provider over plain http, whose tokens anybody on the way can write.
  test.each([
    ['http://sso.example', 'development'],
    ['http://10.0.0.7/realms/desk', 'development'],
    ['http://localhost.sso.example', 'development'],
    ['http://127.0.0.1:9000', 'staging'],
    ['http://127.0.0.1:9000', 'production'],
  ])('the provider %s is refused in %s', (issuer, env) => {
    const mistakes = mistakesOf({ ...production, ...sso, ALTAVMS_ENV: env, OIDC_ISSUER_URL: issuer })
    expect(mistakes.map(({ variable, problem }) => `${variable} ${problem}`)).toEqual([
      expect.stringMatching(/^OIDC_ISSUER_URL is not https/),
    ])
  })

  test.each([
    ['https://sso.example', 'production'],
    ['http://localhost:9000', 'development'],
    ['http://127.0.0.1:9000', 'development'],
    ['http://[::1]:9000', 'development'],
  ])('the provider %s is taken in %s', (issuer, env) => {
    expect(mistakesOf({ ...production, ...sso, ALTAVMS_ENV: env, OIDC_ISSUER_URL: issuer })).toEqual([])
  })

  test('production starts with the three things it must be given', () => {
    const { config } = load(production)
    expect(config.log.format).toBe('json')
    expect(config.adminBootstrap).toEqual({ email: null, password: null })
  })

  test.each([
    ['ALTAVMS_ENCRYPTION_KEY', '', 'crypto.encryption_keys'],
    ['ALTAVMS_AUTH_JWT_SECRET', '', 'auth.jwt_secret'],
    ['ALTAVMS_ALLOWED_ORIGINS', '*', 'http.allowed_origins'],
    ['ALTAVMS_ALLOWED_ORIGINS', ',', 'http.allowed_origins'],
  ])('production with %s=%j is refused', (variable, value, name) => {
    expect(named(mistakesOf({ ...production, [variable]: value }))).toEqual([name])
  })

  test('staging needs a token key and nothing else; its secrets are sealed with a key of its own', () => {
    expect(named(mistakesOf({ ALTAVMS_ENV: 'staging' }))).toEqual(['auth.jwt_secret'])
    const folder = folderWith()
    const variables = {
      ALTAVMS_ENV: 'staging',
      ALTAVMS_AUTH_JWT_SECRET: jwtSecret,
      ALTAVMS_DB_PATH: './desk.db',
    }
    const { config } = loadConfig({ folder, variables, kind: 'headless' })
    const keyring = openKeyring(config)
    expect(keyring.isStub).toBe(false)
    expect(openKeyring(config).active.id).toBe(keyring.active.id)
  })

  test('both JWT key files stand in for the secret, one does not', () => {
    const folder = folderWith('')
    const file = join(folder, 'config.yaml')
    const variables = { ALTAVMS_ENV: 'staging', JWT_PRIVATE_KEY_PATH: file, JWT_PUBLIC_KEY_PATH: file }
    expect(mistakesOf(variables)).toEqual([])
    expect(named(mistakesOf({ ...variables, JWT_PUBLIC_KEY_PATH: '' }))).toEqual(['JWT_PUBLIC_KEY_PATH'])
    expect(named(mistakesOf({ ...variables, JWT_PUBLIC_KEY_PATH: '/nowhere.pem' }))).toEqual([
      'JWT_PUBLIC_KEY_PATH',
    ])
  })

  test('a packaged desktop is production with keys from the vault, and its origins matter only to the listener', () => {
    const vault = { encryptionKey: key, jwtSecret }
    const desktop = { kind: 'desktop', packaged: true } as const
    const { config, sources } = load({ ALTAVMS_ALLOWED_ORIGINS: '*' }, 'env: development', {
      ...desktop,
      vault,
    })
    expect(config.env).toBe('production')
    expect(sources.get('ALTAVMS_ENCRYPTION_KEY')).toBe('vault')
    expect(named(mistakesOf({}, '', desktop))).toEqual(['crypto.encryption_keys'])
  })

  test('half of a first administrator is a mistake outside development', () => {
    expect(named(mistakesOf({ ...production, ADMIN_BOOTSTRAP_EMAIL: 'a@b' }))).toEqual([
      'ADMIN_BOOTSTRAP_PASSWORD',
    ])
  })
})

// Would catch: a quota of 5 bytes where somebody meant gigabytes, or of none at all.
test.each([
  ['500MB', 500_000_000],
  ['5GB', 5_000_000_000],
  ['1 TB', 1_000_000_000_000],
])('files.quota takes %s', (given, bytes) => {
  expect(load({ ALTAVMS_FILES_QUOTA: given }).config.files.quotaBytes).toBe(bytes)
})
test.each(['5', '0GB', '-1GB', '1.5GB', '5GiB', '9999999GB'])('files.quota refuses %s', (given) => {
  expect(() => load({}, `files: {quota: ${JSON.stringify(given)}}`)).toThrow(/files\.quota.*is not a size/)
})

test('check-config shows where each value comes from and no secret', () => {
  const loaded = load(
    { ALTAVMS_ENCRYPTION_KEY: key, ADMIN_BOOTSTRAP_PASSWORD: 'hunter2' },
    'log: {level: "info,alta=debug"}',
  )
  const text = describeConfig(loaded)
  expect(text).toMatch(/^log\.level +info,alta=debug +config\.yaml$/m)
  expect(text).toMatch(/^http\.addr +:3303 +default$/m)
  expect(text).toMatch(/^files\.quota +5000MB +default$/m)
  expect(text).toMatch(/^ADMIN_BOOTSTRAP_PASSWORD +\(hidden\) +ADMIN_BOOTSTRAP_PASSWORD$/m)
  expect(text).not.toContain(key)
  expect(text).not.toContain('hunter2')
})
