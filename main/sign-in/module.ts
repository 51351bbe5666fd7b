import type { Accounts } from '../accounts/module.ts'
import { newCode } from '../accounts/one-time-codes.ts'
import type { AccountSignIns } from '../accounts/account-uses.ts'
import type { Core, Module } from '../module.ts'
import type { Config } from '../platform/config.ts'
import type { Keyring } from '../platform/keyring.ts'
import { AccessTokens } from './access-tokens.ts'
import { AccountSignInsOfDesk } from './account-sign-ins.ts'
import { makeFirstAdministrator } from './bootstrap.ts'
import { BreakGlass } from './break-glass.ts'
import { Lockout } from './lockout.ts'
import { grantNamedAdministrator } from './named-administrator.ts'
import { OidcProvider, oidcSettings } from './oidc-provider.ts'
import { OwnAccount } from './own-account.ts'
import { PasswordChange } from './password-change.ts'
import { PasswordSignIn } from './password-sign-in.ts'
import { signInProcedures } from './procedures.ts'
import { Reauthentication } from './reauthentication.ts'
import { Recovery } from './recovery.ts'
import { RefreshSessions } from './refresh-sessions.ts'
import { Registration } from './registration.ts'
import { SessionService } from './session-service.ts'
import { Setup } from './setup.ts'
import { SignInAdministration } from './sign-in-administration.ts'
import { SignInRules } from './sign-in-rules.ts'
import { SsoSignIn } from './sso-sign-in.ts'
import { TerminalCode } from './terminal-code.ts'
import { loadTokenKeys } from './token-keys.ts'
import type { TokenKeySource } from './token-keys.ts'
import { TwoFactor } from './two-factor.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    /** A sign-in ended: what it holds open ends too. */
    'sign-in.ended': { family: string }
  }
}

export interface SignInUses {
  readonly accounts: Accounts
  /** Prints a code on the terminal of a headless desk; null where nobody would read it. */
  readonly printOnTerminal: ((line: string) => void) | null
  /** On a desktop; null where there is no browser to open. */
  readonly openInBrowser: ((url: string) => void) | null
  readonly keepObstacle: string | null | undefined
}

export interface SignIn extends Module {
  readonly sessions: SessionService
  readonly rules: SignInRules
  readonly sso: SsoSignIn
  readonly accountSignIns: AccountSignIns
  /** What must be typed on the network to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
}

/** How people get in: passwords, authenticator apps, single sign-on, registration; and their sign-ins. Throws `TokenKeyError`. */
export async function openSignIn(core: Core, uses: SignInUses): Promise<SignIn> {
  const { config, store, feed, bus, clock, keyring } = core
  const { people, passwords } = uses.accounts
  const logger = core.logger.for('sign-in')
  const { email, password } = config.adminBootstrap
  const administrator = email !== null && password !== null ? { email, password } : null
  const asksForCode = core.headless && people.size === 0 && administrator === null
  const setupCode = asksForCode ? newCode(3) : null
  const keys = await loadTokenKeys(tokenKeySource(config.auth), store, keyring)
  const tokens = new AccessTokens(keys, core.deskId, clock, bus)
  tokens.follow(feed)
  feed.on('sign-ins.ended', ({ data }) => bus.publish('person.changed', { userId: data.userId }))
  const sessions = new RefreshSessions(clock, config.auth.signInLifeMs)
  const lockout = new Lockout(store, clock)
  const twoFactor = await TwoFactor.open(store, feed, clock, totpKeyring(config, keyring))
  const rules = await SignInRules.open(store, feed)
  const service = new SessionService({ store, people, tokens, sessions, twoFactor, rules })
  const reauthentication = new Reauthentication({ store, clock, passwords, lockout, signIns: service })
  const signIns = new AccountSignInsOfDesk(store, clock, twoFactor, reauthentication)
  const shared = { store, clock, passwords, people, sessions, lockout, twoFactor, service, reauthentication }
  const { disablePasswordLogin: passwordsOff, loopbackPort } = config.oidc
  const { registrationMode: mode, adminUsername } = config.auth
  const settings = oidcSettings(config)
  const provider = settings && new OidcProvider(settings, keyring, clock)
  const terminal = uses.printOnTerminal && new TerminalCode(clock, uses.printOnTerminal)
  const sso = new SsoSignIn({
    ...shared,
    log: logger,
    provider,
    passwordsOff,
    loopbackPort,
    openInBrowser: uses.openInBrowser,
    keepObstacle: uses.keepObstacle,
    // Before there is anybody, an account made by the provider would keep the first administrator from being made.
    registrationMode: () => (people.size > 0 ? mode : 'closed'),
  })
  const makeAdministrators = async (): Promise<void> => {
    await makeFirstAdministrator({ ...shared, administrator, log: logger, env: config.env })
    await grantNamedAdministrator({ store, people, username: adminUsername, log: logger })
  }
  return {
    procedures: signInProcedures({
      service,
      sso,
      reauthentication,
      setup: new Setup({ ...shared, setupCode }),
      passwordChange: new PasswordChange(shared),
      passwordSignIn: new PasswordSignIn({
        ...shared,
        breakGlass: provider && passwordsOff ? new BreakGlass(provider, terminal) : null,
      }),
      recovery: new Recovery({ ...shared, tokens, passwordsOff }),
      ownAccount: new OwnAccount(shared),
      registration: new Registration({
        ...shared,
        // A registered password would be a way in that is closed to everybody else.
        mode: passwordsOff ? 'closed' : mode,
        mayBeFirst: adminUsername !== null,
      }),
      administration: new SignInAdministration({ ...shared, signIns }),
    }),
    services: [{ name: 'first administrator', start: makeAdministrators, stop: () => undefined }],
    sessions: service,
    rules,
    sso,
    accountSignIns: signIns,
    setupCode,
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
