import type { StartChildProcess } from '../platform/child-process.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import { AccessTokens } from './access-tokens.ts'
import { makeFirstAdministrator, newSetupCode } from './bootstrap.ts'
import { Passwords } from './passwords.ts'
import type { PasswordCost } from './passwords.ts'
import { People } from './people.ts'
import { allPeople } from './queries.ts'
import { RefreshSessions } from './refresh-sessions.ts'
import { Identity } from './service.ts'
import { loadTokenKeys } from './token-keys.ts'
import type { TokenKeySource } from './token-keys.ts'

export interface OpenIdentityOptions {
  readonly config: Pick<Config, 'auth' | 'adminBootstrap'>
  readonly store: Store
  readonly keyring: Keyring
  readonly clock: Clock
  readonly deskId: string
  readonly logger: AreaLogger
  readonly startChildProcess: StartChildProcess
  /** Whether there is a terminal to print a code on. */
  readonly offersSetupCode: boolean
  readonly passwordCost?: PasswordCost
}

/** Everything about people, ready to be started. */
export interface OpenIdentity {
  readonly service: Identity
  readonly passwords: Passwords
  /** What a stranger must type to make the first administrator; null where that is not asked for. */
  readonly setupCode: string | null
  readonly documentedPasswordStands: () => boolean
  readonly makeFirstAdministrator: () => Promise<void>
}

/** Builds identity from the configuration. Throws `TokenKeyError`. */
export function openIdentity(options: OpenIdentityOptions): OpenIdentity {
  const { config, store, clock } = options
  const people = new People()
  people.load(store.read(allPeople))
  const { email, password } = config.adminBootstrap
  const administrator = email !== null && password !== null ? { email, password } : null
  const asksForCode = options.offersSetupCode && people.size === 0 && administrator === null
  const setupCode = asksForCode ? newSetupCode() : null
  const passwords = new Passwords(options.startChildProcess, options.passwordCost)
  const keys = loadTokenKeys(tokenKeySource(config.auth), store, options.keyring)
  const tokens = new AccessTokens(keys, options.deskId, clock)
  const sessions = new RefreshSessions(clock)
  const service = new Identity({ store, clock, passwords, people, tokens, sessions, setupCode })
  const first = { store, identity: service, passwords, people, administrator, log: options.logger }
  return {
    service,
    passwords,
    setupCode,
    documentedPasswordStands: () => people.documentedPasswordStands(),
    makeFirstAdministrator: () => makeFirstAdministrator(first),
  }
}

function tokenKeySource(auth: Config['auth']): TokenKeySource {
  const { jwtPrivateKeyPath, jwtPublicKeyPath, jwtSecret } = auth
  if (jwtPrivateKeyPath !== null && jwtPublicKeyPath !== null) {
    return { kind: 'files', privateKeyPath: jwtPrivateKeyPath, publicKeyPath: jwtPublicKeyPath }
  }
  return jwtSecret === null ? { kind: 'kept' } : { kind: 'secret', secret: jwtSecret }
}
