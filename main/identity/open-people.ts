import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/store-types.ts'
import { Groups } from './groups.ts'
import { groupById, groupFacts, viewName, viewOwner } from './groups-queries.ts'
import { Invites } from './invites.ts'
import { grantNamedAdministrator } from './named-administrator.ts'
import type { OpenIdentity } from './open-identity.ts'
import type { PeopleServices } from './people-procedures.ts'
import { AccountStatuses } from './account-status.ts'
import { Policy } from './policy.ts'
import { Registration } from './registration.ts'
import { Rights } from './rights.ts'
import { SsoSignIn } from './sso-sign-in.ts'
import { Users } from './users.ts'

export interface OpenPeopleOptions {
  readonly config: Pick<Config, 'auth' | 'publicUrl' | 'oidc'>
  /** On a desktop; null where there is no browser to open. */
  readonly openInBrowser: ((url: string) => void) | null
  readonly keepObstacle: string | null | undefined
  readonly store: Store
  readonly feed: ChangeFeed
  readonly bus: Bus
  readonly clock: Clock
  readonly keyring: Keyring
  readonly logger: AreaLogger
  readonly identity: OpenIdentity
}

/** Accounts, groups and what they may: ready to be started. */
export interface OpenPeople extends PeopleServices {
  readonly sso: SsoSignIn
  readonly rights: Rights
  readonly policy: Policy
  /** Its name; undefined where there is no such group. */
  readonly groupName: (groupId: string) => Promise<string | undefined>
  /** Its name; undefined where there is no such view. */
  readonly viewName: (viewId: string) => Promise<string | undefined>
  /** After the first administrator was made: `ADMIN_USERNAME`, where there is none all the same. */
  readonly grantNamedAdministrator: () => Promise<void>
}

export async function openPeople(options: OpenPeopleOptions): Promise<OpenPeople> {
  const { config, store, clock, keyring, identity, logger: log } = options
  const { people, sessions, passwords, service, twoFactor, lockout } = identity
  const standing = new AccountStatuses(store, clock, twoFactor)
  const { registrationMode: mode, adminUsername } = config.auth
  const { disablePasswordLogin: passwordsOff, loopbackPort } = config.oidc
  const rights = new Rights(() => clock.monotonicMs())
  rights.load(await store.read(groupFacts))
  rights.follow(options.feed, (userIds) => {
    if (userIds.length > 0) options.bus.publish('rights.changed', { userIds })
  })
  const ownerOf = (viewId: string) => store.read((db) => viewOwner(db, viewId))
  const policy = new Policy({ rights, viewOwner: ownerOf, person: (userId) => people.get(userId) })
  const shared = { ...options, people, rights }
  const accounts = { store, clock, identity: service, passwords, people, sessions }
  return {
    rights,
    policy,
    users: new Users({ ...shared, identity: service, passwords, twoFactor, lockout, standing }),
    groups: new Groups({ ...shared, policy }),
    invites: new Invites({ store, clock, keyring, publicUrl: config.publicUrl }),
    registration: new Registration({
      ...accounts,
      // Whoever registered with a password would have a way in that is closed to everybody else.
      mode: passwordsOff ? 'closed' : mode,
      mayBeFirst: adminUsername !== null,
    }),
    sso: new SsoSignIn({
      ...accounts,
      log,
      provider: identity.provider,
      passwordsOff,
      loopbackPort,
      openInBrowser: options.openInBrowser,
      keepObstacle: options.keepObstacle,
      // Before there is anybody, whoever came would keep the first administrator from being made.
      registrationMode: () => (people.size > 0 ? mode : 'closed'),
    }),
    groupName: async (groupId) => (await store.read((db) => groupById(db, groupId)))?.name,
    viewName: (viewId) => store.read((db) => viewName(db, viewId)),
    grantNamedAdministrator: () => grantNamedAdministrator({ store, people, username: adminUsername, log }),
  }
}
