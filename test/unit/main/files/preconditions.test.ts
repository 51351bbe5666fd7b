import { expect, test } from 'vitest'
import { isRangeWanted, judgePreconditions } from '../../../../main/files/preconditions.ts'

const etag = '"abc"'
const reader = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name] ?? null

// Would catch: a download that goes on with the bytes of another file (RFC 9110, sections 13.1.1 and 13.1.2).
test.each([
  [{}, 'go on'],
  [{ 'if-match': '"abc"' }, 'go on'],
  [{ 'if-match': '"x", "abc"' }, 'go on'],
  [{ 'if-match': '*' }, 'go on'],
  [{ 'if-match': '"x"' }, 'failed'],
  [{ 'if-match': 'W/"abc"' }, 'failed'],
  [{ 'if-match': `${'"x", '.repeat(2_000)}"abc"` }, 'failed'],
  [{ 'if-none-match': '"abc"' }, 'not modified'],
  [{ 'if-none-match': 'W/"abc"' }, 'not modified'],
  [{ 'if-none-match': '*' }, 'not modified'],
  [{ 'if-none-match': '"x"' }, 'go on'],
  [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 'failed'],
])('%o', (headers, expected) => {
  expect(judgePreconditions(reader(headers), etag)).toBe(expected)
})

// Section 13.1.5: a weak tag, and a date that we do not send, never match.
test.each([
  [{}, true],
  [{ 'if-range': '"abc"' }, true],
  [{ 'if-range': 'W/"abc"' }, false],
  [{ 'if-range': '"x"' }, false],
  [{ 'if-range': 'Sat, 21 Nov 2026 10:00:00 GMT' }, false],
])('If-Range: %o', (headers, expected) => {
  expect(isRangeWanted(reader(headers), etag)).toBe(expected)
})
