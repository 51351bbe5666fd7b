import { registrationModes } from '../../shared/domain/registration.ts'
import {
  anyText,
  dataSize,
  duration,
  encryptionKeys,
  filePath,
  flag,
  hexKey,
  issuerAddress,
  keepingTime,
  listenAddress,
  logFilter,
  networks,
  oneOf,
  origins,
  personAddress,
  port,
  rate,
  signInLife,
  signingSecret,
  username,
  webAddress,
  webOrigin,
} from './setting-kinds.ts'
import { environments, optional, setting } from './setting.ts'
import type { Setting } from './setting.ts'

const development = (value: string) => ({ development: value, staging: null, production: null })

/** Every setting of the desk; the shape of this table is the shape of `Config`. */
const settings = {
  env: setting({
    key: 'env',
    variable: 'ALTAVMS_ENV',
    kind: oneOf(environments),
    standard: 'development',
    meaning:
      'How strict the desk is; see the table above. A packaged desktop application is always production.',
  }),
  publicUrl: optional({
    key: null,
    variable: 'PUBLIC_URL',
    kind: webOrigin,
    standard: null,
    meaning: 'The address under which people, and Alta servers that ask who may watch, reach this desk.',
  }),
  http: {
    addr: setting({
      key: 'http.addr',
      variable: 'ALTAVMS_HTTP_ADDR',
      kind: listenAddress,
      standard: ':3303',
      meaning: 'Where the listener answers.',
    }),
    readTimeoutMs: setting({
      key: 'http.read_timeout',
      variable: 'ALTAVMS_HTTP_READ_TIMEOUT',
      kind: duration('1ms'),
      standard: '15s',
      meaning: 'How long a request may take to arrive in full.',
    }),
    writeTimeoutMs: setting({
      key: 'http.write_timeout',
      variable: 'ALTAVMS_HTTP_WRITE_TIMEOUT',
      kind: duration('1ms'),
      standard: '30s',
      meaning:
        'How long an answer may stand still on its way out; streams are exempt, and a download that was cut can go on.',
    }),
    idleTimeoutMs: setting({
      key: 'http.idle_timeout',
      variable: 'ALTAVMS_HTTP_IDLE_TIMEOUT',
      kind: duration('1ms'),
      standard: '60s',
      meaning: 'How long a connection without a request is kept.',
    }),
    shutdownGraceMs: setting({
      key: 'http.shutdown_grace',
      variable: 'ALTAVMS_HTTP_SHUTDOWN_GRACE',
      kind: duration('0s'),
      standard: '10s',
      meaning: 'How long requests in flight may go on when the desk stops.',
    }),
    preDrainDelayMs: setting({
      key: 'http.pre_drain_delay',
      variable: 'ALTAVMS_HTTP_PREDRAIN_DELAY',
      kind: duration('0s'),
      standard: '5s',
      meaning: 'How long `/readyz` fails before the desk stops, so that a load balancer looks elsewhere.',
    }),
    tlsEnabled: setting({
      key: 'http.tls_enabled',
      variable: 'ALTAVMS_HTTP_TLS_ENABLED',
      kind: flag,
      standard: 'false',
      meaning: 'True where a proxy in front speaks TLS: browsers are then told to use nothing else (HSTS).',
    }),
    allowedOrigins: setting({
      key: 'http.allowed_origins',
      variable: 'ALTAVMS_ALLOWED_ORIGINS',
      kind: origins,
      standard: 'http://localhost:3303',
      meaning:
        'Pages of other origins that may call the API. Production refuses `*` and an empty list. A page that the desk itself served is always allowed.',
    }),
    trustedProxies: setting({
      key: 'http.trusted_proxies',
      variable: 'ALTAVMS_HTTP_TRUSTED_PROXIES',
      kind: networks,
      standard: '',
      meaning:
        'Proxies whose `X-Forwarded-For` is believed; without it the address of the connection counts.',
    }),
    internalAddr: optional({
      key: 'http.internal_addr',
      variable: 'ALTAVMS_HTTP_INTERNAL_ADDR',
      kind: listenAddress,
      standard: null,
      meaning: 'Where `/healthz`, `/readyz` and `/metrics` answer instead of on `http.addr`.',
    }),
  },
  limits: {
    enabled: setting({
      key: 'limits.enabled',
      variable: 'ALTAVMS_LIMITS_ENABLED',
      kind: flag,
      standard: 'true',
      meaning: 'Whether requests to the API are limited at all. Whoever sends more is answered 429.',
    }),
    addressPerSecond: setting({
      key: 'limits.address_per_second',
      variable: 'ALTAVMS_LIMITS_ADDRESS_PER_SECOND',
      kind: rate,
      standard: '20',
      meaning: 'Requests a second from one address, of strangers together.',
    }),
    addressBurst: setting({
      key: 'limits.address_burst',
      variable: 'ALTAVMS_LIMITS_ADDRESS_BURST',
      kind: rate,
      standard: '50',
      meaning: 'How many of them may come at once.',
    }),
    signInPerSecond: setting({
      key: 'limits.sign_in_per_second',
      variable: 'ALTAVMS_LIMITS_SIGN_IN_PER_SECOND',
      kind: rate,
      standard: '5',
      meaning: 'Sign-ins, registrations and recoveries a second from one address.',
    }),
    signInBurst: setting({
      key: 'limits.sign_in_burst',
      variable: 'ALTAVMS_LIMITS_SIGN_IN_BURST',
      kind: rate,
      standard: '10',
      meaning: 'How many of them may come at once.',
    }),
    personPerSecond: setting({
      key: 'limits.person_per_second',
      variable: 'ALTAVMS_LIMITS_PERSON_PER_SECOND',
      kind: rate,
      standard: '60',
      meaning: 'Requests a second of one person who is signed in, wherever from.',
    }),
    personBurst: setting({
      key: 'limits.person_burst',
      variable: 'ALTAVMS_LIMITS_PERSON_BURST',
      kind: rate,
      standard: '120',
      meaning: 'How many of them may come at once.',
    }),
  },
  oidc: {
    issuerUrl: optional({
      key: null,
      variable: 'OIDC_ISSUER_URL',
      kind: issuerAddress,
      standard: null,
      meaning:
        'The single sign-on provider; its configuration is discovered below this address. It must be https; development takes http from this machine.',
    }),
    clientId: optional({
      key: null,
      variable: 'OIDC_CLIENT_ID',
      kind: anyText,
      standard: null,
      meaning: 'The name under which the provider knows this desk.',
    }),
    clientSecret: optional({
      key: null,
      variable: 'OIDC_CLIENT_SECRET',
      kind: anyText,
      standard: null,
      secret: true,
      meaning: 'The secret that goes with it.',
    }),
    redirectUri: optional({
      key: null,
      variable: 'OIDC_REDIRECT_URI',
      kind: webAddress,
      standard: null,
      meaning:
        'Where the provider sends people back to: the address of this desk with the path `/auth/oidc/callback`, as it is registered there.',
    }),
    disablePasswordLogin: setting({
      key: null,
      variable: 'OIDC_DISABLE_PASSWORD_LOGIN',
      kind: flag,
      standard: 'false',
      meaning:
        'True leaves single sign-on as the only way in. An administrator still gets in at the desk itself while the provider is down.',
    }),
    loopbackPort: setting({
      key: 'oidc.loopback_port',
      variable: 'ALTAVMS_OIDC_LOOPBACK_PORT',
      kind: port,
      standard: '0',
      meaning:
        'On a desktop, the port of 127.0.0.1 to which the system browser comes back from the provider, for providers that want it registered.',
    }),
  },
  totp: {
    encryptionKey: optional({
      key: null,
      variable: 'TOTP_ENCRYPTION_KEY',
      kind: hexKey,
      standard: null,
      secret: true,
      meaning:
        'Encrypts the secrets of authenticator apps. Without it they are encrypted with `crypto.encryption_keys`.',
    }),
  },
  db: {
    path: setting({
      key: 'db.path',
      variable: 'ALTAVMS_DB_PATH',
      kind: filePath,
      standard: './data/altavms.db',
      meaning:
        'The database file. Its folder must exist (`./data` is made); keys, clips and screenshots lie beside it.',
    }),
    connectTimeoutMs: setting({
      key: 'db.connect_timeout',
      variable: 'ALTAVMS_DB_CONNECT_TIMEOUT',
      kind: duration('1ms'),
      standard: '5s',
      meaning: 'How long to wait for a database that another desk is just leaving.',
    }),
    queryTimeoutMs: setting({
      key: 'db.query_timeout',
      variable: 'ALTAVMS_DB_QUERY_TIMEOUT',
      kind: duration('1ms'),
      standard: '30s',
      meaning: 'How long a search or a report may take before it is ended.',
    }),
  },
  files: {
    path: optional({
      key: 'files.path',
      variable: 'ALTAVMS_FILES_PATH',
      kind: filePath,
      standard: null,
      meaning:
        'The folder of exported files; it is made when the first file is. Not set, it lies beside the database: `altavms-files` beside `altavms.db`. At least 256 MB of its disk stay free for the database.',
    }),
    quotaBytes: setting({
      key: 'files.quota',
      variable: 'ALTAVMS_FILES_QUOTA',
      kind: dataSize,
      standard: '5GB',
      meaning: 'How much the files of one person may take together.',
    }),
  },
  log: {
    level: setting({
      key: 'log.level',
      variable: 'ALTAVMS_LOG_LEVEL',
      kind: logFilter,
      standard: 'info',
      meaning: 'What is logged. An area is a folder of the desk: alta, cameras, live, store, transport, ...',
    }),
    format: setting({
      key: 'log.format',
      variable: 'ALTAVMS_LOG_FORMAT',
      kind: oneOf(['json', 'text']),
      standard: { development: 'text', staging: 'json', production: 'json' },
      meaning: 'One JSON object a line, or text for people.',
    }),
  },
  auth: {
    jwtSecret: optional({
      key: 'auth.jwt_secret',
      variable: 'ALTAVMS_AUTH_JWT_SECRET',
      kind: signingSecret,
      standard: null,
      secret: true,
      meaning:
        'Signs access tokens (HS256). Required in staging and production unless both JWT key paths are given; a desktop keeps its own in the vault of the operating system.',
    }),
    jwtPrivateKeyPath: optional({
      key: null,
      variable: 'JWT_PRIVATE_KEY_PATH',
      kind: filePath,
      standard: null,
      meaning: 'PEM file of the Ed25519 key that signs access tokens instead of `auth.jwt_secret`.',
    }),
    jwtPublicKeyPath: optional({
      key: null,
      variable: 'JWT_PUBLIC_KEY_PATH',
      kind: filePath,
      standard: null,
      meaning: 'PEM file of the Ed25519 key that verifies them; needed with the private one.',
    }),
    signInLifeMs: setting({
      key: 'auth.sign_in_life',
      variable: 'ALTAVMS_AUTH_SIGN_IN_LIFE',
      kind: signInLife,
      standard: '2160h',
      meaning:
        'How long a sign-in lives at most, however often it is used; then one signs in anew. Unused for 30 days it ends sooner.',
    }),
    registrationMode: setting({
      key: 'auth.registration_mode',
      variable: 'REGISTRATION_MODE',
      kind: oneOf(registrationModes),
      standard: 'invite_only',
      meaning: 'Who may make an account of their own: everybody, people with an invite, nobody.',
    }),
    adminUsername: optional({
      key: null,
      variable: 'ADMIN_USERNAME',
      kind: username,
      standard: null,
      meaning: 'Whoever has this username is made an administrator at start when there is no administrator.',
    }),
  },
  crypto: {
    encryptionKeys: setting({
      key: 'crypto.encryption_keys',
      variable: 'ALTAVMS_ENCRYPTION_KEY',
      kind: encryptionKeys,
      standard: '',
      secret: true,
      meaning:
        'Encrypt secrets in the database (AES-256-GCM). The first is active, the others only decrypt: as variables they are `ALTAVMS_ENCRYPTION_KEY`, then `ALTAVMS_ENCRYPTION_KEY_V2`, `_V3` and so on. Required in production; a desktop keeps its own in the vault of the operating system.',
    }),
  },
  audit: {
    retentionMs: setting({
      key: 'audit.retention',
      variable: 'ALTAVMS_AUDIT_RETENTION',
      kind: keepingTime,
      standard: '8760h',
      meaning:
        'How long the audit log is kept. Older rows are removed once a day, and the rest can still be proven.',
    }),
  },
  adminBootstrap: {
    email: optional({
      key: null,
      variable: 'ADMIN_BOOTSTRAP_EMAIL',
      kind: personAddress,
      standard: development('admin@localhost'),
      meaning: 'The first administrator, made when nobody exists yet.',
    }),
    password: optional({
      key: null,
      variable: 'ADMIN_BOOTSTRAP_PASSWORD',
      kind: anyText,
      standard: development('admin'),
      secret: true,
      meaning: 'The password of the first administrator.',
    }),
  },
  alta: {
    statusIntervalMs: setting({
      key: 'alta.status_interval',
      variable: 'ALTAVMS_ALTA_STATUS_INTERVAL',
      kind: duration('1s'),
      standard: '5s',
      meaning: 'How often each Alta server is asked for the status of its cameras.',
    }),
    driftIntervalMs: setting({
      key: 'alta.drift_interval',
      variable: 'ALTAVMS_ALTA_DRIFT_INTERVAL',
      kind: duration('1s'),
      standard: '30s',
      meaning: "How often each Alta server's configuration is compared with what the desk expects.",
    }),
  },
}

type ConfigOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer T> ? T : ConfigOf<Table[Name]>
}

/** The configuration of a desk: durations in milliseconds, paths absolute. */
export type Config = ConfigOf<typeof settings>

/** Where a setting stands in `Config`, with the setting. */
export interface SettingEntry {
  readonly place: readonly string[]
  readonly setting: Setting<unknown>
}

/** All settings in the order of the table. */
export const settingEntries: readonly SettingEntry[] = entriesOf(settings, [])

function entriesOf(table: object, place: readonly string[]): SettingEntry[] {
  return Object.entries(table).flatMap(([name, value]: [string, unknown]) => {
    const inner = [...place, name]
    return isSetting(value) ? [{ place: inner, setting: value }] : entriesOf(value as object, inner)
  })
}

function isSetting(value: unknown): value is Setting<unknown> {
  return typeof value === 'object' && value !== null && 'variable' in value
}
