import type { Core, Module } from '../module.ts'
import { AccountCache, personOf } from './account-cache.ts'
import type { AccountGroups, AccountSignIns } from './account-uses.ts'
import { Invites } from './invites.ts'
import { Passwords } from './passwords.ts'
import type { PasswordCost } from './passwords.ts'
import { inviteProcedures, userProcedures } from './procedures.ts'
import { allUsers } from './queries.ts'
import { openAccountTopics } from './stream-topics.ts'
import { Users } from './users.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    /** An account was changed, disabled or deleted, or sign-ins of it ended: who is let in is judged again. */
    'person.changed': { userId: string }
  }
}

export interface AccountsUses {
  /** Cheaper hashes, for tests alone. */
  readonly passwordCost: PasswordCost | undefined
  /** Asked for with the first request: it is opened later. */
  readonly signIns: () => AccountSignIns
  readonly groups: () => AccountGroups
}

export interface Accounts extends Module {
  /** Everybody who has an account. */
  readonly people: AccountCache
  readonly passwords: Passwords
}

/** Accounts: who has one, what they are called, their password; and invites to make one. */
export async function openAccounts(core: Core, uses: AccountsUses): Promise<Accounts> {
  const { config, store, feed, bus, clock, keyring } = core
  const people = new AccountCache()
  people.load((await store.read(allUsers)).map(personOf))
  people.follow(feed)
  feed.on('account.changed', ({ data }) => bus.publish('person.changed', { userId: data.person.id }))
  feed.on('account.deleted', ({ data }) => bus.publish('person.changed', { userId: data.userId }))
  const passwords = new Passwords(core.startChildProcess, uses.passwordCost)
  const { signIns, groups } = uses
  openAccountTopics(core)
  const users = new Users({ store, clock, passwords, people, signIns, groups })
  const invites = new Invites({ store, clock, keyring, publicUrl: config.publicUrl })
  return {
    procedures: { users: userProcedures(users), invites: inviteProcedures(invites) },
    services: [passwords],
    people,
    passwords,
  }
}
