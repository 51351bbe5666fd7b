import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { readSealed, writeSealed } from './sealed-file.ts'

/** The part of Electron's asynchronous safeStorage API that the vault stands on. */
export interface SafeStorage {
  isAsyncEncryptionAvailable(): Promise<boolean>
  encryptStringAsync(plainText: string): Promise<Buffer>
  /** `shouldReEncrypt`: the operating system has a newer key than the one this was sealed with. */
  decryptStringAsync(
    encrypted: Buffer,
  ): Promise<{ readonly shouldReEncrypt: boolean; readonly result: string }>
  getSelectedStorageBackend(): string
}

const keysSchema = z.object({ encryptionKey: z.string().min(1), jwtSecret: z.string().min(1) })
/** The keys of a desktop's desk, each 32 random bytes in base64. */
export type DeskKeys = z.infer<typeof keysSchema>

/** Why the operating system's vault cannot keep or give back the keys; the message says what a person can do. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

/** Vaults that keep their key outside the file system. `basic_text` seals with a password that everybody knows. */
const linuxVaults: ReadonlySet<string> = new Set(['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'])

/** Why this machine's vault is no vault, or null when it is one. */
export async function whyNoVault(
  safeStorage: SafeStorage,
  platform: NodeJS.Platform,
): Promise<string | null> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) {
    return platform === 'darwin'
      ? 'The macOS keychain is locked or refused Alta Desk. Unlock it, allow the access, and start again.'
      : 'The operating system offers no encryption to this account. Sign in as an ordinary user and start again.'
  }
  if (platform === 'linux' && !linuxVaults.has(safeStorage.getSelectedStorageBackend())) {
    return 'No password store is running. Install and unlock GNOME Keyring or KWallet, and start again.'
  }
  return null
}

/**
 * Opens the desk's keys from `file`, sealed by the operating system's vault; makes them at the first start. Keys are
 * never made anew where a file exists: what was encrypted with the old ones would be lost. Throws `VaultError`.
 */
export async function openVault(options: {
  readonly safeStorage: SafeStorage
  readonly platform: NodeJS.Platform
  readonly file: string
}): Promise<DeskKeys> {
  const { safeStorage, platform, file } = options
  const obstacle = await whyNoVault(safeStorage, platform)
  if (obstacle !== null) throw new VaultError(obstacle)
  const sealed = await readSealed(file)
  if (sealed === null) {
    const keys = { encryptionKey: newKey(), jwtSecret: newKey() }
    await writeSealed(file, await safeStorage.encryptStringAsync(JSON.stringify(keys)))
    return keys
  }
  const { shouldReEncrypt, result } = await unseal(safeStorage, sealed, file)
  const keys = readKeys(result, file)
  if (shouldReEncrypt) await writeSealed(file, await safeStorage.encryptStringAsync(result))
  return keys
}

function newKey(): string {
  return randomBytes(32).toString('base64')
}

async function unseal(safeStorage: SafeStorage, sealed: Buffer, file: string) {
  try {
    return await safeStorage.decryptStringAsync(sealed)
  } catch (cause) {
    throw new VaultError(
      `The keys in ${file} were sealed by another account or machine. Restore the password store they were made with, ` +
        'or move the whole data folder away to begin anew.',
      { cause },
    )
  }
}

function readKeys(text: string, file: string): DeskKeys {
  try {
    return keysSchema.parse(JSON.parse(text))
  } catch {
    // No cause: what did not parse may hold half a key, and causes are logged.
    throw new VaultError(`The keys in ${file} are damaged. Restore this file from a backup.`)
  }
}
