import { describe, expect, test } from 'vitest'
import { isBareOrigin, webOrigin } from '../../../../shared/domain/web-origins.ts'

describe('web origins', () => {
  test.each([
    ['https://desk.example/', 'https://desk.example'],
    ['HTTP://Desk_1.Example:80/a?b#c', 'http://desk_1.example'],
    ['http://[FD00::2]:8200', 'http://[fd00::2]:8200'],
    ['http://0x7f.1:8200', 'http://127.0.0.1:8200'],
    ['alta-desk://desk', null],
    ['ws://x', null],
    ['nonsense', null],
    ['http://user@x', null],
    ['http://:word@x', null],
    ['http://x;sandbox', null],
    ['http://x,y', null],
    ["http://x'self'", null],
    ['http://*.example', null],
    [null, null],
  ])('of %j: %j', (text, origin) => expect(webOrigin(text)).toBe(origin))

  test.each([
    ['http://10.0.0.7:8200', true],
    ['https://Video.Example/', true],
    ['http://x/path', false],
    ['http://x?', false],
    ['http://x#', false],
    ['http://x\ty', false],
    ['http://user@x', false],
    ['', false],
  ])('%j is nothing but an origin: %s', (text, bare) => expect(isBareOrigin(text)).toBe(bare))

  // Would catch: a megabyte that is parsed before anybody looked how long it is.
  test('what is too long is none', () => {
    expect(webOrigin(`http://x/${'a'.repeat(1_000_000)}`)).toBeNull()
  })
})
