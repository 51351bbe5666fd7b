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
}

const keysSchema = z.object({ encryptionKey: z.string().min(1), jwtSecret: z.string().min(1) })
/** The keys of a desktop's desk, each 32 random bytes in base64. */
export type DeskKeys = z.infer<typeof keysSchema>

/** Why the operating system's vault cannot keep or give back the keys; the message says what a person can do. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
  /** True where the vault may answer later: it is locked, or not running yet. */
  readonly mayPass: boolean

  constructor(message: string, { mayPass = false, cause }: { mayPass?: boolean; cause?: unknown } = {}) {
    super(message, { cause })
    this.mayPass = mayPass
  }
}

const unlockMessages: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'Unlock the macOS keychain, allow Alta Desk to use it, and try again.',
  linux:
    'Unlock the password store (GNOME Keyring, KWallet or another Secret Service), or install one, and try again.',
}
const otherUnlockMessage = 'Sign in to this machine as an ordinary user, and try again.'

function whatToDo(platform: NodeJS.Platform): string {
  return unlockMessages[platform] ?? otherUnlockMessage
}

/**
 * On Linux, Chromium falls back to a key that everybody knows where no password store answers, marks what it seals with
 * `v10` and still reports that encryption is available. On macOS and Windows `v10` is the real thing.
 * https://source.chromium.org/chromium/chromium/src/+/main:components/os_crypt/async/browser/posix_key_provider.cc
 */
export function isSealedWithPublicKey(sealed: Buffer, platform: NodeJS.Platform): boolean {
  return platform === 'linux' && sealed.subarray(0, 3).toString('latin1') === 'v10'
}

/** Seals `text`, or throws `VaultError` where this machine's vault is none, or does not answer now. */
export async function seal(
  safeStorage: SafeStorage,
  platform: NodeJS.Platform,
  text: string,
): Promise<Buffer> {
  const obstacle = (cause?: unknown) =>
    new VaultError(`The password store of this account does not answer. ${whatToDo(platform)}`, {
      mayPass: true,
      cause,
    })
  if (!(await safeStorage.isAsyncEncryptionAvailable())) throw obstacle()
  let sealed: Buffer
  try {
    sealed = await safeStorage.encryptStringAsync(text)
  } catch (cause) {
    throw obstacle(cause)
  }
  if (isSealedWithPublicKey(sealed, platform)) throw obstacle()
  return sealed
}

/** Why nothing can be sealed on this machine now, or null where it can. */
export async function whyNoVault(
  safeStorage: SafeStorage,
  platform: NodeJS.Platform,
): Promise<string | null> {
  try {
    await seal(safeStorage, platform, 'Alta Desk')
    return null
  } catch (error) {
    if (error instanceof VaultError) return error.message
    throw error
  }
}

export interface VaultOptions {
  readonly safeStorage: SafeStorage
  readonly platform: NodeJS.Platform
  readonly file: string
}

/**
 * Opens the desk's keys from `file`, sealed by the operating system's vault; makes them at the first start. Keys are
 * never made anew where a file exists: what was encrypted with the old ones would be lost. Throws `VaultError`.
 */
export async function openVault(options: VaultOptions): Promise<DeskKeys> {
  const { safeStorage, platform, file } = options
  const sealed = await readSealed(file)
  if (sealed === null) {
    const keys = { encryptionKey: newKey(), jwtSecret: newKey() }
    await writeSealed(file, await seal(safeStorage, platform, JSON.stringify(keys)))
    return keys
  }
  if (isSealedWithPublicKey(sealed, platform)) {
    throw new VaultError(
      `The keys in ${file} were sealed while no password store was running, so anybody who can read the file can read ` +
        'them. Restore this file from a backup.',
    )
  }
  const { shouldReEncrypt, result } = await unseal(options, sealed)
  const keys = readKeys(result, file)
  if (shouldReEncrypt) await writeSealed(file, await seal(safeStorage, platform, result))
  return keys
}

function newKey(): string {
  return randomBytes(32).toString('base64')
}

/**
 * Electron says that a vault is "temporarily unavailable" where it is locked, but a password store that is not running
 * looks like a wrong key. Neither is a reason to give up the data folder, so every failure may be tried again.
 */
async function unseal({ safeStorage, platform, file }: VaultOptions, sealed: Buffer) {
  try {
    return await safeStorage.decryptStringAsync(sealed)
  } catch (cause) {
    throw new VaultError(
      `The keys in ${file} cannot be opened: the password store is locked or not running, or they were sealed by another ` +
        `account or machine. ${whatToDo(platform)}`,
      { mayPass: true, cause },
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

/** A password store that starts with the session, or whose owner types its password, answers within this time. */
const pausesMs = [1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * Asks a vault until it answers: after 1 s, 2 s, 4 s, 8 s and 15 s. Throws the last `VaultError`, and at once one that
 * waiting cannot cure.
 */
export async function askVaultPatiently<Answer>(
  ask: () => Promise<Answer>,
  pause: (ms: number) => Promise<unknown>,
): Promise<Answer> {
  for (const pauseMs of pausesMs) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof VaultError && error.mayPass)) throw error
    }
    await pause(pauseMs)
  }
  return ask()
}
