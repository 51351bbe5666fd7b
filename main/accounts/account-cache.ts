import type { User } from '../../shared/contract/auth.ts'
import type { Change, ChangeFeed } from '../store/change-feed.ts'
import type { UserRow } from './queries.ts'

/** What every request needs to know of a person; what their secrets are checked against stays in the database. */
export type Account = Omit<UserRow, 'passwordHash' | 'recoveryHash' | 'emailVouched' | 'lastActiveAt'> & {
  /** False for who signs in by SSO alone. */
  readonly hasPassword: boolean
  readonly hasRecoveryCode: boolean
}

/** Of a row, what every request needs to know. */
export function personOf(row: UserRow): Account {
  const {
    passwordHash,
    recoveryHash,
    emailVouched: _emailVouched,
    lastActiveAt: _lastActiveAt,
    ...person
  } = row
  return { ...person, hasPassword: passwordHash !== '', hasRecoveryCode: recoveryHash !== null }
}

declare module '../store/change-feed.ts' {
  interface Changes {
    /** An account was made or changed; `lostAdmin`: it was an administrator's until now. */
    readonly 'account.changed': { readonly person: Account; readonly lostAdmin: boolean }
    readonly 'account.deleted': { readonly userId: string }
    /** A person signed in or renewed a sign-in, or a lock of theirs began or ended. */
    readonly 'account-status.changed': { readonly userId: string }
  }
}

/** What a write declares that made or changed an account, which now is `row`. */
export function accountChanged(row: UserRow, lostAdmin = false): Change {
  return { name: 'account.changed', data: { person: personOf(row), lostAdmin } }
}

/** What a write declares that changed what is shown of how somebody signs in. */
export function accountStatusChanged(userId: string): Change {
  return { name: 'account-status.changed', data: { userId } }
}

/** Everybody who has an account, in memory, so that checking a token costs no query. `follow` keeps it right. */
export class AccountCache {
  readonly #byId = new Map<string, Account>()
  /** Those who can still sign in with the password of the documentation. */
  readonly #withDocumentedPassword = new Set<string>()
  #changes = 0

  /** Takes up every change of an account. */
  follow(feed: ChangeFeed): void {
    feed.on('account.changed', ({ data }) => this.put(data.person))
    feed.on('account.deleted', ({ data }) => this.drop(data.userId))
  }

  /** Forgets everybody and takes `people` instead. */
  load(people: readonly Account[]): void {
    this.#byId.clear()
    this.#withDocumentedPassword.clear()
    for (const person of people) this.put(person)
  }

  get(id: string): Account | undefined {
    return this.#byId.get(id)
  }

  get size(): number {
    return this.#byId.size
  }

  all(): readonly Account[] {
    return [...this.#byId.values()]
  }

  /** Grows with every change, so that what was made of everybody can be told from what is out of date. */
  get changes(): number {
    return this.#changes
  }

  put(person: Account): void {
    this.#changes += 1
    this.#byId.set(person.id, person)
    if (person.documentedPassword && !person.disabled) this.#withDocumentedPassword.add(person.id)
    else this.#withDocumentedPassword.delete(person.id)
  }

  drop(id: string): void {
    this.#changes += 1
    this.#byId.delete(id)
    this.#withDocumentedPassword.delete(id)
  }

  /** Whether somebody can still sign in with the password that stands in the documentation; asked at every request. */
  isDefaultPasswordInUse(): boolean {
    return this.#withDocumentedPassword.size > 0
  }
}

/** A person as the contract shows them. */
export function toUser(person: Account): User {
  const { id, email, username, displayName, admin, mustChangePassword, documentedPassword } = person
  return { id, email, username, displayName, admin, mustChangePassword, documentedPassword }
}

/** A person as the audit log names what something was done to. */
export function targetOf({ id, email }: { readonly id: string; readonly email: string }) {
  return { kind: 'user', id, name: email }
}

/** A person as the audit log names who did something. */
export function actorOf({ id, email }: { readonly id: string; readonly email: string }) {
  return { id, name: email }
}
