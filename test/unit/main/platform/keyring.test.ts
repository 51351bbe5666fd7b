import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  encryptionKey,
  EncryptionKeyMissingError,
  isSealed,
  Keyring,
  SealBrokenError,
} from '../../../../main/platform/keyring.ts'

const [first, second] = [encryptionKey(randomBytes(32)), encryptionKey(randomBytes(32))]
const column = 'servers.password_sealed'

test('a sealed value opens in its place, and the same text is never sealed the same way twice', () => {
  const keyring = new Keyring([first])
  for (const text of ['', 'hunter2', 'ключ 🔑', 'x'.repeat(10_000)]) {
    const sealed = keyring.seal(column, 'r1', text)
    expect(keyring.open(column, 'r1', sealed)).toBe(text)
    expect(isSealed(sealed)).toBe(true)
    expect(sealed.startsWith(`v1:${first.id}:`)).toBe(true)
    expect(keyring.seal(column, 'r1', text)).not.toBe(sealed)
  }
})

test('a value moved to another row or column does not open', () => {
  const keyring = new Keyring([first])
  const sealed = keyring.seal(column, 'r1', 'hunter2')
  expect(() => keyring.open(column, 'r2', sealed)).toThrow(SealBrokenError)
  expect(() => keyring.open('servers.ticket_secret_sealed', 'r1', sealed)).toThrow(SealBrokenError)
})

test('a value altered in any part does not open', () => {
  const keyring = new Keyring([first])
  const sealed = keyring.seal(column, 'r1', 'hunter2')
  for (let at = 0; at < sealed.length - 1; at += 1) {
    const altered = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
    expect(() => keyring.open(column, 'r1', altered), `at ${at}`).toThrow()
  }
  for (const text of ['', 'hunter2', 'v1', 'v1:::', `v1:${first.id}:AAAAAAAAAAAAAAAA:AA`])
    expect(() => keyring.open(column, 'r1', text)).toThrow(SealBrokenError)
})

test('older keys open and the first one seals', () => {
  const sealed = new Keyring([first]).seal(column, 'r1', 'hunter2')
  const rotated = new Keyring([second, first])
  expect(rotated.open(column, 'r1', sealed)).toBe('hunter2')
  expect(rotated.isCurrent(sealed)).toBe(false)
  expect(rotated.isCurrent(rotated.seal(column, 'r1', 'hunter2'))).toBe(true)
})

test('a missing key is named', () => {
  const sealed = new Keyring([first]).seal(column, 'r1', 'hunter2')
  expect(() => new Keyring([second]).open(column, 'r1', sealed)).toThrow(EncryptionKeyMissingError)
  expect(() => new Keyring([second]).open(column, 'r1', sealed)).toThrow(first.id)
})
