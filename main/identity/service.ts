import { timingSafeEqual } from 'node:crypto'
import type { User } from '../../shared/contract/auth.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Store } from '../store/store-types.ts'
import type { AccessClaims, AccessTokens } from './access-tokens.ts'
import { weaknessOf } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import { toUser } from './people.ts'
import type { People, Person } from './people.ts'
import {
  deleteFamily,
  deleteOtherFamilies,
  familiesOf,
  familyLives,
  insertUser,
  updateUser,
  userByEmail,
  userById,
  userCount,
} from './queries.ts'
import type { SessionRow, UserRow } from './queries.ts'
import type { FreshToken, RefreshSessions } from './refresh-sessions.ts'
import { IdentityRefusal } from './refusals.ts'
import { auditRecord } from './request-context.ts'
import type { Caller, RequestContext } from './request-context.ts'
import { usernameLike } from './usernames.ts'

/** What a person gets who signed in. */
export interface Session {
  readonly accessToken: string
  readonly expiresAt: number
  readonly user: User
}

export interface IdentityOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: People
  readonly tokens: AccessTokens
  readonly sessions: RefreshSessions
  /** What a stranger on the network must type to make the first administrator; null where nobody may. */
  readonly setupCode: string | null
}

/** Sign-ins, and the accounts behind them. */
export class Identity {
  readonly #options: IdentityOptions

  constructor(options: IdentityOptions) {
    this.#options = options
  }

  /** Whose access token this is; null for one that is forged, expired, revoked, or of a person who may not enter. */
  authenticate(token: string): Caller | null | Promise<Caller | null> {
    const claims = this.#options.tokens.remembered(token)
    return claims ? this.#callerOf(claims) : this.#authenticateAnew(token)
  }

  /** Whether a sign-in has not ended. */
  isSignInLive(family: string): boolean {
    return this.#options.store.read((db) => familyLives(db, family))
  }

  /** Whether what was let in a while ago would still be let in: a long stream asks from time to time. */
  isStillIn(caller: Caller): boolean {
    const person = this.#options.people.get(caller.userId)
    return person?.disabled === false && person.admin === caller.admin && this.isSignInLive(caller.family)
  }

  /** Throws UNAUTHORIZED, in the same words and time whether or not the name exists. */
  async login(context: RequestContext, email: string, password: string): Promise<Session> {
    const { store, passwords, sessions } = this.#options
    const known = store.read((db) => userByEmail(db, storedEmail(email)))
    const matches = await passwords.verify(password, known?.passwordHash ?? null, context.signal)
    const user = known && store.read((db) => userById(db, known.id))
    // The password may have been changed, or the person disabled, while the hash was made.
    if (!user || !matches || user.disabled || user.passwordHash !== known.passwordHash) {
      this.#recordFailedSignIn(context, email, known)
      throw new IdentityRefusal('UNAUTHORIZED')
    }
    const fresh = sessions.fresh(user.id, context)
    const audit = auditRecord(context, {
      action: 'session.opened',
      target: targetOf(user),
      actor: actorOf(user),
    })
    store.write({ audit }, (tx) => sessions.open(tx, fresh))
    return this.#session(context, user, fresh)
  }

  /** Exchanges the refresh token that the door holds. Throws UNAUTHORIZED. */
  async refresh(context: RequestContext): Promise<Session> {
    const { store, sessions, people } = this.#options
    const presented = context.refreshToken.get()
    const judged = presented === null ? null : store.read((db) => sessions.judge(db, presented))
    const person = judged && judged.kind !== 'unknown' ? people.get(judged.row.userId) : undefined
    if (!judged || judged.kind === 'unknown' || !person || person.disabled) {
      context.refreshToken.clear()
      throw new IdentityRefusal('UNAUTHORIZED')
    }
    if (judged.kind === 'reused') {
      this.#endReusedFamily(context, judged.row, person)
      throw new IdentityRefusal('UNAUTHORIZED', 'This sign-in was ended for safety. Sign in again.')
    }
    const audit = auditRecord(context, {
      action: 'session.refreshed',
      target: targetOf(person),
      actor: actorOf(person),
    })
    const next = sessions.fresh(person.id, context, judged.row.family)
    if (judged.kind === 'good') {
      store.write({ audit }, (tx) => sessions.exchange(tx, judged.row, next))
      sessions.exchanged(judged.row, next)
      return this.#session(context, person, next)
    }
    const known = sessions.successorOf(judged.row, judged.successor)
    store.write({ audit }, (tx) => {
      if (!known) sessions.replace(tx, judged.successor, next)
    })
    if (!known) sessions.exchanged(judged.row, next)
    return this.#session(context, person, known ?? next)
  }

