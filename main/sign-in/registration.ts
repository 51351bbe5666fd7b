import type { RegistrationMode } from '../../shared/domain/registration.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Store } from '../store/store-types.ts'
import { invitesChanged } from '../accounts/invites.ts'
import { openInvite, spendInvite } from '../accounts/invites-queries.ts'
import { refuseWeak } from '../accounts/new-passwords.ts'
import { hashOfCode, newRecoveryCode } from '../accounts/one-time-codes.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { accountChanged, actorOf, personOf, targetOf } from '../accounts/account-cache.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { insertUser } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { RefreshSessions } from './refresh-sessions.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { storedEmail } from '../accounts/account-names.ts'
import type { Session, SessionService } from './session-service.ts'
import { refuseTaken } from '../accounts/account-names.ts'
import { AppError } from '../rpc/app-error.ts'

export interface RegistrationOptions {
  readonly store: Store
  readonly clock: Clock
  readonly service: Pick<SessionService, 'sessionOf'>
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly sessions: RefreshSessions
  readonly mode: RegistrationMode
  /** Whether somebody who registers can become the first administrator (`ADMIN_USERNAME`). */
  readonly mayBeFirst: boolean
}

interface NewAccount {
  readonly email: string
  /** In lower case, as the contract leaves it. */
  readonly username: string
  readonly displayName: string
  readonly password: string
  readonly invite?: string | undefined
}

/** People who make an account of their own. It has no rights until an administrator puts it in a group. */
export class Registration {
  readonly #options: RegistrationOptions

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  rules(): { mode: RegistrationMode } {
    return { mode: this.#isOpenYet() ? this.#options.mode : 'closed' }
  }

  /**
   * Makes the account and signs it in; the invite is used in the same write, and only when everything else is right.
   * Throws REGISTRATION_CLOSED, INVITE_NEEDED, INVITE_INVALID, EMAIL_TAKEN, USERNAME_TAKEN or WEAK_PASSWORD.
   */
  async register(context: RequestContext, input: NewAccount): Promise<Session & { recoveryCode: string }> {
    const { store, passwords, sessions, clock, service } = this.#options
    const inviteHash = this.#inviteOf(input)
    const { username, displayName } = input
    const names = { email: storedEmail(input.email), username, displayName }
    await store.read(async (db) => {
      if (inviteHash !== null && !(await openInvite(db, inviteHash, clock.now())))
        throw new AppError('INVITE_INVALID')
      await refuseTaken(db, null, names)
    })
    await refuseWeak(passwords, input.password, names, context.signal)
    const passwordHash = await passwords.hash(input.password, context.signal)
    const recoveryCode = newRecoveryCode()
    const user: UserRow = {
      id: newId(),
      ...names,
      passwordHash,
      mustChangePassword: false,
      documentedPassword: false,
      admin: false,
      disabled: false,
      version: 1,
      createdAt: clock.now(),
      // Nobody has seen to it that the address is theirs.
      emailVouched: false,
      recoveryHash: hashOfCode(recoveryCode),
      lastActiveAt: null,
    }
    const fresh = sessions.fresh(user.id, context)
    const audit = auditRecord(context, {
      action: 'user.registered',
      target: targetOf(user),
      actor: actorOf(user),
      after: { ...names, by: inviteHash === null ? 'open registration' : 'invite' },
    })
    const changes = [accountChanged(user), ...(inviteHash === null ? [] : [invitesChanged()])]
    await store.write({ audit, changes }, async (tx) => {
      await refuseTaken(tx, null, names)
      await insertUser(tx, user)
      await sessions.open(tx, fresh)
      if (inviteHash !== null && !(await spendInvite(tx, inviteHash, clock.now())))
        throw new AppError('INVITE_INVALID')
    })
    context.refreshToken.stay(false)
    return { ...(await service.sessionOf(context, personOf(user), fresh)), recoveryCode }
  }

  /** The hash of the invite that must be used; null where none is needed. */
  #inviteOf({ invite }: NewAccount): string | null {
    const { mode } = this.rules()
    if (mode === 'closed') throw new AppError('REGISTRATION_CLOSED')
    if (mode === 'open') return null
    if (invite === undefined || invite.trim() === '') throw new AppError('INVITE_NEEDED')
    return hashOfCode(invite)
  }

  /** Before there is an administrator, whoever registered would keep them from ever being made. */
  #isOpenYet(): boolean {
    return this.#options.people.size > 0 || this.#options.mayBeFirst
  }
}
