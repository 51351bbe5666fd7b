import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  developmentStubKey,
  encryptionKey,
  EncryptionKeyMissingError,
  Keyring,
  SealBrokenError,
} from '../../../../main/platform/keyring.ts'
import { StubKeyRefusedError } from '../../../../main/store/store-errors.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import { servers } from '../../../../main/store/tables/cameras.ts'
import { deskValues } from '../../../../main/store/tables/desk.ts'
import { eq } from 'drizzle-orm'
import type { StoreOptions } from '../../../../main/store/store.ts'
import { openTestStore, storeOptions } from './open-test-store.ts'

const [oldKey, newKey] = [encryptionKey(randomBytes(32)), encryptionKey(randomBytes(32))]

/** A database with one server, whose secrets the old key seals. */
async function databaseWithServer(): Promise<StoreOptions> {
  const keyring = new Keyring([oldKey])
  const options = storeOptions({ keyring })
  const store = openStore(options)
  await store.write({ audit: null }, async (tx) => {
    await tx
      .insert(deskValues)
      .values({ key: 'own_sealed', value: keyring.seal('desk_values.value', 'own_sealed', 'mine') })
    await tx.insert(servers).values({
      id: 's1',
      name: 'North',
      baseUrl: 'http://127.0.0.1:8100',
      login: 'admin',
      passwordSealed: keyring.seal('servers.password_sealed', 's1', 'hunter2'),
      ticketSecretSealed: keyring.seal('servers.ticket_secret_sealed', 's1', 'ticket'),
      pageOrigins: '[]',
      authorizationMode: 'backend',
      authorizationReason: '',
      whepPath: '',
      createdAt: 0,
    })
  })
  await store.close()
  return options
}

describe('rotation', () => {
  test('seals every secret with the new key, so that the old one can be thrown away', async () => {
    const options = await databaseWithServer()
    await openStore({ ...options, keyring: new Keyring([newKey, oldKey]) }).close()
    const keyring = new Keyring([newKey])
    const store = openTestStore({ ...options, keyring })
    const server = await store.read((db) => db.select().from(servers).get())
    expect(keyring.open('servers.password_sealed', 's1', server?.passwordSealed ?? '')).toBe('hunter2')
    expect(keyring.open('servers.ticket_secret_sealed', 's1', server?.ticketSecretSealed ?? '')).toBe(
      'ticket',
    )
    const own = await store.read((db) =>
      db.select().from(deskValues).where(eq(deskValues.key, 'own_sealed')).get(),
    )
    expect(keyring.open('desk_values.value', 'own_sealed', own?.value ?? '')).toBe('mine')
  })

  test('is all or nothing: a value that does not open stops it and leaves the others on the old key', async () => {
    const options = await databaseWithServer()
    const store = openStore(options)
    await store.write({ audit: null }, (tx) =>
      tx.update(servers).set({ ticketSecretSealed: new Keyring([oldKey]).seal('servers.x', 's1', 'moved') }),
    )
    await store.close()
    const both = new Keyring([newKey, oldKey])
    expect(() => openStore({ ...options, keyring: both })).toThrow(SealBrokenError)
    await openStore(options).close()
  })
})

describe('at start', () => {
  test('a missing key is named by its id', async () => {
    const options = await databaseWithServer()
    const wrong = { ...options, keyring: new Keyring([newKey]) }
    expect(() => openStore(wrong)).toThrow(EncryptionKeyMissingError)
    expect(() => openStore(wrong)).toThrow(new RegExp(`key ${oldKey.id}.*configured: ${newKey.id}`))
  })

  test('a database of the development key is refused where that key is not allowed', async () => {
    const options = storeOptions({ keyring: new Keyring([developmentStubKey]) })
    await openStore(options).close()
    expect(() => openStore({ ...options, keyring: new Keyring([newKey]) })).toThrow(StubKeyRefusedError)
  })

  test('development hands over from the stub to a real key', async () => {
    const options = storeOptions({ keyring: new Keyring([developmentStubKey]) })
    await openStore(options).close()
    await openStore({ ...options, keyring: new Keyring([newKey, developmentStubKey]) }).close()
    await openStore({ ...options, keyring: new Keyring([newKey]) }).close()
  })
})