  /** Ends the sign-in that the access token belongs to. */
  logout(context: RequestContext, caller: Caller): void {
    const { store, tokens } = this.#options
    const audit = auditRecord(context, {
      action: 'session.closed',
      target: { kind: 'user', id: caller.userId, name: caller.email },
    })
    store.write({ audit }, (tx) => deleteFamily(tx, caller.family))
    tokens.forgetFamily(caller.family)
    context.refreshToken.clear()
  }

  /** The desktop's own window needs no code: whoever sits there owns the machine. */
  setupState(context: RequestContext): { needed: boolean; codeNeeded: boolean } {
    const needed = this.#options.people.size === 0
    return { needed, codeNeeded: needed && context.door === 'http' }
  }

  /** Makes the first administrator. Throws ALREADY_SET_UP, WRONG_CODE or WEAK_PASSWORD. */
  async setup(
    context: RequestContext,
    input: { email: string; password: string; code?: string },
  ): Promise<Session> {
    const { store, passwords, people, sessions } = this.#options
    if (people.size > 0) throw new IdentityRefusal('ALREADY_SET_UP')
    if (context.door === 'http' && !this.#isSetupCode(input.code)) throw new IdentityRefusal('WRONG_CODE')
    const email = storedEmail(input.email)
    refuseWeak(input.password, { email, displayName: '' })
    const passwordHash = await passwords.hash(input.password, context.signal)
    const user = this.newAdministrator(email, passwordHash, false)
    const fresh = sessions.fresh(user.id, context)
    const audit = auditRecord(context, {
      action: 'desk.set-up',
      target: targetOf(user),
      actor: actorOf(user),
    })
    store.write({ audit }, (tx) => {
      if (userCount(tx) > 0) throw new IdentityRefusal('ALREADY_SET_UP')
      insertUser(tx, user)
      sessions.open(tx, fresh)
    })
    people.put(withoutHash(user))
    return this.#session(context, user, fresh)
  }

  /** The row of an administrator that is not stored yet; `email` in lower case. */
  newAdministrator(email: string, passwordHash: string, documentedPassword: boolean): UserRow {
    const createdAt = this.#options.clock.now()
    const displayName = email.slice(0, email.indexOf('@'))
    const username = usernameLike(displayName, () => false)
    const common = { email, username, displayName, passwordHash, documentedPassword, createdAt }
    const standing = { admin: true, disabled: false, version: 1 }
    return { id: newId(), ...common, ...standing, mustChangePassword: documentedPassword }
  }

  account(caller: Caller): User {
    const person = this.#options.people.get(caller.userId)
    if (!person) throw new IdentityRefusal('UNAUTHORIZED')
    return toUser(person)
  }

  /**
   * Every other sign-in of the person ends; this one goes on under a new token. Throws WRONG_PASSWORD or WEAK_PASSWORD.
   */
  async changePassword(
    context: RequestContext,
    caller: Caller,
    input: { currentPassword: string; newPassword: string },
  ): Promise<Session> {
    const { store, passwords } = this.#options
    const before = store.read((db) => userById(db, caller.userId))
    if (!before) throw new IdentityRefusal('UNAUTHORIZED')
    if (!(await passwords.verify(input.currentPassword, before.passwordHash, context.signal))) {
      throw new IdentityRefusal('WRONG_PASSWORD')
    }
    if (input.newPassword === input.currentPassword) {
      throw new IdentityRefusal('WEAK_PASSWORD', 'Choose a password that is not the current one.')
    }
    refuseWeak(input.newPassword, before)
    const passwordHash = await passwords.hash(input.newPassword, context.signal)
    return this.#storePassword(context, before, passwordHash)
  }

  #storePassword(context: RequestContext, before: UserRow, passwordHash: string): Promise<Session> {
    const { store, people, sessions, tokens } = this.#options
    const fresh = sessions.fresh(before.id, context)
    const audit = auditRecord(context, { action: 'password.changed', target: targetOf(before) })
    const { ended, user } = store.write({ audit }, (tx) => {
      const current = userById(tx, before.id)
      // Somebody else changed it while the hash was made: what was checked does not stand any more.
      if (current?.passwordHash !== before.passwordHash) throw new IdentityRefusal('WRONG_PASSWORD')
      const changes = {
        passwordHash,
        mustChangePassword: false,
        documentedPassword: false,
        version: current.version + 1,
      }
      const families = familiesOf(tx, before.id)
      updateUser(tx, before.id, changes)
      sessions.open(tx, fresh)
      deleteOtherFamilies(tx, before.id, fresh.row.family)
      return { ended: families, user: { ...current, ...changes } }
    })
    people.put(withoutHash(user))
    for (const family of ended) tokens.forgetFamily(family)
    return this.#session(context, user, fresh)
  }

