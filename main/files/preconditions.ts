/** The headers of a request as it came, by name in lower case. */
export type ReadHeader = (name: string) => string | null

/** What comes of the preconditions of a GET or HEAD. */
export type Judgement = 'go on' | 'not modified' | 'failed'

const longestHeader = 4_000

/**
 * Judges If-Match and If-None-Match (RFC 9110, section 13.2.2) for what has this strong entity tag. There is no date to
 * compare: the two headers with dates are ignored, as the RFC asks for in that case.
 */
export function judgePreconditions(header: ReadHeader, etag: string): Judgement {
  const ifMatch = header('if-match')
  if (ifMatch !== null && !names(ifMatch, etag, 'strong')) return 'failed'
  const ifNoneMatch = header('if-none-match')
  return ifNoneMatch !== null && names(ifNoneMatch, etag, 'weak') ? 'not modified' : 'go on'
}

/** Whether a Range header counts: If-Range is left out, or names this very content (RFC 9110, section 13.1.5). */
export function isRangeWanted(header: ReadHeader, etag: string): boolean {
  const ifRange = header('if-range')
  return ifRange === null || ifRange.trim() === etag
}

/** Our tags have no comma in them, so a list can be split at each. */
function names(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.length > longestHeader) return false
  return list
    .split(',')
    .map((item) => item.trim())
    .some((item) => item === '*' || item === etag || (comparison === 'weak' && item === `W/${etag}`))
}
