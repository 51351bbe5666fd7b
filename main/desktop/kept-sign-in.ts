import { rm } from 'node:fs/promises'
import { z } from 'zod'
import type { AreaLogger } from '../platform/logging.ts'
import type { HeldSignIn, SignInVault } from '../transport/ipc.ts'
import { readSealed, writeSealed } from './sealed-file.ts'
import { isSealedWithPublicKey, seal, whyNoVault, VaultError } from './vault.ts'
import type { SafeStorage } from './vault.ts'

const heldSchema = z.object({ token: z.string().min(1), expiresAt: z.int() })

interface KeptSignInOptions {
  readonly safeStorage: SafeStorage
  readonly platform: NodeJS.Platform
  readonly file: string
  readonly log: AreaLogger
}

/**
 * Keeps the refresh token of the desktop between two runs of the application, sealed by the operating system's vault.
 * Where there is no vault nothing is written: `obstacle` says why. A file that cannot be opened any more costs a sign-in,
 * nothing else.
 */
export async function openKeptSignIn(options: KeptSignInOptions): Promise<SignInVault> {
  const { safeStorage, platform, file, log } = options
  const obstacle = await whyNoVault(safeStorage, platform)
  const kept = obstacle === null ? await load(options) : null
  // One after the other, so that what was asked for last is what stays.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<void>, failure: string): void => {
    last = last.then(work).catch((error: unknown) => log.error(failure, { error }))
  }
  return {
    obstacle,
    kept,
    save: (held) => {
      if (obstacle !== null) return
      inTurn(
        async () => writeSealed(file, await seal(safeStorage, platform, JSON.stringify(held))),
        'The sign-in is not kept: the vault of the operating system failed',
      )
    },
    erase: () =>
      inTurn(() => rm(file, { force: true }), `The kept sign-in could not be erased: remove ${file}`),
    settled: () => last.then(() => undefined),
  }
}

async function load({ safeStorage, platform, file, log }: KeptSignInOptions): Promise<HeldSignIn | null> {
  try {
    const sealed = await readSealed(file)
    if (sealed === null) return null
    if (isSealedWithPublicKey(sealed, platform)) throw new VaultError('Anybody could have sealed this.')
    const { result } = await safeStorage.decryptStringAsync(sealed)
    return heldSchema.parse(JSON.parse(result))
  } catch (error) {
    // Not the error's own words: what did not parse may hold half a token.
    log.warn('The kept sign-in cannot be read any more; sign in again', { name: (error as Error).name })
    return null
  }
}