  async #session(context: RequestContext, person: Person, refresh: FreshToken): Promise<Session> {
    const { id: userId, version } = person
    const issued = await this.#options.tokens.issue({ userId, version, family: refresh.row.family })
    context.refreshToken.set(refresh.token, refresh.row.expiresAt, refresh.row.family)
    return { accessToken: issued.token, expiresAt: issued.expiresAt, user: toUser(person) }
  }

  async #authenticateAnew(token: string): Promise<Caller | null> {
    const { tokens } = this.#options
    const claims = await tokens.check(token)
    if (!claims || !this.isSignInLive(claims.family)) return null
    tokens.remember(token, claims)
    return this.#callerOf(claims)
  }

  #callerOf(claims: AccessClaims): Caller | null {
    const person = this.#options.people.get(claims.userId)
    if (!person || person.disabled || person.version !== claims.version) return null
    return { userId: person.id, email: person.email, admin: person.admin, family: claims.family }
  }

  #endReusedFamily(context: RequestContext, row: SessionRow, person: Person): void {
    const { store, tokens } = this.#options
    const audit = auditRecord(context, {
      action: 'session.closed',
      outcome: 'refused',
      target: targetOf(person),
      actor: actorOf(person),
      after: { reason: 'A refresh token was used twice; its sign-in was ended.' },
    })
    store.write({ audit }, (tx) => deleteFamily(tx, row.family))
    tokens.forgetFamily(row.family)
    context.refreshToken.clear()
  }

  #recordFailedSignIn(context: RequestContext, email: string, known: UserRow | undefined): void {
    const name = email.slice(0, 254)
    const audit = auditRecord(context, {
      action: 'session.opened',
      outcome: 'failed',
      target: { kind: 'user', id: known?.id ?? null, name },
      actor: { id: known?.id ?? null, name },
    })
    this.#options.store.write({ audit }, () => undefined)
  }

  #isSetupCode(code: string | undefined): boolean {
    const { setupCode } = this.#options
    if (setupCode === null || code === undefined) return false
    const [given, wanted] = [code, setupCode].map((text) =>
      Buffer.from(text.replace(/[\s-]/g, '').toUpperCase()),
    )
    return (
      given !== undefined &&
      wanted !== undefined &&
      given.length === wanted.length &&
      timingSafeEqual(given, wanted)
    )
  }
}

/** Addresses are the same without regard to case. */
export function storedEmail(email: string): string {
  return email.trim().toLowerCase()
}

function refuseWeak(password: string, person: { email: string; displayName: string }): void {
  const weakness = weaknessOf(password, person)
  if (weakness !== null) throw new IdentityRefusal('WEAK_PASSWORD', weakness)
}

function withoutHash({ passwordHash: _passwordHash, ...person }: UserRow): Person {
  return person
}

function targetOf(person: Person): { kind: string; id: string; name: string } {
  return { kind: 'user', id: person.id, name: person.email }
}

function actorOf(person: Person): { id: string; name: string } {
  return { id: person.id, name: person.email }
}
