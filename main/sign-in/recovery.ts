import type { Clock } from '../platform/clock.ts'
import type { Change } from '../store/change-feed.ts'
import type { ReadHandle, Store } from '../store/store-types.ts'
import type { AccessTokens } from './access-tokens.ts'
import { counterOfAccount, counterOfName, countersOf } from './lockout.ts'
import type { Lockout } from './lockout.ts'
import { refuseWeak } from '../accounts/new-passwords.ts'
import { addNotice } from '../accounts/notices.ts'
import { hashOfCode, isHashOf, newRecoveryCode } from '../accounts/one-time-codes.ts'
import { storedName } from './password-sign-in.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { accountChanged, actorOf, targetOf } from '../accounts/account-cache.ts'
import { signInsEnded } from './sign-ins.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { familiesOf } from './queries.ts'
import { updateUser, userById, userByName } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { deleteSignIns } from './queries.ts'
import { AppError } from '../rpc/app-error.ts'

export interface RecoveryOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly tokens: AccessTokens
  readonly lockout: Lockout
  /** Where single sign-on is the only way in, a new password would be none. */
  readonly passwordsOff: boolean
}

export interface RecoveryInput {
  readonly name: string
  readonly recoveryCode: string
  readonly newPassword: string
}

/** Resetting a forgotten password with the recovery code. The authenticator app stays as it is. */
export class Recovery {
  readonly #options: RecoveryOptions

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  /**
   * Ends every sign-in of the person and answers the next recovery code. Throws UNAUTHORIZED, in the same words and
   * time whether or not the name exists; WEAK_PASSWORD once the code is right; ACCOUNT_LOCKED.
   */
  async recover(context: RequestContext, input: RecoveryInput): Promise<{ recoveryCode: string }> {
    const { store, passwords, passwordsOff } = this.#options
    if (passwordsOff) throw new AppError('PASSWORDS_OFF')
    const name = storedName(input.name)
    const { known, counters, isLocked } = await store.read((db) => this.#lookUp(db, context, name))
    const isRight = isHashOf(input.recoveryCode, known?.recoveryHash ?? hashOfCode(newRecoveryCode()))
    if (!known || known.recoveryHash === null || !isRight || known.disabled || isLocked) {
      return this.#fail(context, counters, name, known)
    }
    await refuseWeak(passwords, input.newPassword, known, context.signal)
    const passwordHash = await passwords.hash(input.newPassword, context.signal)
    return this.#store(context, known, passwordHash, [counters.said, ...counters.silent])
  }

  /** Throws ACCOUNT_LOCKED where the name is locked. */
  async #lookUp(db: ReadHandle, context: RequestContext, name: string) {
    const { lockout } = this.#options
    const known = await userByName(db, name)
    // Counted apart from sign-ins: who locks a name by guessing passwords must not stop its owner from recovering it.
    const counters = {
      said: ofRecovery(counterOfName(name)),
      silent: known ? [ofRecovery(counterOfAccount(known.id))] : [],
    }
    await lockout.refuseLocked(db, context, counters.said)
    const [account] = counters.silent
    const isLocked = account !== undefined && (await lockout.isLocked(db, context, account))
    return { known, counters, isLocked }
  }

  async #store(
    context: RequestContext,
    before: UserRow,
    passwordHash: string,
    counters: readonly string[],
  ): Promise<{ recoveryCode: string }> {
    const { store, clock, lockout } = this.#options
    const recoveryCode = newRecoveryCode()
    const audit = auditRecord(context, {
      action: 'account.recovered',
      target: targetOf(before),
      actor: actorOf(before),
    })
    const changes = (made: { user: UserRow; ended: readonly string[] }): Change[] => [
      accountChanged(made.user),
      signInsEnded(made.user.id, made.ended),
    ]
    await store.write({ audit, changes }, async (tx) => {
      const current = await userById(tx, before.id)
      // The code was used, or the person disabled, while the hash was made.
      if (!current || current.recoveryHash !== before.recoveryHash || current.disabled) {
        throw new AppError('UNAUTHORIZED')
      }
      const changed = {
        passwordHash,
        recoveryHash: hashOfCode(recoveryCode),
        mustChangePassword: false,
        documentedPassword: false,
        version: current.version + 1,
      }
      const families = await familiesOf(tx, before.id)
      await updateUser(tx, before.id, changed)
      await deleteSignIns(tx, before.id)
      const notice = { userId: before.id, kind: 'password-changed', by: 'recovery-code' } as const
      await addNotice(tx, context, { ...notice, at: clock.now() })
      await lockout.clear(tx, [...counters, ...countersOf(before)])
      return { user: { ...current, ...changed }, ended: families }
    })
    return { recoveryCode }
  }

  async #fail(
    context: RequestContext,
    counters: { readonly said: string; readonly silent: readonly string[] },
    name: string,
    known: UserRow | undefined,
  ): Promise<never> {
    const { lockout } = this.#options
    const [id, shown] = [known?.id ?? null, name.slice(0, 254)]
    const audit = auditRecord(context, {
      action: 'account.recovered',
      outcome: 'failed',
      target: { kind: 'user', id, name: shown },
      actor: { id, name: shown },
    })
    await lockout.recordFailure(context, counters, audit)
    throw new AppError('UNAUTHORIZED')
  }
}

/** Recovery codes are counted apart from passwords. */
function ofRecovery(counter: string): string {
  return `recovery:${counter}`
}
