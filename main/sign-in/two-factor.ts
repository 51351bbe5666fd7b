import type { Clock } from '../platform/clock.ts'
import { EncryptionKeyMissingError } from '../platform/keyring.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Change, ChangeFeed } from '../store/change-feed.ts'
import type { ReadHandle, Store, Tx } from '../store/store-types.ts'
import { hashOfCode, newCode } from '../accounts/one-time-codes.ts'
import {
  allTotp,
  backupCodesLeft,
  deleteTotp,
  putTotp,
  replaceBackupCodes,
  spendBackupCode,
  totpOf,
  updateTotp,
} from './sign-in-queries.ts'
import type { TotpRow } from './sign-in-queries.ts'
import { matchingStep, newTotpSecret, otpauthUrl } from './totp.ts'
import { AppError } from '../rpc/app-error.ts'

const backupCodeCount = 8
/** 60 bits: worth nothing to whoever steals the database. */
const backupCodeGroups = 3
const secretColumn = 'totp_secrets.secret'

/** The secrets of authenticator apps are sealed with a key that is not configured any more. */
class TotpKeyMissingError extends EncryptionKeyMissingError {
  constructor(keyId: string) {
    super(keyId, [])
    this.name = 'TotpKeyMissingError'
    this.message = `The secrets of authenticator apps are encrypted with key ${keyId}, which is not configured. Set TOTP_ENCRYPTION_KEY to the key it had before.`
  }
}

/** A second factor that was just proven, with the codes to print. */
export interface ConfirmedTotp {
  readonly backupCodes: string[]
}

declare module '../store/change-feed.ts' {
  interface Changes {
    /** Somebody has an authenticator app from now on, or none any more. */
    readonly 'totp.changed': { readonly userId: string; readonly on: boolean }
  }
}

/** What a write declares that gives somebody an authenticator app, or takes it. */
export function totpChanged(userId: string, on: boolean): Change {
  return { name: 'totp.changed', data: { userId, on } }
}

/**
 * Authenticator apps and their backup codes. Its writes take the transaction of the caller, who declares `totpChanged`:
 * who has an app is known without a query.
 */
export class TwoFactor {
  readonly #clock: Clock
  readonly #keyring: Keyring
  readonly #on = new Set<string>()

  private constructor(clock: Clock, keyring: Keyring) {
    this.#clock = clock
    this.#keyring = keyring
  }

  /**
   * `keyring` begins with TOTP_ENCRYPTION_KEY where there is one; the keys of the desk follow. Rejects with an
   * `EncryptionKeyMissingError` where a secret was sealed with another.
   */
  static async open(store: Store, feed: ChangeFeed, clock: Clock, keyring: Keyring): Promise<TwoFactor> {
    const twoFactor = new TwoFactor(clock, keyring)
    await twoFactor.#renewSeals(store)
    for (const { userId, confirmedAt } of await store.read(allTotp))
      if (confirmedAt !== null) twoFactor.#on.add(userId)
    feed.on('totp.changed', ({ data: { userId, on } }) => {
      if (on) twoFactor.#on.add(userId)
      else twoFactor.#on.delete(userId)
    })
    return twoFactor
  }

  /** Whether this person is asked for a code. */
  isOn(userId: string): boolean {
    return this.#on.has(userId)
  }

  /** The same, as a transaction must know it. */
  async isOnIn(db: ReadHandle, userId: string): Promise<boolean> {
    const row = await totpOf(db, userId)
    return row !== undefined && row.confirmedAt !== null
  }

  backupCodesLeft(db: ReadHandle, userId: string): Promise<number> {
    return backupCodesLeft(db, userId)
  }

  /** A secret that asks for nothing until a first code proves that the app has it. Throws TOTP_ON. */
  async prepare(tx: Tx, userId: string, account: string): Promise<{ secret: string; otpauthUrl: string }> {
    if (await this.isOnIn(tx, userId)) throw new AppError('TOTP_ON')
    const secret = newTotpSecret()
    const sealed = this.#keyring.seal(secretColumn, userId, secret)
    await putTotp(tx, { userId, secret: sealed, confirmedAt: null, lastStep: 0 })
    return { secret, otpauthUrl: otpauthUrl(secret, account) }
  }

  /** Throws TOTP_ON, TOTP_OFF where nothing was prepared, or WRONG_CODE. */
  async confirm(tx: Tx, userId: string, code: string): Promise<ConfirmedTotp> {
    const row = await totpOf(tx, userId)
    if (!row) throw new AppError('TOTP_OFF')
    if (row.confirmedAt !== null) throw new AppError('TOTP_ON')
    if (!(await this.#takeTotp(tx, userId, code))) throw new AppError('WRONG_CODE')
    await updateTotp(tx, userId, { confirmedAt: this.#clock.now() })
    return { backupCodes: await this.renewBackupCodes(tx, userId) }
  }

  /** Takes a code of the app, or a backup code; either works once. */
  async take(tx: Tx, userId: string, code: string): Promise<boolean> {
    return (await this.#takeTotp(tx, userId, code)) || spendBackupCode(tx, userId, hashOfCode(code))
  }

  /** New backup codes, in plain for this one time; the old ones are void. */
  async renewBackupCodes(tx: Tx, userId: string): Promise<string[]> {
    const codes = Array.from({ length: backupCodeCount }, () => newCode(backupCodeGroups))
    await replaceBackupCodes(tx, userId, codes.map(hashOfCode))
    return codes
  }

  async turnOff(tx: Tx, userId: string): Promise<void> {
    await deleteTotp(tx, userId)
  }

  async #takeTotp(tx: Tx, userId: string, code: string): Promise<boolean> {
    const row = await totpOf(tx, userId)
    if (!row) return false
    const secret = this.#open(userId, row.secret)
    const step = matchingStep(secret, code, this.#clock.now(), row.lastStep)
    if (step === null) return false
    await updateTotp(tx, userId, { lastStep: step })
    return true
  }

  /** Throws `TotpKeyMissingError`, or `SealBrokenError` for a value that was altered. */
  #open(userId: string, sealed: string): string {
    try {
      return this.#keyring.open(secretColumn, userId, sealed)
    } catch (error) {
      throw error instanceof EncryptionKeyMissingError ? new TotpKeyMissingError(error.keyId) : error
    }
  }

  /** The first key seals: a TOTP_ENCRYPTION_KEY that is new, or a key of the desk that was rotated. */
  async #renewSeals(store: Store): Promise<void> {
    const isOld = ({ secret }: TotpRow): boolean => !this.#keyring.isCurrent(secret)
    if (!(await store.read(allTotp)).some(isOld)) return
    await store.write({ audit: null }, async (tx) => {
      for (const { userId, secret } of (await allTotp(tx)).filter(isOld)) {
        const plain = this.#open(userId, secret)
        await updateTotp(tx, userId, { secret: this.#keyring.seal(secretColumn, userId, plain) })
      }
    })
  }
}
