import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openVault, VaultError, whyNoVault } from '../../../../main/desktop/vault.ts'
import { machineVault } from '../../../fixtures/machine-vault.ts'

let folder = ''
let file = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alta-desk-vault-'))
  file = join(folder, 'keys.sealed')
})
afterEach(() => rm(folder, { recursive: true }))

describe('which vault is one', () => {
  it.each(['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'])('takes %s on Linux', async (backend) => {
    expect(await whyNoVault(machineVault(backend).vault, 'linux')).toBeNull()
  })

  it.each(['basic_text', 'unknown', ''])(
    'refuses %j on Linux, which would only look encrypted',
    async (backend) => {
      expect(await whyNoVault(machineVault(backend).vault, 'linux')).toContain('GNOME Keyring')
    },
  )

  it.each(['darwin', 'win32'] as const)(
    'asks no backend on %s, where there is no such question',
    async (platform) => {
      const { vault } = machineVault()
      const throwing = { ...vault, getSelectedStorageBackend: () => expect.unreachable('Linux only') }
      expect(await whyNoVault(throwing, platform)).toBeNull()
    },
  )

  it.each(['darwin', 'win32', 'linux'] as const)('says what to do when %s offers none', async (platform) => {
    const vault = { ...machineVault().vault, isAsyncEncryptionAvailable: async () => false }
    await expect(openVault({ safeStorage: vault, platform, file })).rejects.toThrow(VaultError)
    expect(await readdir(folder)).toEqual([])
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
