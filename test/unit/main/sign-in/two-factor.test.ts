import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { insertUser } from '../../../../main/accounts/queries.ts'
import { totpOf } from '../../../../main/sign-in/sign-in-queries.ts'
import { totpCode, totpStep } from '../../../../main/sign-in/totp.ts'
import { TwoFactor } from '../../../../main/sign-in/two-factor.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { developmentStubKey, encryptionKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openTestStore, storeOptions } from '../store/open-test-store.ts'

const deskKeys = new Keyring([developmentStubKey])
const userId = 'u1'

async function storeWithPerson(options = storeOptions()) {
  const store = openTestStore(options)
  await store.write({ audit: null }, (tx) =>
    insertUser(tx, {
      id: userId,
      email: 'mara@desk',
      username: 'mara',
      displayName: 'Mara',
      passwordHash: '',
      admin: false,
      disabled: false,
      mustChangePassword: false,
      documentedPassword: false,
      version: 1,
      createdAt: 0,
    }),
  )
  return store
}

test('a TOTP_ENCRYPTION_KEY that is new seals what the key ring sealed before, and apps go on working', async () => {
  const options = storeOptions()
  const store = await storeWithPerson(options)
  const before = await TwoFactor.open(store, store.feed, systemClock, deskKeys)
  const { secret } = await store.write({ audit: null }, (tx) => before.prepare(tx, userId, 'mara@desk'))
  const code = (difference: number): string => totpCode(secret, totpStep(Date.now()) + difference)
  await store.write({ audit: null }, (tx) => before.confirm(tx, userId, code(0)))

  const own = encryptionKey(randomBytes(32))
  const after = await TwoFactor.open(store, store.feed, systemClock, deskKeys.withActive(own))
  expect(after.isOn(userId)).toBe(true)
  expect((await store.read((db) => totpOf(db, userId)))?.secret).toContain(`v1:${own.id}:`)
  expect(await store.write({ audit: null }, (tx) => after.take(tx, userId, code(1)))).toBe(true)

  // A key ring that is rotated at the next start must not stumble over secrets that are not its own.
  await store.close()
  const next = openTestStore({
    ...options,
    keyring: new Keyring([encryptionKey(randomBytes(32)), developmentStubKey]),
  })
  expect((await next.read((db) => totpOf(db, userId)))?.secret).toContain(`v1:${own.id}:`)
})

test('without its key the desk says so at start instead of refusing every code', async () => {
  const store = await storeWithPerson()
  const withKey = await TwoFactor.open(
    store,
    store.feed,
    systemClock,
    deskKeys.withActive(encryptionKey(randomBytes(32))),
  )
  await store.write({ audit: null }, (tx) => withKey.prepare(tx, userId, 'mara@desk'))
  await expect(TwoFactor.open(store, store.feed, systemClock, deskKeys)).rejects.toThrow(
    'Set TOTP_ENCRYPTION_KEY',
  )
})
