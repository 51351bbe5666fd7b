import { expect, test } from 'vitest'
import { matches, parseIfMatch } from '../../alta-simulator/whep/if-match.ts'

const etag = '"a,b"'

// Would catch: a client that sends a list of tags, or "*" in quotes as the WHIP examples do, is told that its ETag is stale.
test.each([
  ['*', true],
  [' * ', true],
  ['"*"', true],
  ['"a,b"', true],
  ['"x", "a,b"', true],
  [', "x" ,,"a,b",', true],
  ['W/"a,b"', false],
  ['"x"', false],
  ['""', false],
  ['"x", "*"', false],
])('If-Match: %s matches %s', (header, expected) => {
  const asked = parseIfMatch(header)
  expect(asked).toBeDefined()
  expect(matches(asked ?? [], etag)).toBe(expected)
})

test.each(['', ',', 'a', '"a', '"a" "b"', 'w/"a"', '*, "a"', '"a"x'])(
  'If-Match: %s is malformed',
  (header) => {
    expect(parseIfMatch(header)).toBeUndefined()
  },
)
