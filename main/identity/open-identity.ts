import type { Bus } from '../platform/bus.ts'
import type { StartChildProcess } from '../platform/child-process.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/store-types.ts'
import { AccessTokens } from './access-tokens.ts'
import { makeFirstAdministrator } from './bootstrap.ts'
import { BreakGlass } from './break-glass.ts'
import { Lockout } from './lockout.ts'
import { OidcProvider, oidcSettings } from './oidc-provider.ts'
import { newCode } from './one-time-codes.ts'
import { OwnAccount } from './own-account.ts'
import { PasswordSignIn } from './password-sign-in.ts'
import { Passwords } from './passwords.ts'
import type { PasswordCost } from './passwords.ts'
import { AccountCache, personOf } from './account-cache.ts'
import type { SignInServices } from './procedures.ts'
import { allUsers } from './queries.ts'
import { Recovery } from './recovery.ts'
import { RefreshSessions } from './refresh-sessions.ts'
import { Identity } from './service.ts'
import { SignInRules } from './sign-in-rules.ts'
import { TerminalCode } from './terminal-code.ts'
import { loadTokenKeys } from './token-keys.ts'
import type { TokenKeySource } from './token-keys.ts'
import { TwoFactor } from './two-factor.ts'

export interface OpenIdentityOptions {
  readonly config: Pick<Config, 'env' | 'auth' | 'adminBootstrap' | 'totp' | 'oidc'>
  readonly store: Store
  readonly feed: ChangeFeed
  readonly bus: Bus
  readonly keyring: Keyring
  readonly clock: Clock
  readonly deskId: string
  readonly logger: AreaLogger
  readonly startChildProcess: StartChildProcess
  /** Whether there is a terminal to print a code on. */
  readonly offersSetupCode: boolean
  /** Null where nobody would read it. */
  readonly printOnTerminal: ((line: string) => void) | null
  readonly passwordCost?: PasswordCost
}

/** Everything about people, ready to be started. */
export interface OpenIdentity extends Omit<SignInServices, 'sso'> {
  /** Null where single sign-on is off. */
  readonly provider: OidcProvider | null
  readonly rules: SignInRules
  readonly people: AccountCache
  readonly tokens: AccessTokens
  readonly sessions: RefreshSessions
  readonly lockout: Lockout
  readonly twoFactor: TwoFactor
  readonly passwords: Passwords
  /** What a stranger must type to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
  readonly isDefaultPasswordInUse: () => boolean
  readonly makeFirstAdministrator: () => Promise<void>
}

/** Builds identity from the configuration. Throws `TokenKeyError`. */
export async function openIdentity(options: OpenIdentityOptions): Promise<OpenIdentity> {
  const { config, store, feed, bus, clock } = options
  const people = new AccountCache()
  people.load((await store.read(allUsers)).map(personOf))
  people.follow(feed)
  const { email, password } = config.adminBootstrap
  const administrator = email !== null && password !== null ? { email, password } : null
  const asksForCode = options.offersSetupCode && people.size === 0 && administrator === null
  const setupCode = asksForCode ? newCode(3) : null
  const passwords = new Passwords(options.startChildProcess, options.passwordCost)
  const keys = await loadTokenKeys(tokenKeySource(config.auth), store, options.keyring)
  const tokens = new AccessTokens(keys, options.deskId, clock, bus)
  tokens.follow(feed)
  feed.on('account.changed', ({ data }) => bus.publish('person.changed', { userId: data.person.id }))
  feed.on('account.deleted', ({ data }) => bus.publish('person.changed', { userId: data.userId }))
  feed.on('sign-ins.ended', ({ data }) => bus.publish('person.changed', { userId: data.userId }))
  const sessions = new RefreshSessions(clock, config.auth.signInLifeMs)
  const lockout = new Lockout(store, clock)
  const twoFactor = await TwoFactor.open(store, feed, clock, totpKeyring(config, options.keyring))
  const rules = await SignInRules.open(store, feed)
  const shared = { store, clock, passwords, people, tokens, sessions, lockout, twoFactor, rules }
  const service = new Identity({ ...shared, setupCode })
  const { disablePasswordLogin: passwordsOff } = config.oidc
  const sso = oidcSettings(config)
  const provider = sso && new OidcProvider(sso, options.keyring, clock)
  const terminal = options.printOnTerminal && new TerminalCode(clock, options.printOnTerminal)
  const breakGlass = provider && passwordsOff ? new BreakGlass(provider, terminal) : null
  const { env } = config
  const first = { store, identity: service, passwords, people, administrator, log: options.logger, env }
  return {
    service,
    passwordSignIn: new PasswordSignIn({ ...shared, identity: service, breakGlass }),
    recovery: new Recovery({ ...shared, passwordsOff }),
    ownAccount: new OwnAccount({ ...shared, identity: service }),
    rules,
    people,
    tokens,
    sessions,
    provider,
    lockout,
    twoFactor,
    passwords,
    setupCode,
    isDefaultPasswordInUse: () => people.isDefaultPasswordInUse(),
    makeFirstAdministrator: () => makeFirstAdministrator(first),
  }
}

/** TOTP_ENCRYPTION_KEY seals where it is given; what the key ring sealed before it was opens still. */
function totpKeyring({ totp }: Pick<Config, 'totp'>, keyring: Keyring): Keyring {
  return totp.encryptionKey === null ? keyring : keyring.withActive(totp.encryptionKey)
}

function tokenKeySource(auth: Config['auth']): TokenKeySource {
  const { jwtPrivateKeyPath, jwtPublicKeyPath, jwtSecret } = auth
  if (jwtPrivateKeyPath !== null && jwtPublicKeyPath !== null) {
    return { kind: 'files', privateKeyPath: jwtPrivateKeyPath, publicKeyPath: jwtPublicKeyPath }
  }
  return jwtSecret === null ? { kind: 'kept' } : { kind: 'secret', secret: jwtSecret }
}
