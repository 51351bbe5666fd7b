import type { ReadHandle, Store, Tx } from '../store/store-types.ts'
import { accountStatusChanged } from '../accounts/account-cache.ts'
import type { BreakGlass } from './break-glass.ts'
import type { Lockout } from './lockout.ts'
import { counterOfAccount, counterOfName } from './lockout.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { actorOf, personOf, targetOf } from '../accounts/account-cache.ts'
import { updateUser, userById, userByName } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import type { RefreshSessions } from './refresh-sessions.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { Session, SessionService } from './session-service.ts'
import type { TwoFactor } from './two-factor.ts'
import { AppError } from '../rpc/app-error.ts'
import type { ErrorCode } from '../rpc/app-error.ts'

/** What somebody types who signs in. */
export interface Credentials {
  /** An address, or a username; in any case. */
  readonly name: string
  readonly password: string
  /** Of the authenticator app, or a backup code. */
  readonly code?: string | undefined
  /** At the desktop's own window: stay signed in when the application is closed. */
  readonly keep?: boolean | undefined
  /** From the terminal of the desk, while the single sign-on provider is down. */
  readonly terminalCode?: string | undefined
}

export interface PasswordSignInOptions {
  readonly store: Store
  readonly passwords: Passwords
  readonly sessions: RefreshSessions
  readonly lockout: Lockout
  readonly twoFactor: TwoFactor
  readonly service: Pick<SessionService, 'sessionOf'>
  /** Where passwords are not taken: who gets in all the same. */
  readonly breakGlass: BreakGlass | null
}

/** One try to sign in: who it is about, if anybody has that name. */
interface Attempt {
  readonly context: RequestContext
  readonly name: string
  readonly user: UserRow | undefined
}

const wrongTerminalCode =
  'This is not the code that the desk has printed on its terminal, or it was used already.'

/** Signing in with a password, and with a code where the person has an authenticator app. */
export class PasswordSignIn {
  readonly #options: PasswordSignInOptions

  constructor(options: PasswordSignInOptions) {
    this.#options = options
  }

  /**
   * Throws UNAUTHORIZED, in the same words and time whether or not the name exists; TOTP_REQUIRED or WRONG_CODE once
   * the password is right; ACCOUNT_LOCKED after too many failures with this name. An account that is locked is
   * refused as by a wrong password.
   */
  async login(context: RequestContext, credentials: Credentials): Promise<Session> {
    const { store, passwords, lockout } = this.#options
    await this.#options.breakGlass?.refuseAnonymous(context)
    const name = storedName(credentials.name)
    const known = await store.read(async (db) => {
      await lockout.refuseLocked(db, context, counterOfName(name))
      return userByName(db, name)
    })
    const hash = known?.passwordHash || null
    const matches = await passwords.verify(credentials.password, hash, context.signal)
    const { user, isLocked } = await store.read(async (db) => {
      // Answers that waited for their turn must not outrun a lock that fell meanwhile.
      await lockout.refuseLocked(db, context, counterOfName(name))
      const found = known && (await userById(db, known.id))
      return { user: found, isLocked: found ? await this.#isLockedAccount(db, context, found) : false }
    })
    // The password may have been changed, or the person disabled, while the hash was checked.
    const stands = user?.passwordHash === hash && !user.disabled && !isLocked
    const attempt = { context, name, user: user ?? known }
    if (!user || !matches || !stands) return this.#fail(attempt, 'UNAUTHORIZED')
    this.#options.breakGlass?.refuseOthers(user)
    const hasApp = this.#options.twoFactor.isOn(user.id)
    if (hasApp && !credentials.code) throw new AppError('TOTP_REQUIRED')
    // Without an app there is but one code that can be meant.
    const terminalCode = credentials.terminalCode ?? ((!hasApp && credentials.code) || undefined)
    if (this.#options.breakGlass?.lacksCode(context, user, terminalCode)) {
      if (terminalCode === undefined) throw new AppError('TERMINAL_CODE_REQUIRED')
      return this.#fail(attempt, 'WRONG_CODE', wrongTerminalCode)
    }
    return this.#open(attempt, user, credentials)
  }

  /** Its lock looks like a wrong password: else it would tell that two names are one person. */
  #isLockedAccount(db: ReadHandle, context: RequestContext, { id }: UserRow): Promise<boolean> {
    return this.#options.lockout.isLocked(db, context, counterOfAccount(id))
  }

