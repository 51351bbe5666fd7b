import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { nearest } from './nearest.ts'
import { isPlainHttp } from './plain-http.ts'
import { maskUrl } from './redaction.ts'
import { SettingProblem } from './setting-kinds.ts'
import { standardOf } from './setting.ts'
import type { Environment, Setting } from './setting.ts'
import { settingEntries } from './settings-table.ts'
import type { Config, SettingEntry } from './settings-table.ts'

export type { Config } from './settings-table.ts'

/** Where a value came from. */
type ConfigSource = 'default' | 'config.yaml' | 'variable' | 'vault'

export interface ConfigOptions {
  /** The folder of config.yaml, to which paths are relative: the working directory, or a desktop's user-data folder. */
  readonly folder: string
  /** The environment of the process. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly kind: 'headless' | 'desktop'
  /** Keys out of the operating system's vault; what the configuration sets itself wins. */
  readonly vault?: { readonly encryptionKey: string; readonly jwtSecret: string }
  /** A packaged application is production, whatever is configured. */
  readonly packaged?: boolean
}

export interface LoadedConfig {
  readonly config: Config
  /** By variable name, which every setting has. */
  readonly sources: ReadonlyMap<string, ConfigSource>
}

/** One thing that is wrong in the configuration. */
export interface ConfigMistake {
  /** The key in config.yaml; null for what is only a variable, or for the file as a whole. */
  readonly key: string | null
  readonly variable: string | null
  /** A sentence. */
  readonly problem: string
  /** What would be right; null where the problem says it. */
  readonly allowed: string | null
}

/** Everything that is wrong in the configuration, at once. */
export class ConfigError extends Error {
  readonly mistakes: readonly ConfigMistake[]

  constructor(mistakes: readonly ConfigMistake[]) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
    super(
      [
        `The configuration has ${count}:`,
        ...mistakes.map((mistake) => `  - ${describeMistake(mistake)}`),
      ].join('\n'),
    )
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

function describeMistake({ key, variable, problem, allowed }: ConfigMistake): string {
  const name = key === null ? variable : variable === null ? key : `${key} (${variable})`
  return [name === null ? '' : `${name}: `, problem, allowed === null ? '' : ` Allowed: ${allowed}.`].join('')
}

/** A value before it is read, and where it stood. */
interface RawValue {
  readonly input: unknown
  readonly source: ConfigSource
}

/**
 * Reads config.yaml from `folder` (missing is fine) and lays the variables over it. Changes nothing on disk. Throws a
 * `ConfigError` with every mistake.
 */
export function loadConfig(options: ConfigOptions): LoadedConfig {
  const mistakes: ConfigMistake[] = []
  const fromFile = readFileValues(join(options.folder, 'config.yaml'), mistakes)
  const fromVariables = readVariables(options.variables, mistakes)
  const raw = new Map<string, RawValue>([...fromVault(options), ...fromFile, ...fromVariables])
  const env = readEnvironment(raw, options, mistakes)
  const config = {}
  const sources = new Map<string, ConfigSource>()
  for (const entry of settingEntries) {
    const { variable } = entry.setting
    const value =
      entry.setting.variable === 'ALTAVMS_ENV' ? env : readSetting(entry, raw.get(variable), env, mistakes)
    place(config, entry.place, value)
    sources.set(variable, raw.get(variable)?.source ?? 'default')
  }
  // Every place of the table has been filled with a value of its kind, or a mistake is on the list.
  const complete = withAbsolutePaths(config as Config, options.folder)
  checkTogether(complete, options, new Set(mistakes.map((mistake) => mistake.variable)), mistakes)
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return { config: complete, sources }
}

/** Makes `./data`, the folder of the default database. Any other folder must exist already. */
export function makeDataFolder(config: Config, folder: string): void {
  const data = resolve(folder, 'data')
  if (dirname(config.db.path) === data) mkdirSync(data, { recursive: true, mode: 0o700 })
}

/** Why the listener may not be opened to other origins as configured; null when it may. */
export function allowedOriginsProblem(config: Config): string | null {
  const { allowedOrigins } = config.http
  if (config.env !== 'production') return null
  if (allowedOrigins.length === 0) return 'is empty, which production refuses.'
  return allowedOrigins.includes('*') ? 'has "*", which production refuses.' : null
}

function fromVault({ vault }: ConfigOptions): [string, RawValue][] {
  if (!vault) return []
  return [
    ['ALTAVMS_ENCRYPTION_KEY', { input: vault.encryptionKey, source: 'vault' }],
    ['ALTAVMS_AUTH_JWT_SECRET', { input: vault.jwtSecret, source: 'vault' }],
  ]
}

function readFileValues(path: string, mistakes: ConfigMistake[]): Map<string, RawValue> {
  const wrong = (problem: string): Map<string, RawValue> => {
    mistakes.push({ key: null, variable: null, problem, allowed: null })
    return new Map()
  }
  if (!existsSync(path)) return new Map()
  const lineCounter = new LineCounter()
  const document = parseDocument(readText(path), { lineCounter, prettyErrors: false })
  const [error] = document.errors
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0])
    return wrong(`config.yaml is not YAML: line ${line}, column ${col}: ${error.message}.`)
  }
  const content: unknown = document.toJS()
  if (content === null) return new Map()
  if (typeof content !== 'object' || Array.isArray(content))
    return wrong('config.yaml must hold keys with values, such as "env: production".')
  const values = new Map<string, RawValue>()
  for (const [key, input] of flatten(content, '')) {
    const setting = settingEntries.find((entry) => entry.setting.key === key)?.setting
    if (!setting) mistakes.push(unknownKey(key))
    else if (input !== null && input !== '') values.set(setting.variable, { input, source: 'config.yaml' })
  }
  return values
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([
      { key: null, variable: null, problem: `config.yaml cannot be read: ${reason}.`, allowed: null },
    ])
  }
}

