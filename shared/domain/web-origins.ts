/** Longer than any address that somebody means; what is longer is not even parsed. */
const longestAddress = 2000
/**
 * A host as the URL parser writes it: a name, IPv4, or IPv6 in brackets. The parser itself also lets `;`, `,`, `'` and
 * `*` pass (WHATWG URL, forbidden host code points), which mean something in a Content-Security-Policy.
 */
const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/

/** `scheme://host[:port]` of an http address that names no user; null for everything else. */
export function webOrigin(text: string | null): string | null {
  if (text === null || text.length > longestAddress || !URL.canParse(text)) return null
  const { protocol, hostname, username, password, origin } = new URL(text)
  const isWeb = protocol === 'http:' || protocol === 'https:'
  return isWeb && username === '' && password === '' && plainHost.test(hostname) ? origin : null
}

/** Whether a text is an origin and nothing more: no path, query, fragment, user or white space. */
export function isBareOrigin(text: string): boolean {
  const origin = webOrigin(text)
  return origin !== null && !/\s/.test(text) && new URL(text).href === `${origin}/`
}