  async #open(
    attempt: Attempt,
    user: UserRow,
    { password, code, keep = false }: Credentials,
  ): Promise<Session> {
    const { store, sessions, lockout, service } = this.#options
    const { context, name } = attempt
    const passwordHash = await this.#renewedHash(user, password, context.signal)
    const fresh = sessions.fresh(user.id, context)
    const audit = auditRecord(context, {
      action: 'session.opened',
      target: targetOf(user),
      actor: actorOf(user),
    })
    try {
      await store.write({ audit, changes: [accountStatusChanged(user.id)] }, async (tx) => {
        // Codes that waited for a hash must not outrun a lock either.
        await lockout.refuseLocked(tx, context, counterOfName(name))
        if (await this.#isLockedAccount(tx, context, user)) throw new AppError('UNAUTHORIZED')
        const current = await userById(tx, user.id)
        // Disabled, or given another password, while the hash was made anew.
        if (current?.passwordHash !== user.passwordHash || current.disabled) {
          throw new AppError('UNAUTHORIZED')
        }
        await this.#takeCode(tx, user.id, code)
        await lockout.clear(tx, [counterOfName(name), counterOfAccount(user.id)])
        if (passwordHash !== null) await updateUser(tx, user.id, { passwordHash })
        await sessions.open(tx, fresh)
      })
    } catch (error) {
      if (error instanceof AppError && error.code !== 'ACCOUNT_LOCKED') return this.#fail(attempt, error.code)
      throw error
    }
    context.refreshToken.stay(keep)
    return service.sessionOf(context, personOf(user), fresh)
  }

  /** Throws WRONG_CODE, which undoes the transaction. */
  async #takeCode(tx: Tx, userId: string, code: string | undefined): Promise<void> {
    const { twoFactor } = this.#options
    if (!(await twoFactor.isOnIn(tx, userId))) return
    if (code === undefined || !(await twoFactor.take(tx, userId, code))) throw new AppError('WRONG_CODE')
  }

  /** A hash with today's parameters, where the stored one has others; null where it may stay, or there is no time now. */
  async #renewedHash(user: UserRow, password: string, signal: AbortSignal): Promise<string | null> {
    const { passwords } = this.#options
    if (!passwords.isOutdated(user.passwordHash)) return null
    try {
      return await passwords.hash(password, signal)
    } catch (error) {
      if (error instanceof AppError && isTemporary(error.code)) return null
      throw error
    }
  }

  async #fail({ context, name, user }: Attempt, code: ErrorCode, sentence?: string): Promise<never> {
    const { lockout } = this.#options
    const [id, shown] = [user?.id ?? null, name.slice(0, 254)]
    const audit = auditRecord(context, {
      action: 'session.opened',
      outcome: 'failed',
      target: { kind: 'user', id, name: shown },
      actor: { id, name: shown },
      after: code === 'WRONG_CODE' ? { reason: 'The code was wrong.' } : null,
    })
    const counters = { said: counterOfName(name), silent: user ? [counterOfAccount(user.id)] : [] }
    await lockout.recordFailure(context, counters, audit)
    throw new AppError(code, { message: sentence })
  }
}

/** Whether the hash was not made for lack of time alone. */
function isTemporary(code: ErrorCode): boolean {
  return code === 'TOO_MANY_REQUESTS' || code === 'PASSWORDS_UNAVAILABLE'
}

/** Names are the same without regard to case, and to spaces around them. */
export function storedName(name: string): string {
  return name.trim().toLowerCase()
}