/** A section is what is neither a value nor a list; an empty section says nothing. */
function flatten(content: object, prefix: string): [string, unknown][] {
  return Object.entries(content).flatMap(([name, value]: [string, unknown]): [string, unknown][] => {
    const key = `${prefix}${name}`
    const isSection = settingEntries.some((entry) => entry.setting.key?.startsWith(`${key}.`))
    if (isSection && value === null) return []
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return flatten(value, `${key}.`)
    return [[key, value]]
  })
}

function unknownKey(key: string): ConfigMistake {
  const known = settingEntries.flatMap((entry) => entry.setting.key ?? [])
  const inside = known.filter((name) => name.startsWith(`${key}.`)).map((name) => name.slice(key.length + 1))
  if (inside.length > 0)
    return {
      key,
      variable: null,
      problem: 'is a section and holds no value itself.',
      allowed: inside.join(', '),
    }
  return { key, variable: null, problem: `is not known.${suggestion(key, known)}`, allowed: null }
}

function suggestion(name: string, known: readonly string[]): string {
  const close = nearest(name, known)
  return close === null ? '' : ` Did you mean ${close}?`
}

const keyVariable = 'ALTAVMS_ENCRYPTION_KEY'
const olderKeyVariable = /^ALTAVMS_ENCRYPTION_KEY_V([2-9]|[1-9]\d+)$/

/** An empty variable counts as not set, as compose files and systemd units write it. */
function readVariables(
  variables: ConfigOptions['variables'],
  mistakes: ConfigMistake[],
): Map<string, RawValue> {
  const known = settingEntries.map((entry) => entry.setting.variable)
  const values = new Map<string, RawValue>()
  const olderKeys: { order: number; name: string; value: string }[] = []
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === '') continue
    const older = olderKeyVariable.exec(name)
    if (older) olderKeys.push({ order: Number(older[1]), name, value })
    else if (known.includes(name)) values.set(name, { input: value, source: 'variable' })
    else if (name.startsWith('ALTAVMS_'))
      mistakes.push({
        key: null,
        variable: name,
        problem: `is not known.${suggestion(name, known)}`,
        allowed: null,
      })
  }
  const active = values.get(keyVariable)
  if (active) {
    const inOrder = olderKeys.toSorted((left, right) => left.order - right.order).map((older) => older.value)
    values.set(keyVariable, { input: [active.input, ...inOrder], source: 'variable' })
  } else {
    for (const { name } of olderKeys)
      mistakes.push({
        key: null,
        variable: name,
        problem: `only decrypts and needs ${keyVariable} beside it.`,
        allowed: null,
      })
  }
  return values
}

function readEnvironment(
  raw: ReadonlyMap<string, RawValue>,
  options: ConfigOptions,
  mistakes: ConfigMistake[],
): Environment {
  const entry = settingEntries.find((candidate) => candidate.setting.variable === 'ALTAVMS_ENV')
  if (!entry) throw new Error('The settings table has lost env.')
  const read = readSetting(entry, raw.get('ALTAVMS_ENV'), 'development', mistakes)
  if (options.packaged) return 'production'
  return (read ?? 'development') as Environment
}

function readSetting(
  { setting }: SettingEntry,
  raw: RawValue | undefined,
  env: Environment,
  mistakes: ConfigMistake[],
): unknown {
  const standard = standardOf(setting, env)
  if (!raw) return standard === null ? null : parseStandard(setting, standard)
  try {
    return setting.kind.parse(raw.input)
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error
    const shown = setting.secret ? 'the value' : maskUrl(JSON.stringify(raw.input))
    const { key, variable, kind } = setting
    mistakes.push({ key, variable, problem: `${shown} ${error.message}.`, allowed: kind.allowed })
    return standard === null ? null : parseStandard(setting, standard)
  }
}

