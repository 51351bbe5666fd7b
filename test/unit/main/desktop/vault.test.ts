import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askVaultPatiently, openVault, VaultError, whyNoVault } from '../../../../main/desktop/vault.ts'
import type { SafeStorage } from '../../../../main/desktop/vault.ts'
import { machineVault } from '../../../fixtures/machine-vault.ts'

let folder = ''
let file = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alta-desk-vault-'))
  file = join(folder, 'keys.sealed')
})
afterEach(() => rm(folder, { recursive: true }))

describe('which vault is one', () => {
  // Would catch: keys sealed with the password that stands in Chromium's source, on a machine without a password store.
  it('refuses on Linux what Chromium sealed with its public key, and writes nothing', async () => {
    const { vault } = machineVault('v10')
    expect(await whyNoVault(vault, 'linux')).toContain('GNOME Keyring')
    await expect(openVault({ safeStorage: vault, platform: 'linux', file })).rejects.toThrow(VaultError)
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses on Linux keys that lie there sealed with the public key', async () => {
    const { vault } = machineVault('v10')
    await openVault({ safeStorage: vault, platform: 'win32', file })
    const opening = openVault({ safeStorage: vault, platform: 'linux', file })
    await expect(opening).rejects.toMatchObject({ mayPass: false, message: /anybody who can read the file/ })
  })

  it.each(['darwin', 'win32'] as const)('takes v10 on %s, where it is the real vault', async (platform) => {
    expect(await whyNoVault(machineVault('v10').vault, platform)).toBeNull()
  })

  // Would catch: a wallet of a desktop environment that Electron has no name for, refused though it seals well.
  it('asks no backend for its name', async () => {
    expect(await whyNoVault(machineVault().vault, 'linux')).toBeNull()
  })

  it.each(['darwin', 'win32', 'linux'] as const)('says what to do when %s offers none', async (platform) => {
    const vault = { ...machineVault().vault, isAsyncEncryptionAvailable: async () => false }
    await expect(openVault({ safeStorage: vault, platform, file })).rejects.toThrow(VaultError)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a vault that is locked', () => {
  const open = (vault: SafeStorage) => openVault({ safeStorage: vault, platform: 'linux', file })

  // Would catch: a desk that gives up because the session was quicker than its password store.
  it('is asked again, later each time, until it answers', async () => {
    const { vault, setLocked } = machineVault()
    const keys = await open(vault)
    setLocked(true)
    const pauses: number[] = []
    const pause = async (ms: number): Promise<void> => {
      pauses.push(ms)
      if (pauses.length === 3) setLocked(false)
    }
    expect(await askVaultPatiently(() => open(vault), pause)).toEqual(keys)
    expect(pauses).toEqual([1_000, 2_000, 4_000])
  })

  it('is asked for half a minute, and then says what to do', async () => {
    const { vault, setLocked } = machineVault()
    await open(vault)
    setLocked(true)
    const pauses: number[] = []
    const asking = askVaultPatiently(
      () => open(vault),
      async (ms) => pauses.push(ms),
    )
    await expect(asking).rejects.toThrow(/Unlock the password store/)
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(30_000)
  })

  // Would catch: the advice that costs a person all their cameras and users because a keyring was locked.
  it('never advises to give up the data folder, locked or not running', async () => {
    const { vault, setLocked, loseKey } = machineVault()
    await open(vault)
    setLocked(true)
    const locked = await open(vault).catch((error: unknown) => String(error))
    setLocked(false)
    loseKey()
    const foreign = await open(vault).catch((error: unknown) => String(error))
    for (const said of [locked, foreign]) {
      expect(said).toMatch(/^VaultError: .*Unlock the password store/)
      expect(said).not.toMatch(/folder|move|delete|anew/i)
    }
  })

  it('is not waited for where waiting cannot help', async () => {
    const { vault } = machineVault()
    await writeFile(file, await vault.encryptStringAsync('{}'))
    const pause = (): Promise<never> => expect.unreachable('it waited')
    await expect(askVaultPatiently(() => open(vault), pause)).rejects.toThrow(/damaged/)
  })
})

describe('the keys of a desk', () => {
  it('are made at the first start and stay the same, or the database could not be read again', async () => {
    const { vault } = machineVault()
    const first = await openVault({ safeStorage: vault, platform: 'linux', file })
    const second = await openVault({ safeStorage: vault, platform: 'linux', file })
    expect(second).toEqual(first)
    expect(Buffer.from(first.encryptionKey, 'base64')).toHaveLength(32)
    expect(Buffer.from(first.jwtSecret, 'base64')).toHaveLength(32)
    expect(first.jwtSecret).not.toBe(first.encryptionKey)
  })

  it('are nowhere on the disk in the clear', async () => {
    const keys = await openVault({ safeStorage: machineVault().vault, platform: 'linux', file })
    expect(await readdir(folder)).toEqual(['keys.sealed'])
    const content = await readFile(file)
    expect(content.includes(keys.encryptionKey)).toBe(false)
    expect(content.includes('jwtSecret')).toBe(false)
  })

  it('are never replaced when they cannot be opened: what they encrypted would be lost', async () => {
    const { vault, loseKey } = machineVault()
    await openVault({ safeStorage: vault, platform: 'linux', file })
    const sealed = await readFile(file)
    loseKey()
    await expect(openVault({ safeStorage: vault, platform: 'linux', file })).rejects.toThrow(
      /another account or machine/,
    )
    expect(await readFile(file)).toEqual(sealed)
  })

  it('are not guessed from a damaged file', async () => {
    const { vault } = machineVault()
    await writeFile(file, await vault.encryptStringAsync('{"encryptionKey":"abc"'))
    await expect(openVault({ safeStorage: vault, platform: 'linux', file })).rejects.toThrow(/damaged/)
  })

  it('are sealed again when the operating system has a newer key', async () => {
    const { vault, askForReEncryption } = machineVault()
    const keys = await openVault({ safeStorage: vault, platform: 'linux', file })
    const before = await readFile(file)
    askForReEncryption()
    expect(await openVault({ safeStorage: vault, platform: 'linux', file })).toEqual(keys)
    expect(await readFile(file)).not.toEqual(before)
  })
})
