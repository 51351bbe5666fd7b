import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from './config.ts'
import { ConfigError } from './config.ts'
import { developmentStubKey, encryptionKey, Keyring } from './keyring.ts'
import type { EncryptionKey } from './keyring.ts'

/**
 * The key ring of a desk as configured. Without a key, development uses the stub and staging a key of its own beside
 * the database; production does not come here without one. Throws a `ConfigError` when that key file is damaged.
 */
export function openKeyring(config: Pick<Config, 'env' | 'crypto' | 'db'>): Keyring {
  const configured = config.crypto.encryptionKeys
  // In development the stub still opens what it once sealed, so that a first real key takes over.
  if (config.env === 'development') return new Keyring([...configured, developmentStubKey])
  if (configured.length > 0) return new Keyring(configured)
  return new Keyring([keyBeside(config.db.path)])
}

/** Reads `encryption.key` beside the database, and makes it the first time. */
function keyBeside(databasePath: string): EncryptionKey {
  const path = join(dirname(databasePath), 'encryption.key')
  const encoded = readKey(path) ?? makeKey(path)
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 32)
    throw new ConfigError([
      {
        key: 'crypto.encryption_keys',
        variable: 'ALTAVMS_ENCRYPTION_KEY',
        problem: `is not set, and the key in ${path} is damaged. Restore that file.`,
        allowed: null,
      },
    ])
  return encryptionKey(bytes)
}

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** The file appears whole or not at all, and never replaces one: a lost key is a lost database. */
function makeKey(path: string): string {
  const encoded = randomBytes(32).toString('base64')
  const unfinished = `${path}.${process.pid}.new`
  const handle = openSync(unfinished, 'w', 0o600)
  try {
    writeSync(handle, `${encoded}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  try {
    linkSync(unfinished, path)
    return encoded
  } catch (error) {
    // A desk that was started at the same moment made it first.
    const made = readKey(path)
    if (made === null) throw error
    return made
  } finally {
    rmSync(unfinished, { force: true })
  }
}