/** An empty default is an empty list, not a list with an empty text. */
function parseStandard(setting: Setting<unknown>, standard: string): unknown {
  return setting.kind.parse(standard === '' ? [] : standard)
}

function place(config: object, path: readonly string[], value: unknown): void {
  let target = config as Record<string, unknown>
  for (const name of path.slice(0, -1)) target = (target[name] ??= {}) as Record<string, unknown>
  target[path.at(-1) ?? ''] = value
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string | null): string | null => (path === null ? null : resolve(folder, path))
  return {
    ...config,
    db: { ...config.db, path: resolve(folder, config.db.path) },
    files: { ...config.files, path: absolute(config.files.path) },
    auth: {
      ...config.auth,
      jwtPrivateKeyPath: absolute(config.auth.jwtPrivateKeyPath),
      jwtPublicKeyPath: absolute(config.auth.jwtPublicKeyPath),
    },
  }
}

/** What no setting can tell alone. `doubtful` holds the variables that are wrong already: one complaint is enough. */
function checkTogether(
  config: Config,
  options: ConfigOptions,
  doubtful: ReadonlySet<string | null>,
  mistakes: ConfigMistake[],
): void {
  const complain = (variable: string, problem: string): void => {
    if (doubtful.has(variable)) return
    const setting = settingEntries.find((entry) => entry.setting.variable === variable)?.setting
    mistakes.push({ key: setting?.key ?? null, variable, problem, allowed: setting?.kind.allowed ?? null })
  }
  const { env, auth, crypto, adminBootstrap, db } = config
  const headless = options.kind === 'headless'
  const origins = allowedOriginsProblem(config)
  if (headless && origins !== null) complain('ALTAVMS_ALLOWED_ORIGINS', origins)
  const halves = (one: string, oneValue: unknown, other: string, otherValue: unknown): void => {
    if (oneValue !== null && otherValue === null) complain(other, `is missing, while ${one} is given.`)
    if (oneValue === null && otherValue !== null) complain(one, `is missing, while ${other} is given.`)
  }
  halves('JWT_PRIVATE_KEY_PATH', auth.jwtPrivateKeyPath, 'JWT_PUBLIC_KEY_PATH', auth.jwtPublicKeyPath)
  halves('ADMIN_BOOTSTRAP_EMAIL', adminBootstrap.email, 'ADMIN_BOOTSTRAP_PASSWORD', adminBootstrap.password)
  for (const [variable, path] of [
    ['JWT_PRIVATE_KEY_PATH', auth.jwtPrivateKeyPath],
    ['JWT_PUBLIC_KEY_PATH', auth.jwtPublicKeyPath],
  ] as const)
    if (path !== null && !isFile(path)) complain(variable, `names ${path}, which is not a file.`)
  for (const { variable, problem } of ssoProblems(config)) complain(variable, problem)
  const noTokenKey =
    auth.jwtSecret === null && auth.jwtPrivateKeyPath === null && auth.jwtPublicKeyPath === null
  if (headless && env !== 'development' && noTokenKey)
    complain(
      'ALTAVMS_AUTH_JWT_SECRET',
      `is required in ${env}, or both JWT_PRIVATE_KEY_PATH and JWT_PUBLIC_KEY_PATH.`,
    )
  if (env === 'production' && crypto.encryptionKeys.length === 0)
    complain('ALTAVMS_ENCRYPTION_KEY', 'is required in production.')
  const folder = dirname(db.path)
  if (folder !== resolve(options.folder, 'data') && !isFolder(folder))
    complain('ALTAVMS_DB_PATH', `lies in ${folder}, which is not a folder. Make it first.`)
}

/** Single sign-on is set up wholly or not at all (what is partly set would silently be off), and never over plain http. */
function ssoProblems({ env, oidc }: Config): { variable: string; problem: string }[] {
  const parts = {
    OIDC_ISSUER_URL: oidc.issuerUrl,
    OIDC_CLIENT_ID: oidc.clientId,
    OIDC_CLIENT_SECRET: oidc.clientSecret,
    OIDC_REDIRECT_URI: oidc.redirectUri,
  }
  const given = Object.entries(parts).find(([, value]) => value !== null)?.[0]
  const reason = given ?? (oidc.disablePasswordLogin ? 'OIDC_DISABLE_PASSWORD_LOGIN' : null)
  if (reason === null) return []
  const missing = Object.entries(parts)
    .filter(([, value]) => value === null)
    .map(([variable]) => ({ variable, problem: `is missing, while ${reason} is given.` }))
  return oidc.issuerUrl !== null && isPlainHttp(oidc.issuerUrl, env) ? [insecureIssuer, ...missing] : missing
}

const insecureIssuer = {
  variable: 'OIDC_ISSUER_URL',
  problem:
    'is not https, so anybody on the way could sign in as anybody. Plain http is for a provider on this machine, in development.',
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
