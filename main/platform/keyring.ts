import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16

/** One AES-256 key and the name under which sealed values remember it. */
export interface EncryptionKey {
  /** First 8 hex digits of the SHA-256 of the key: the same in every configuration, whatever its position there. */
  readonly id: string
  readonly bytes: Buffer
}

/** A sealed value names a key that is not configured. */
export class EncryptionKeyMissingError extends Error {
  readonly keyId: string

  constructor(keyId: string, known: readonly string[]) {
    super(
      `The database is encrypted with key ${keyId}, which is not configured (configured: ${known.join(', ') || 'none'}). ` +
        'Set ALTAVMS_ENCRYPTION_KEY to the key this database was made with; an older key goes into ALTAVMS_ENCRYPTION_KEY_V2.',
    )
    this.name = 'EncryptionKeyMissingError'
    this.keyId = keyId
  }
}

/** A sealed value does not open with its own key: it was altered, or moved here from another row or column. */
export class SealBrokenError extends Error {
  constructor(column: string, rowId: string) {
    super(
      `The encrypted value ${column} of row ${rowId} was altered or belongs to another row. Restore a backup of the database.`,
    )
    this.name = 'SealBrokenError'
  }
}

/** Makes a key from its 32 bytes. Throws a RangeError for any other length. */
export function encryptionKey(bytes: Buffer): EncryptionKey {
  if (bytes.length !== 32)
    throw new RangeError(`An encryption key has 32 bytes, this one has ${bytes.length}.`)
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
}

/** The key of a desk in development that was given none. Anybody can derive it: it protects nothing. */
export const developmentStubKey: EncryptionKey = encryptionKey(
  createHash('sha256').update('alta-desk development stub key, not a secret').digest(),
)

/**
 * Seals fields of the database with AES-256-GCM (NIST SP 800-38D). A sealed value reads
 * `v1:<key id>:<nonce>:<ciphertext and tag>` in base64url and is bound to its column and row: moved elsewhere, it does
 * not open. The first key is active; the others only open what they once sealed.
 */
export class Keyring {
  readonly active: EncryptionKey
  readonly #keys: ReadonlyMap<string, EncryptionKey>

  /** Throws a RangeError without a key. */
  constructor(keys: readonly EncryptionKey[]) {
    const [active] = keys
    if (!active) throw new RangeError('A key ring needs at least one key.')
    this.active = active
    this.#keys = new Map(keys.map((key) => [key.id, key]))
  }

  /** A ring in which `key` is active and every key of this one still opens. */
  withActive(key: EncryptionKey): Keyring {
    return new Keyring([key, ...this.#keys.values()])
  }

  /** Whether fields are sealed with the key that everybody knows. */
  get isStub(): boolean {
    return this.active.id === developmentStubKey.id
  }

  /** `column` is `table.column`, `rowId` the primary key of the row that will hold the value. */
  seal(column: string, rowId: string, plaintext: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.active.bytes, nonce)
    cipher.setAAD(placeOf(column, rowId))
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return [version, this.active.id, nonce.toString('base64url'), sealed.toString('base64url')].join(':')
  }

  /** Throws `EncryptionKeyMissingError` or `SealBrokenError`. */
  open(column: string, rowId: string, value: string): string {
    const [, keyId, nonce, sealed] = value.split(':')
    if (!isSealed(value) || keyId === undefined || nonce === undefined || sealed === undefined)
      throw new SealBrokenError(column, rowId)
    const key = this.#keys.get(keyId)
    if (!key) throw new EncryptionKeyMissingError(keyId, [...this.#keys.keys()])
    try {
      return decrypt(
        key,
        Buffer.from(nonce, 'base64url'),
        Buffer.from(sealed, 'base64url'),
        placeOf(column, rowId),
      )
    } catch {
      throw new SealBrokenError(column, rowId)
    }
  }

  /**
   * A key of its own for one purpose (HKDF-SHA-256, RFC 5869), from the key named; null where that is not configured.
   * The same in every run, so that what it signed can be checked again.
   */
  derived(purpose: string, keyId = this.active.id): Buffer | null {
    const key = this.#keys.get(keyId)
    return key ? Buffer.from(hkdfSync('sha256', key.bytes, '', `alta-desk ${purpose}`, 32)) : null
  }

  /** Whether `value` was sealed with the active key, so that rotation may leave it. */
  isCurrent(value: string): boolean {
    return value.startsWith(`${version}:${this.active.id}:`)
  }
}

/** Tells a sealed value from any other text. */
export function isSealed(value: string): boolean {
  return /^v1:[0-9a-f]{8}:[\w-]{16}:[\w-]{22,}$/.test(value)
}

function placeOf(column: string, rowId: string): Buffer {
  return Buffer.from(`${column}:${rowId}`, 'utf8')
}

function decrypt(key: EncryptionKey, nonce: Buffer, sealed: Buffer, place: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: tagBytes })
  decipher.setAAD(place)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]).toString('utf8')
}
