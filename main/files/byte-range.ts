/** What a request with a Range header is to be answered with; `end` is the first byte that is not sent. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/** Two numbers of 15 digits and the unit: what is longer asks for more than one range, or for no byte that exists. */
const longestHeader = 64
const oneRange = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i
const whole: ByteRange = { kind: 'whole' }
const unsatisfiable: ByteRange = { kind: 'unsatisfiable' }

/**
 * Reads a Range header (RFC 9110, section 14.2) for a body of `size` bytes. One range of bytes is served; several ranges,
 * another unit and what is no range are ignored, as the RFC allows: the whole body is then the answer.
 */
export function byteRange(header: string | null, size: number): ByteRange {
  if (header === null || header.length > longestHeader) return whole
  const [, first, last] = oneRange.exec(header) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return whole
  if (first === '') return suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return whole
  return start >= size ? unsatisfiable : { kind: 'part', start, end }
}

/** The last `length` bytes, or all where there are fewer. No byte at all can be named in a Content-Range. */
function suffix(length: number, size: number): ByteRange {
  if (length === 0) return unsatisfiable
  return size === 0 ? whole : { kind: 'part', start: Math.max(0, size - length), end: size }
}
