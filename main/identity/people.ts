import type { User } from '../../shared/contract/auth.ts'
import type { UserRow } from './queries.ts'

/** What every request needs to know of a person; their password hash stays in the database. */
export type Person = Omit<UserRow, 'passwordHash'>

/**
 * Everybody who has an account, in memory, so that checking a token costs no query. The writes of identity/ keep it
 * right: each calls `put` as soon as its transaction is committed.
 */
export class People {
  readonly #byId = new Map<string, Person>()
  /** Those who can still sign in with the password of the documentation. */
  readonly #withDocumentedPassword = new Set<string>()

  /** Forgets everybody and takes `people` instead. */
  load(people: readonly Person[]): void {
    this.#byId.clear()
    this.#withDocumentedPassword.clear()
    for (const person of people) this.put(person)
  }

  get(id: string): Person | undefined {
    return this.#byId.get(id)
  }

  get size(): number {
    return this.#byId.size
  }

  put(person: Person): void {
    this.#byId.set(person.id, person)
    if (person.documentedPassword && !person.disabled) this.#withDocumentedPassword.add(person.id)
    else this.#withDocumentedPassword.delete(person.id)
  }

  /** Whether somebody can still sign in with the password that stands in the documentation; asked at every request. */
  documentedPasswordStands(): boolean {
    return this.#withDocumentedPassword.size > 0
  }
}

/** A person as the contract shows them. */
export function toUser(person: Person): User {
  const { id, email, username, displayName, admin, mustChangePassword } = person
  return { id, email, username, displayName, admin, mustChangePassword }
}
