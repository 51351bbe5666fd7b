import type { RegistrationMode } from '../../shared/domain/registration.ts'
import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import { accountStatusChanged } from '../accounts/account-cache.ts'
import { invitesChanged } from '../accounts/invites.ts'
import { spendInvite } from '../accounts/invites-queries.ts'
import { waitForBrowser } from './oidc-loopback.ts'
import { OidcFailure, refusalOf } from './oidc-provider.ts'
import type { OidcPerson, OidcProvider } from './oidc-provider.ts'
import { insertOidcIdentity, userByOidc } from './oidc-queries.ts'
import { hashOfCode } from '../accounts/one-time-codes.ts'
import { accountChanged, actorOf, personOf, targetOf } from '../accounts/account-cache.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { insertUser, userByEmail, userById } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { RefreshSessions } from './refresh-sessions.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { Session, SessionService } from './session-service.ts'
import { emailOf, newAccount, preparedAccount } from './sso-accounts.ts'
import { AppError } from '../rpc/app-error.ts'

export interface SsoSignInOptions {
  readonly store: Store
  readonly clock: Clock
  readonly people: AccountCache
  readonly sessions: RefreshSessions
  readonly service: Pick<SessionService, 'sessionOf'>
  readonly log: AreaLogger
  readonly registrationMode: () => RegistrationMode
  /** Null where single sign-on is off. */
  readonly provider: OidcProvider | null
  /** Where passwords are not taken. */
  readonly passwordsOff: boolean
  /** On a desktop: the port of 127.0.0.1 to come back to (0: any), and how the system browser is opened. */
  readonly loopbackPort: number
  readonly openInBrowser: ((url: string) => void) | null
  /** Why a desktop cannot keep a sign-in between two runs, or null where it can; undefined where there is no window. */
  readonly keepObstacle: string | null | undefined
}

/** How somebody at a desktop wants to sign in; `again`: only to prove who they are, so what is kept stays. */
interface BrowserSignIn {
  readonly invite: string | null
  readonly keep: boolean
  readonly again: boolean
}

/** The ways in, as a stranger is told them. */
interface Offers {
  readonly sso: boolean
  readonly passwords: boolean
  readonly https: boolean
  readonly keep: { obstacle: string | null } | null
}

/** Signing in by way of the single sign-on provider. */
export class SsoSignIn {
  readonly #options: SsoSignInOptions

  constructor(options: SsoSignInOptions) {
    this.#options = options
  }

  get isOn(): boolean {
    return this.#options.provider !== null
  }

  /** What the sign-in page offers. */
  offers({ door, requestOrigin }: RequestContext): Offers {
    const { passwordsOff, keepObstacle } = this.#options
    const keep = door === 'desktop' && keepObstacle !== undefined ? { obstacle: keepObstacle } : null
    const https = requestOrigin?.startsWith('https://') === true
    return { sso: this.isOn, passwords: !passwordsOff, https, keep }
  }

  /** Where to send a browser, and what it must bring back; `again` where they must prove who they are. Throws SSO_OFF or SSO_UNAVAILABLE. */
  begin(invite: string | null, again: boolean): Promise<{ url: string; flow: string }> {
    return this.#telling(() => this.#provider().begin({ invite, again }))
  }

  /** Throws SSO_OFF, SSO_UNAVAILABLE, SSO_REFUSED, SSO_NO_ACCOUNT, SSO_EMAIL_UNVERIFIED or EMAIL_TAKEN. */
  async finish(context: RequestContext, query: string, flow: string | null): Promise<Session> {
    const person = await this.#telling(() => this.#provider().finish(query, flow))
    return this.#open(context, person)
  }

