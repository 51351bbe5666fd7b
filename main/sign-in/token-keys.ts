import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Keyring } from '../platform/keyring.ts'
import type { Store } from '../store/store-types.ts'
import { deskValue, putDeskValue } from '../store/desk-values.ts'

/** What signs access tokens, and what checks them. */
export interface TokenKeys {
  readonly algorithm: 'EdDSA' | 'HS256'
  readonly signing: KeyObject
  readonly checking: KeyObject
}

/** Where the configuration says the keys come from; `kept` is a pair in the database, made at first start. */
export type TokenKeySource =
  | { readonly kind: 'files'; readonly privateKeyPath: string; readonly publicKeyPath: string }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'kept' }

/** The configured key files cannot be used; the message says which and why. */
export class TokenKeyError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'TokenKeyError'
  }
}

/** The `_sealed` at its end tells the store to seal it anew when the encryption key is changed. */
const keptKeyName = 'token_signing_key_sealed'
const deskValueColumn = 'desk_values.value'

/** Reads the keys, or makes them where they are kept by the desk. Throws `TokenKeyError`. */
export async function loadTokenKeys(
  source: TokenKeySource,
  store: Store,
  keyring: Keyring,
): Promise<TokenKeys> {
  switch (source.kind) {
    case 'files':
      return fromFiles(source.privateKeyPath, source.publicKeyPath)
    case 'secret': {
      const key = createSecretKey(Buffer.from(source.secret, 'utf8'))
      return { algorithm: 'HS256', signing: key, checking: key }
    }
    case 'kept':
      return pairOf(createPrivateKey(await keptKey(store, keyring)))
  }
}

function fromFiles(privateKeyPath: string, publicKeyPath: string): TokenKeys {
  const signing = readKey(privateKeyPath, createPrivateKey)
  const checking = readKey(publicKeyPath, createPublicKey)
  const derived = createPublicKey(signing).export({ type: 'spki', format: 'pem' })
  if (derived !== checking.export({ type: 'spki', format: 'pem' })) {
    throw new TokenKeyError(
      `JWT_PUBLIC_KEY_PATH (${publicKeyPath}) is not the public half of JWT_PRIVATE_KEY_PATH (${privateKeyPath}).`,
    )
  }
  return { algorithm: 'EdDSA', signing, checking }
}

function readKey(path: string, read: (pem: Buffer) => KeyObject): KeyObject {
  let key: KeyObject
  try {
    key = read(readFileSync(path))
  } catch (error) {
    throw new TokenKeyError(`The key file ${path} cannot be read as a PEM key.`, error)
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new TokenKeyError(
      `The key in ${path} is not an Ed25519 key; make one with openssl genpkey -algorithm ed25519.`,
    )
  }
  return key
}

function pairOf(signing: KeyObject): TokenKeys {
  return { algorithm: 'EdDSA', signing, checking: createPublicKey(signing) }
}

async function keptKey(store: Store, keyring: Keyring): Promise<string> {
  const sealed = await store.read((db) => deskValue(db, keptKeyName))
  if (sealed !== undefined) return keyring.open(deskValueColumn, keptKeyName, sealed)
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const value = keyring.seal(deskValueColumn, keptKeyName, pem)
  await store.write({ audit: null }, (tx) => putDeskValue(tx, keptKeyName, value))
  return pem
}
