import type { User } from '../../shared/contract/auth.ts'
import { accountStatusChanged, actorOf, targetOf, toUser } from '../accounts/account-cache.ts'
import type { Account, AccountCache } from '../accounts/account-cache.ts'
import { AppError } from '../rpc/app-error.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { Caller, PresentedToken, RequestContext } from '../rpc/request-context.ts'
import type { AuditRecord, ReadHandle, Store } from '../store/store-types.ts'
import type { AccessTokens, KnownToken } from './access-tokens.ts'
import { deleteFamily, newestSession } from './queries.ts'
import type { SessionRow } from './queries.ts'
import type { FreshToken, Presented, RefreshSessions } from './refresh-sessions.ts'
import type { SignInRules } from './sign-in-rules.ts'
import { signInsEnded } from './sign-ins.ts'
import type { TwoFactor } from './two-factor.ts'

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

export interface SessionServiceOptions {
  readonly store: Store
  readonly people: AccountCache
  readonly tokens: AccessTokens
  readonly sessions: RefreshSessions
  readonly twoFactor: TwoFactor
  readonly rules: SignInRules
}

const reusedMessage =
  'Somebody used this sign-in a second time, so it was ended for your safety. Sign in again; if that was not you, change your password.'

/** Sign-ins from their first token to their end: whose they are, whether they are live, and their renewal. */
export class SessionService {
  readonly #options: SessionServiceOptions

  constructor(options: SessionServiceOptions) {
    this.#options = options
  }

  /** Whose access token this is; null for one that is forged, expired, revoked, or of a person who may not enter. */
  authenticate(token: string): Caller | null | Promise<Caller | null> {
    const claims = this.#options.tokens.remembered(token)
    return claims ? this.#callerOf(claims) : this.#authenticateAnew(token)
  }

  /** Whether a sign-in has not ended, and is not over. */
  async isSignInLive(family: string): Promise<boolean> {
    return (await this.liveSignIn(family)) !== null
  }

  /** Whether the sign-in that a page load names is live, and named as it may be: see `RefreshSessions.judge`. */
  async isPageSignInLive({
    family,
    underOldName,
  }: {
    family: string
    underOldName: boolean
  }): Promise<boolean> {
    const signIn = await this.liveSignIn(family)
    return signIn !== null && !(underOldName && signIn.secureName)
  }

  /** The latest token of a sign-in that has not ended; null for any other. */
  async liveSignIn(family: string): Promise<SessionRow | null> {
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
    const signIn = claims && (await this.liveSignIn(claims.family))
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
