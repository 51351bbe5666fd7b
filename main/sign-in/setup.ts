import { accountChanged, actorOf, personOf, targetOf } from '../accounts/account-cache.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { storedEmail, usernameLike } from '../accounts/account-names.ts'
import { refuseWeak } from '../accounts/new-passwords.ts'
import { hashOfCode, isCode, newRecoveryCode } from '../accounts/one-time-codes.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { insertUser, userCount } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { AppError } from '../rpc/app-error.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { Store } from '../store/store-types.ts'
import type { RefreshSessions } from './refresh-sessions.ts'
import type { Session, SessionService } from './session-service.ts'

export interface SetupOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly sessions: RefreshSessions
  readonly service: Pick<SessionService, 'sessionOf'>
  /** What must be typed on the network to make the first administrator; null where nobody may. */
  readonly setupCode: string | null
}

/** The first start: a desk without accounts lets somebody make the first administrator. */
export class Setup {
  readonly #options: SetupOptions

  constructor(options: SetupOptions) {
    this.#options = options
  }

  /** The desktop's own window needs no code: whoever sits there owns the machine. */
  state(context: RequestContext): { needed: boolean; codeNeeded: boolean } {
    const needed = this.#options.people.size === 0
    return { needed, codeNeeded: needed && context.door === 'http' }
  }

  /** Makes the first administrator. Throws ALREADY_SET_UP, WRONG_CODE or WEAK_PASSWORD. */
  async run(
    context: RequestContext,
    input: { email: string; password: string; code?: string },
  ): Promise<Session & { recoveryCode: string }> {
    const { store, passwords, people, sessions, setupCode, clock, service } = this.#options
    if (people.size > 0) throw new AppError('ALREADY_SET_UP')
    if (context.door === 'http' && !isCode(input.code, setupCode)) throw new AppError('WRONG_CODE')
    const email = storedEmail(input.email)
    const user = await newAdministrator(email, '', false, clock.now())
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
    return { ...(await service.sessionOf(context, personOf(row), fresh)), recoveryCode }
  }
}

/** The row of an administrator that is not stored yet; `email` in lower case, `createdAt` in ms since the epoch. */
export async function newAdministrator(
  email: string,
  passwordHash: string,
  documentedPassword: boolean,
  createdAt: number,
): Promise<UserRow> {
  const displayName = email.slice(0, email.indexOf('@'))
  const username = await usernameLike(displayName, () => Promise.resolve(false))
  return {
    id: newId(),
    email,
    username,
    displayName,
    passwordHash,
    documentedPassword,
    createdAt,
    admin: true,
    disabled: false,
    version: 1,
    emailVouched: true,
    recoveryHash: null,
    lastActiveAt: null,
    mustChangePassword: documentedPassword,
  }
}
