import type { User } from '../../shared/contract/auth.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, ReadHandle, Store } from '../store/store-types.ts'
import { accountStatusChanged } from './account-status.ts'
import type { AccessTokens, KnownToken } from './access-tokens.ts'
import { counterOfAccount } from './lockout.ts'
import type { Lockout } from './lockout.ts'
import { refuseWeak } from './new-passwords.ts'
import { addNotice } from './notices.ts'
import { hashOfCode, isCode, newRecoveryCode } from './one-time-codes.ts'
import type { Passwords } from './passwords.ts'
import { accountChanged, actorOf, personOf, signInsEnded, targetOf, toUser } from './account-cache.ts'
import type { AccountCache, Account } from './account-cache.ts'
import {
  deleteFamily,
  deleteOtherFamilies,
  familiesOf,
  insertUser,
  newestSession,
  putProof,
  updateUser,
  userById,
  userCount,
} from './queries.ts'
import type { SessionRow, UserRow } from './queries.ts'
import type { FreshToken, Presented, RefreshSessions } from './refresh-sessions.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { Caller, PresentedToken, RequestContext } from '../rpc/request-context.ts'
import type { SignInRules } from './sign-in-rules.ts'
import type { TwoFactor } from './two-factor.ts'
import { usernameLike } from './usernames.ts'
import { AppError } from '../rpc/app-error.ts'

/** What a person gets who signed in. */
export interface Session {
  readonly accessToken: string
  readonly expiresAt: number
  /** An administrator asks for an authenticator app; until it is set up, little else is answered. */
  readonly mustSetUpTotp: boolean
  /** They signed in with a password that an administrator gave: the page asks for one of their own first. */
  readonly mustChoosePassword: boolean
  readonly user: User
}

export interface IdentityOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly tokens: AccessTokens
  readonly sessions: RefreshSessions
  readonly lockout: Lockout
  readonly twoFactor: TwoFactor
  readonly rules: SignInRules
  /** What a stranger on the network must type to make the first administrator; null where nobody may. */
  readonly setupCode: string | null
}

/** So long a proof of who somebody is counts for what changes a way in. */
const proofLifetimeMs = 15 * 60_000

