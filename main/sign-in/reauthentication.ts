import { targetOf } from '../accounts/account-cache.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { userById } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../rpc/app-error.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { ReadHandle, Store } from '../store/store-types.ts'
import { counterOfAccount } from './lockout.ts'
import type { Lockout } from './lockout.ts'
import { putProof } from './queries.ts'
import type { SessionService } from './session-service.ts'

export interface ReauthenticationOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly lockout: Lockout
  readonly signIns: Pick<SessionService, 'liveSignIn'>
}

/** So long a proof of who somebody is counts for what changes a way in. */
const proofLifetimeMs = 15 * 60_000

/** Proves again who a signed-in person is: before what changes how they sign in, or makes an administrator. */
export class Reauthentication {
  readonly #options: ReauthenticationOptions

  constructor(options: ReauthenticationOptions) {
    this.#options = options
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
    await this.requireRecentProof(caller)
  }

  /** Throws REAUTHENTICATION_REQUIRED where this sign-in proved more than 15 minutes ago who it is. */
  async requireRecentProof(caller: Caller): Promise<void> {
    const provedAt = (await this.#options.signIns.liveSignIn(caller.family))?.provedAt ?? 0
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
}