  /**
   * On a desktop: opens the system browser, and waits for it on a loopback address (RFC 8252, section 7.3). Throws as
   * `finish` does; SSO_REFUSED too when nobody comes back.
   */
  async signInWithBrowser(context: RequestContext, wanted: BrowserSignIn): Promise<Session> {
    const { invite, keep, again } = wanted
    const { loopbackPort, openInBrowser } = this.#options
    const provider = this.#provider()
    if (openInBrowser === null || context.door !== 'desktop') throw new AppError('SSO_OFF')
    const person = await this.#telling(async () => {
      await using listener = await waitForBrowser(loopbackPort, context.signal)
      const { url, flow } = await provider.begin({ redirectUri: listener.redirectUri, invite, again })
      openInBrowser(url)
      return await provider.finish(await listener.query, flow)
    })
    if (!again) context.refreshToken.stay(keep)
    return this.#open(context, person)
  }

  #provider(): OidcProvider {
    const { provider } = this.#options
    if (!provider) throw new AppError('SSO_OFF')
    return provider
  }

  async #telling<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof OidcFailure)) throw error
      this.#options.log.warn('single sign-on failed', { error })
      throw refusalOf(error)
    }
  }

  async #open(context: RequestContext, found: OidcPerson): Promise<Session> {
    const { store, sessions, service } = this.#options
    const user = await this.#recordingRefusals(context, found, () => this.#accountOf(context, found))
    const fresh = sessions.fresh(user.id, context, sessions.begin({ bySso: true, provedAt: found.provedAt }))
    const audit = auditRecord(context, {
      action: 'session.opened',
      target: targetOf(user),
      actor: actorOf(user),
      after: { by: 'single sign-on' },
    })
    const current = await store.write({ audit, changes: [accountStatusChanged(user.id)] }, async (tx) => {
      const row = await userById(tx, user.id)
      // Disabled, or deleted, while the provider was asked.
      if (!row || row.disabled) throw new AppError('SSO_NO_ACCOUNT')
      await sessions.open(tx, fresh)
      return row
    })
    return service.sessionOf(context, personOf(current), fresh)
  }

  /** The linked account; else one that an administrator prepared with this very, verified address; else a new one. */
  async #accountOf(context: RequestContext, found: OidcPerson): Promise<UserRow> {
    const { store } = this.#options
    const { linked, prepared } = await store.read(async (db) => {
      const known = await userByOidc(db, found.issuer, found.subject)
      return { linked: known, prepared: known ?? (await preparedAccount(db, found)) }
    })
    if (prepared?.disabled) throw new AppError('SSO_NO_ACCOUNT')
    if (linked) return linked
    return prepared ? this.#link(context, prepared, found) : this.#make(context, found)
  }

  async #link(context: RequestContext, user: UserRow, found: OidcPerson): Promise<UserRow> {
    const { store, clock } = this.#options
    const { issuer, subject } = found
    const linked = auditRecord(context, {
      action: 'account.linked',
      target: targetOf(user),
      actor: actorOf(user),
      after: { issuer, subject },
    })
    const audit = ({ isNew }: FoundAccount): AuditRecord | null => (isNew ? linked : null)
    const { account } = await store.write({ audit }, async (tx): Promise<FoundAccount> => {
      const known = await userByOidc(tx, issuer, subject)
      if (known) return { account: known, isNew: false }
      const prepared = await preparedAccount(tx, found)
      // Deleted, disabled, or given another address meanwhile.
      if (prepared?.id !== user.id || prepared.disabled) throw new AppError('SSO_NO_ACCOUNT')
      await insertOidcIdentity(tx, { issuer, subject, userId: user.id, linkedAt: clock.now() })
      return { account: prepared, isNew: true }
    })
    return account
  }

  async #make(context: RequestContext, found: OidcPerson): Promise<UserRow> {
    const { store, clock } = this.#options
    const inviteHash = this.#inviteOf(found)
    const email = emailOf(found)
    const { issuer, subject } = found
    const registered = (user: UserRow): AuditRecord =>
      auditRecord(context, {
        action: 'user.registered',
        target: targetOf(user),
        actor: actorOf(user),
        after: { email, username: user.username, by: 'single sign-on', issuer, subject },
      })
    const audit = (made: FoundAccount): AuditRecord | null => (made.isNew ? registered(made.account) : null)
    const changes = (made: FoundAccount): Change[] => {
      if (!made.isNew) return []
      return [accountChanged(made.account), ...(inviteHash === null ? [] : [invitesChanged()])]
    }
    const { account } = await store.write({ audit, changes }, async (tx): Promise<FoundAccount> => {
      const known = await userByOidc(tx, issuer, subject)
      if (known) return { account: known, isNew: false }
      if (await userByEmail(tx, email)) {
        throw new AppError(found.emailVerified ? 'EMAIL_TAKEN' : 'SSO_EMAIL_UNVERIFIED')
      }
      const user = await newAccount(tx, found, email, clock.now())
      await insertUser(tx, user)
      await insertOidcIdentity(tx, { issuer, subject, userId: user.id, linkedAt: clock.now() })
      if (inviteHash !== null && !(await spendInvite(tx, inviteHash, clock.now()))) {
        throw new AppError('SSO_NO_ACCOUNT')
      }
      return { account: user, isNew: true }
    })
    return account
  }

  /** The hash of the invite that must be used; null where none is needed. */
  #inviteOf({ invite, emailVerified }: OidcPerson): string | null {
    const mode = this.#options.registrationMode()
    if (mode === 'open') return null
    if (mode === 'closed' || invite === null) {
      // The same whether anybody has that address: whoever wrote it at the provider learns nothing here.
      throw new AppError(emailVerified ? 'SSO_NO_ACCOUNT' : 'SSO_EMAIL_UNVERIFIED')
    }
    return hashOfCode(invite)
  }

  /** Whom the provider knows and the desk does not let in: an administrator must be able to see that they tried. */
  async #recordingRefusals<Result>(
    context: RequestContext,
    found: OidcPerson,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const { store } = this.#options
      const { issuer, subject, email } = found
      const user = await store.read(
        async (db) => (await userByOidc(db, issuer, subject)) ?? preparedAccount(db, found),
      )
      const id = user?.id ?? null
      const reason = user?.disabled ? 'The account is disabled.' : error.code
      const name = (email ?? subject).slice(0, 254)
      const audit = auditRecord(context, {
        action: 'session.opened',
        outcome: 'refused',
        target: { kind: 'user', id, name },
        actor: { id, name },
        after: { by: 'single sign-on', issuer, subject, reason },
      })
      await store.write({ audit }, () => undefined)
      throw error
    }
  }
}

/** `isNew` false: another sign-in of the same person, a second tab, was quicker. */
interface FoundAccount {
  readonly account: UserRow
  readonly isNew: boolean
}
