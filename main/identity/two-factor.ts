import type { Clock } from '../platform/clock.ts'
import { EncryptionKeyMissingError } from '../platform/keyring.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { ReadHandle, Store, Tx } from '../store/store-types.ts'
import { hashOfCode, newCode } from './one-time-codes.ts'
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

/**
 * Authenticator apps and the codes that stand in for them. Its writes take the transaction of whoever records them;
 * call `reload` once that is committed, for who has one is known without a query.
 */
export class TwoFactor {
  readonly #store: Store
  readonly #clock: Clock
  readonly #keyring: Keyring
  #on: ReadonlySet<string> = new Set()

  /**
   * `keyring` begins with TOTP_ENCRYPTION_KEY where there is one; the keys of the desk follow. Throws an
   * `EncryptionKeyMissingError` where a secret was sealed with another.
   */
  constructor(store: Store, clock: Clock, keyring: Keyring) {
    this.#store = store
    this.#clock = clock
    this.#keyring = keyring
    this.#sealAnew()
    this.reload()
  }

  /** Whether this person is asked for a code. */
  isOn(userId: string): boolean {
    return this.#on.has(userId)
  }

  reload(): void {
    const rows = this.#store.read(allTotp)
    this.#on = new Set(rows.filter(({ confirmedAt }) => confirmedAt !== null).map(({ userId }) => userId))
  }

  backupCodesLeft(db: ReadHandle, userId: string): number {
    return backupCodesLeft(db, userId)
  }

  /** A secret that asks for nothing until a first code proves that the app has it. Throws TOTP_ON. */
  prepare(tx: Tx, userId: string, account: string): { secret: string; otpauthUrl: string } {
    if (this.isOn(userId)) throw new AppError('TOTP_ON')
    const secret = newTotpSecret()
    const sealed = this.#keyring.seal(secretColumn, userId, secret)
    putTotp(tx, { userId, secret: sealed, confirmedAt: null, lastStep: 0 })
    return { secret, otpauthUrl: otpauthUrl(secret, account) }
  }

  /** Throws TOTP_ON, TOTP_OFF where nothing was prepared, or WRONG_CODE. */
  confirm(tx: Tx, userId: string, code: string): ConfirmedTotp {
    const row = totpOf(tx, userId)
    if (!row) throw new AppError('TOTP_OFF')
    if (row.confirmedAt !== null) throw new AppError('TOTP_ON')
    if (!this.#takeTotp(tx, userId, code)) throw new AppError('WRONG_CODE')
    updateTotp(tx, userId, { confirmedAt: this.#clock.now() })
    return { backupCodes: this.renewBackupCodes(tx, userId) }
  }

  /** Takes a code of the app, or a backup code; either works once. */
  take(tx: Tx, userId: string, code: string): boolean {
    return this.#takeTotp(tx, userId, code) || spendBackupCode(tx, userId, hashOfCode(code))
  }

  /** New backup codes, in plain for this one time; the old ones are void. */
  renewBackupCodes(tx: Tx, userId: string): string[] {
    const codes = Array.from({ length: backupCodeCount }, () => newCode(backupCodeGroups))
    replaceBackupCodes(tx, userId, codes.map(hashOfCode))
    return codes
  }

  turnOff(tx: Tx, userId: string): void {
    deleteTotp(tx, userId)
  }

  #takeTotp(tx: Tx, userId: string, code: string): boolean {
    const row = totpOf(tx, userId)
    if (!row) return false
    const secret = this.#open(userId, row.secret)
    const step = matchingStep(secret, code, this.#clock.now(), row.lastStep)
    if (step === null) return false
    updateTotp(tx, userId, { lastStep: step })
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
  #sealAnew(): void {
    const old = this.#store.read(allTotp).filter(({ secret }) => !this.#keyring.isCurrent(secret))
    if (old.length === 0) return
    this.#store.write({ audit: null }, (tx) => {
      for (const { userId, secret } of old) {
        const plain = this.#open(userId, secret)
        updateTotp(tx, userId, { secret: this.#keyring.seal(secretColumn, userId, plain) })
      }
    })
  }
}