const reusedMessage =
  'Somebody used this sign-in a second time, so it was ended for your safety. Sign in again; if that was not you, change your password.'

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

  /** Whether a sign-in has not ended, and is not over. */
  async isSignInLive(family: string): Promise<boolean> {
    return (await this.#liveSignIn(family)) !== null
  }

  /** Whether the sign-in that a page load names is live, and named as it may be: see `RefreshSessions.judge`. */
  async isPageSignInLive({
    family,
    underOldName,
  }: {
    family: string
    underOldName: boolean
  }): Promise<boolean> {
    const signIn = await this.#liveSignIn(family)
    return signIn !== null && !(underOldName && signIn.secureName)
  }

  async #liveSignIn(family: string): Promise<SessionRow | null> {
    const { store, sessions } = this.#options
    const row = await store.read((db) => newestSession(db, family))
    return row && !sessions.isOver(row) ? row : null
  }

  /**
   * Whether this person must choose a password first, for somebody else knows theirs. The documented one has a guard of
   * its own, and who came by single sign-on did not use any.
   */
  #mustChoosePassword(person: Account, { bySso }: Pick<SessionRow, 'bySso'>): boolean {
    return person.mustChangePassword && !person.documentedPassword && !bySso
  }

  /** Whether what was let in a while ago would still be let in: a long stream asks from time to time. */
  async isStillIn(caller: Pick<Caller, 'userId' | 'admin' | 'family'>): Promise<boolean> {
    const person = this.#options.people.get(caller.userId)
    if (person?.disabled !== false || person.admin !== caller.admin) return false
    return !this.mustSetUpTotp(person) && (await this.isSignInLive(caller.family))
  }

  /** Whether this person must set up an authenticator app first; SSO has a second factor of its own. */
  mustSetUpTotp(person: Account): boolean {
    const { rules, twoFactor } = this.#options
    return rules.requiresTotp(person) && person.hasPassword && !twoFactor.isOn(person.id)
  }

  /** Exchanges the refresh token that the door holds. Throws UNAUTHORIZED. */
  async refresh(context: RequestContext): Promise<Session> {
    const { store, sessions, people } = this.#options
    const presented = context.refreshToken.get()
    const judge = (db: ReadHandle): Promise<Presented> =>
      presented === null ? Promise.resolve({ kind: 'unknown' }) : sessions.judge(db, presented)
    const judged = await store.read(judge)
    const person = judged.kind === 'unknown' ? undefined : people.get(judged.row.userId)
    if (judged.kind === 'unknown' || !person || person.disabled) {
      context.refreshToken.clear()
      throw new AppError('UNAUTHORIZED')
    }
    const next = sessions.fresh(person.id, context, judged.row)
    sessions.offer(next)
    const { answer, ended } = await store.write(
      {
        audit: (result: Refreshed) => this.#recordOfRefresh(context, person, result),
        changes: ({ answer, ended }: Refreshed) => {
          if (ended !== null) return [signInsEnded(person.id, [ended])]
          return answer === null ? [] : [accountStatusChanged(person.id)]
        },
      },
      async (tx): Promise<Refreshed> => {
        // Again, inside: of two that come at once, the second finds what the first has done.
        const now = await judge(tx)
        if (now.kind === 'unknown') return { answer: null, ended: null }
        if (now.kind === 'reused') {
          await deleteFamily(tx, now.row.family)
          return { answer: null, ended: now.row.family }
        }
        if (now.kind === 'good') {
          await sessions.exchange(tx, now.row, next)
          return { answer: next, ended: null }
        }
        const known = sessions.offered(now.successor)
        if (!known) await sessions.replace(tx, now.successor, next)
        return { answer: known ?? next, ended: null }
      },
    )
    if (answer) return this.sessionOf(context, person, answer)
    context.refreshToken.clear()
    throw new AppError('UNAUTHORIZED', ended === null ? {} : { message: reusedMessage })
  }

  /**
   * Ends the sign-in that the access token belongs to; where that has expired, the one of the refresh token: at the end
   * of a shift nobody should have to renew what they give back. Throws UNAUTHORIZED where there is neither.
   */
  async logout(context: RequestContext): Promise<void> {
    const { store } = this.#options
    const closing = context.caller ?? (await this.#holderOf(context.refreshToken.get()))
    context.refreshToken.clear()
    if (!closing) throw new AppError('UNAUTHORIZED')
    const { userId, email, family } = closing
    const person = { id: userId, email }
    const parts = { target: targetOf(person), actor: actorOf(person) }
    const audit = auditRecord(context, { action: 'session.closed', ...parts })
    await store.write({ audit, changes: [signInsEnded(userId, [family])] }, (tx) => deleteFamily(tx, family))
  }

  /** Whose sign-in a refresh token is of. */
  async #holderOf(
    presented: PresentedToken | null,
  ): Promise<Pick<Caller, 'userId' | 'email' | 'family'> | null> {
    const { store, sessions, people } = this.#options
    const judged = presented === null ? null : await store.read((db) => sessions.judge(db, presented))
    if (!judged || judged.kind === 'unknown') return null
    const { userId, family } = judged.row
    const person = people.get(userId)
    return person ? { userId, email: person.email, family } : null
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
  ): Promise<Session & { recoveryCode: string }> {
    const { store, passwords, people, sessions, setupCode } = this.#options
    if (people.size > 0) throw new AppError('ALREADY_SET_UP')
    if (context.door === 'http' && !isCode(input.code, setupCode)) throw new AppError('WRONG_CODE')
    const email = storedEmail(input.email)
    const user = await this.newAdministrator(email, '', false)
    await refuseWeak(passwords, input.password, user, context.signal)
    const passwordHash = await passwords.hash(input.password, context.signal)
    const recoveryCode = newRecoveryCode()
    const row = { ...user, passwordHash, recoveryHash: hashOfCode(recoveryCode) }
    const fresh = sessions.fresh(user.id, context)
    const audit = auditRecord(context, {
      action: 'desk.set-up',
      target: targetOf(user),
      actor: actorOf(user),
    })
    await store.write({ audit, changes: [accountChanged(row)] }, async (tx) => {
      if ((await userCount(tx)) > 0) throw new AppError('ALREADY_SET_UP')
      await insertUser(tx, row)
      await sessions.open(tx, fresh)
    })
    context.refreshToken.stay(false)
    return { ...(await this.sessionOf(context, personOf(row), fresh)), recoveryCode }
  }

  /** The row of an administrator that is not stored yet; `email` in lower case. */
  async newAdministrator(email: string, passwordHash: string, documentedPassword: boolean): Promise<UserRow> {
    const createdAt = this.#options.clock.now()
    const displayName = email.slice(0, email.indexOf('@'))
    const username = await usernameLike(displayName, () => Promise.resolve(false))
    const common = { email, username, displayName, passwordHash, documentedPassword, createdAt }
    const standing = {
      admin: true,
      disabled: false,
      version: 1,
      emailVouched: true,
      recoveryHash: null,
      lastActiveAt: null,
    }
    return { id: newId(), ...common, ...standing, mustChangePassword: documentedPassword }
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
    const before = await store.read((db) => userById(db, caller.userId))
    if (!before) throw new AppError('UNAUTHORIZED')
    await this.provePassword(context, before, input.currentPassword)
    if (input.newPassword === input.currentPassword) {
      throw new AppError('WEAK_PASSWORD', { message: 'Choose a password that is not the current one.' })
    }
    await refuseWeak(passwords, input.newPassword, before, context.signal)
    const passwordHash = await passwords.hash(input.newPassword, context.signal)
    return this.#storePassword(context, before, passwordHash)
  }

  /**
   * For what changes a way in. Whoever has a password gives it: always where `always`, else where the sign-in proved who
   * it is more than 15 minutes ago. Whoever has none must have proven it at the provider since. Throws
   * REAUTHENTICATION_REQUIRED, WRONG_PASSWORD or ACCOUNT_LOCKED.
   */
  async proveOneself(
    context: RequestContext,
    caller: Caller,
    user: UserRow,
    { password, always }: { password: string | undefined; always: boolean },
  ): Promise<void> {
    const hasPassword = user.passwordHash !== ''
    if (hasPassword && (always || password !== undefined))
      return this.provePassword(context, user, password ?? '')
    await this.refuseOldProof(caller)
  }

  /** Throws REAUTHENTICATION_REQUIRED where this sign-in proved more than 15 minutes ago who it is. */
  async refuseOldProof(caller: Caller): Promise<void> {
    const provedAt = (await this.#liveSignIn(caller.family))?.provedAt ?? 0
    // A proof that lies ahead was given before the clock was set back, nobody knows how long ago.
    if (Math.abs(this.#options.clock.now() - provedAt) >= proofLifetimeMs)
      throw new AppError('REAUTHENTICATION_REQUIRED')
  }

  /**
   * Proves by the password who it is, for the next 15 minutes of this sign-in. Throws as `provePassword` does;
   * REAUTHENTICATION_REQUIRED where there is no password.
   */
  async prove(context: RequestContext, caller: Caller, password: string): Promise<void> {
    const { store, clock } = this.#options
    const user = await store.read((db) => userById(db, caller.userId))
    if (!user) throw new AppError('UNAUTHORIZED')
    if (user.passwordHash === '') throw new AppError('REAUTHENTICATION_REQUIRED')
    await this.provePassword(context, user, password)
    const audit = auditRecord(context, { action: 'session.proven', target: targetOf(user) })
    await store.write({ audit }, async (tx) => {
      // Changed meanwhile: what was proven does not count any more.
      if ((await userById(tx, user.id))?.passwordHash !== user.passwordHash)
        throw new AppError('WRONG_PASSWORD')
      await putProof(tx, caller.family, clock.now())
    })
  }

  /** Throws WRONG_PASSWORD, which counts as a failed sign-in, or ACCOUNT_LOCKED. */
  async provePassword(context: RequestContext, user: UserRow, password: string): Promise<void> {
    const { store, passwords, lockout } = this.#options
    const refuseLocked = (db: ReadHandle): Promise<void> =>
      lockout.refuseLocked(db, context, counterOfAccount(user.id))
    await store.read(refuseLocked)
    const matches = await passwords.verify(password, user.passwordHash || null, context.signal)
    // Answers that waited for their turn must not outrun a lock that fell meanwhile.
    await store.read(refuseLocked)
    if (matches) return
    await this.#countFailure(context, user)
    throw new AppError('WRONG_PASSWORD')
  }

  /** Runs what takes a code of this person; a wrong one counts as a failed sign-in. Throws what `work` throws. */
  async provingCode<Result>(
    context: RequestContext,
    user: UserRow,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'WRONG_CODE') throw error
      await this.#countFailure(context, user)
      throw error
    }
  }

  async #countFailure(context: RequestContext, user: UserRow): Promise<void> {
    const { lockout } = this.#options
    const audit = auditRecord(context, {
      action: 'password.refused',
      outcome: 'failed',
      target: targetOf(user),
    })
    await lockout.recordFailure(context, { said: counterOfAccount(user.id), silent: [] }, audit)
  }

  async #storePassword(context: RequestContext, before: UserRow, passwordHash: string): Promise<Session> {
    const { store, clock, sessions } = this.#options
    const fresh = sessions.fresh(before.id, context)
    const { family } = fresh.row
    const notice = { userId: before.id, kind: 'password-changed', by: 'self', family } as const
    const audit = auditRecord(context, { action: 'password.changed', target: targetOf(before) })
    const changes = (made: { user: UserRow; ended: readonly string[] }): Change[] => [
      accountChanged(made.user),
      signInsEnded(made.user.id, made.ended),
    ]
    const { user } = await store.write({ audit, changes }, async (tx) => {
      const current = await userById(tx, before.id)
      // Somebody else changed it while the hash was made: what was checked does not stand any more.
      if (current?.passwordHash !== before.passwordHash) throw new AppError('WRONG_PASSWORD')
      if (current.disabled) throw new AppError('UNAUTHORIZED')
      const changed = {
        passwordHash,
        mustChangePassword: false,
        documentedPassword: false,
        version: current.version + 1,
      }
      const families = await familiesOf(tx, before.id)
      await updateUser(tx, before.id, changed)
      await sessions.open(tx, fresh)
      await deleteOtherFamilies(tx, before.id, family)
      await addNotice(tx, context, { ...notice, at: clock.now() })
      return { ended: families, user: { ...current, ...changed } }
    })
    return this.sessionOf(context, personOf(user), fresh)
  }

  /** The answer to whoever signed in: an access token, and a refresh token for the door to keep. */
  async sessionOf(context: RequestContext, person: Account, refresh: FreshToken): Promise<Session> {
    const { id: userId, version } = person
    const { tokens } = this.#options
    const { family, bySso } = refresh.row
    const issued = await tokens.issue({ userId, version, family }, refresh.row.expiresAt)
    // Known from its first request on, so that its person is never taken for somebody who is not signed in.
    const { disposables } = tokens
    if (await this.isSignInLive(family)) {
      tokens.remember(
        issued.token,
        { userId, version, family, bySso, expiresAt: issued.expiresAt },
        disposables,
      )
    }
    context.refreshToken.set(refresh.token, refresh.row.expiresAt, refresh.row.family)
    return {
      accessToken: issued.token,
      expiresAt: issued.expiresAt,
      mustSetUpTotp: this.mustSetUpTotp(person),
      mustChoosePassword: this.#mustChoosePassword(person, refresh.row),
      user: toUser(person),
    }
  }

  async #authenticateAnew(token: string): Promise<Caller | null> {
    const { tokens } = this.#options
    const claims = await tokens.check(token)
    const { disposables } = tokens
    const signIn = claims && (await this.#liveSignIn(claims.family))
    if (!signIn) return null
    const known = { ...claims, bySso: signIn.bySso }
    tokens.remember(token, known, disposables)
    return this.#callerOf(known)
  }

  #callerOf(claims: KnownToken): Caller | null {
    const person = this.#options.people.get(claims.userId)
    if (!person || person.disabled || person.version !== claims.version) return null
    const { id: userId, email, admin } = person
    const { family } = claims
    const mustChoosePassword = this.#mustChoosePassword(person, claims)
    return { userId, email, admin, family, mustSetUpTotp: this.mustSetUpTotp(person), mustChoosePassword }
  }

  /** What the audit log says of a renewal, as it ended; null where there was no such sign-in any more. */
  #recordOfRefresh(
    context: RequestContext,
    person: Account,
    { answer, ended }: Refreshed,
  ): AuditRecord | null {
    const parts = { target: targetOf(person), actor: actorOf(person) }
    if (answer) return auditRecord(context, { action: 'session.refreshed', ...parts })
    if (ended === null) return null
    const after = { reason: 'A refresh token was used twice; its sign-in was ended.' }
    return auditRecord(context, { action: 'session.closed', outcome: 'refused', ...parts, after })
  }
}

/** How a renewal ended: with the next token, or with the end of the sign-in whose token was used twice. */
interface Refreshed {
  readonly answer: FreshToken | null
  readonly ended: string | null
}

/** Addresses are the same without regard to case. */
export function storedEmail(email: string): string {
  return email.trim().toLowerCase()
}
