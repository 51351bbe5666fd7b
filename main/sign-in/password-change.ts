import { accountChanged, personOf, targetOf } from '../accounts/account-cache.ts'
import { refuseWeak } from '../accounts/new-passwords.ts'
import { addNotice } from '../accounts/notices.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { updateUser, userById } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../rpc/app-error.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Change } from '../store/change-feed.ts'
import type { Store } from '../store/store-types.ts'
import { deleteOtherFamilies, familiesOf } from './queries.ts'
import type { Reauthentication } from './reauthentication.ts'
import type { RefreshSessions } from './refresh-sessions.ts'
import type { Session, SessionService } from './session-service.ts'
import { signInsEnded } from './sign-ins.ts'

export interface PasswordChangeOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly sessions: RefreshSessions
  readonly service: Pick<SessionService, 'sessionOf'>
  readonly reauthentication: Reauthentication
}

/** People who change their own password. */
export class PasswordChange {
  readonly #options: PasswordChangeOptions

  constructor(options: PasswordChangeOptions) {
    this.#options = options
  }

  /**
   * Every other sign-in of the person ends; this one goes on under a new token. Throws WRONG_PASSWORD or WEAK_PASSWORD.
   */
  async change(
    context: RequestContext,
    caller: Caller,
    input: { currentPassword: string; newPassword: string },
  ): Promise<Session> {
    const { store, passwords, reauthentication } = this.#options
    const before = await store.read((db) => userById(db, caller.userId))
    if (!before) throw new AppError('UNAUTHORIZED')
    await reauthentication.provePassword(context, before, input.currentPassword)
    if (input.newPassword === input.currentPassword) {
      throw new AppError('WEAK_PASSWORD', { message: 'Choose a password that is not the current one.' })
    }
    await refuseWeak(passwords, input.newPassword, before, context.signal)
    const passwordHash = await passwords.hash(input.newPassword, context.signal)
    return this.#storePassword(context, before, passwordHash)
  }

  async #storePassword(context: RequestContext, before: UserRow, passwordHash: string): Promise<Session> {
    const { store, clock, sessions, service } = this.#options
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
    return service.sessionOf(context, personOf(user), fresh)
  }
}
