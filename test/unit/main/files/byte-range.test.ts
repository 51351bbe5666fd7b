import { expect, test } from 'vitest'
import { byteRange } from '../../../../main/files/byte-range.ts'

const size = 1_000
const part = (start: number, end: number) => ({ kind: 'part', start, end })
const [whole, unsatisfiable] = [{ kind: 'whole' }, { kind: 'unsatisfiable' }]

// Would catch: a download that goes on at the wrong byte, so that the file is torn where the connection broke.
test.each([
  ['bytes=0-499', part(0, 500)],
  ['bytes=500-999', part(500, 1_000)],
  ['bytes=500-', part(500, 1_000)],
  ['bytes=999-', part(999, 1_000)],
  ['bytes=0-0', part(0, 1)],
  ['bytes=500-99999', part(500, 1_000)],
  ['bytes=-200', part(800, 1_000)],
  ['bytes=-99999', part(0, 1_000)],
  ['BYTES= 1-2 ', part(1, 3)],
  ['bytes=1000-', unsatisfiable],
  ['bytes=1000-1001', unsatisfiable],
  [`bytes=${'9'.repeat(40)}-`, unsatisfiable],
  ['bytes=-0', unsatisfiable],
])('%s of 1000 bytes', (header, expected) => {
  expect(byteRange(header, size)).toEqual(expected)
})

// Would catch: an answer of many parts, or of none, to a header that only says something to somebody else (RFC 9110, 14.2).
test.each([
  [null],
  [''],
  ['bytes='],
  ['bytes=-'],
  ['bytes=500-499'],
  ['bytes=0-1,5-6'],
  ['bytes=0-1, '],
  ['lines=0-1'],
  ['bytes 0-1'],
  ['bytes=0x1-2'],
  ['bytes=--5'],
  ['bytes=1.5-2'],
  ['bytes=١-٢'],
  [`bytes=0-${'9'.repeat(100)}`],
  [`bytes=${'0-,'.repeat(100_000)}`],
])('%s is answered with the whole', (header) => {
  expect(byteRange(header, size)).toEqual(whole)
})

test('an empty file has no range that could be answered, and its last bytes are all of it', () => {
  expect(byteRange('bytes=0-', 0)).toEqual(unsatisfiable)
  expect(byteRange('bytes=-5', 0)).toEqual(whole)
  expect(byteRange(null, 0)).toEqual(whole)
})
