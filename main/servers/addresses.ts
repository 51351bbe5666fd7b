import { pathPrefix } from '../alta/ott.ts'

/** A page origin on a server's OTT listener; `added` = the desk put it there, so the desk takes it away. */
export interface PageOrigin {
  readonly origin: string
  readonly added: boolean
}

/** The most page origins the desk puts on one server: whoever may sign in could name more. */
export const mostPageOrigins = 32

/** The one way to write a base URL, so that duplicates are found: no trailing slash, no default port. */
export function normalBaseUrl(typed: string): string {
  const url = new URL(typed)
  return `${url.origin}${pathPrefix(url)}`
}

export function readPageOrigins(json: string): PageOrigin[] {
  return JSON.parse(json) as PageOrigin[]
}

/** Whether the desk expects this origin among those that a server lets read. */
export function isKnownOrigin(json: string, origin: string): boolean {
  return readPageOrigins(json).some((page) => page.origin === origin)
}

/** The stored origins, with a note of those that the desk has just put on Alta. */
export function withAdded(json: string, added: readonly string[]): string {
  const pages = readPageOrigins(json)
  return JSON.stringify(
    pages.map(({ origin, added: before }) => ({ origin, added: before || added.includes(origin) })),
  )
}

/** The longest source that is shown; what is left out says how long it was. */
const longestSource = 500
/** A camera has a few; to look at thousands of sources with more would keep the desk from answering. */
const mostParameters = 12
const secretParameter = /pass|pwd|token|secret|key|auth|user|login/i

/**
 * Hides user, password and secrets in the query of a source: what is left tells a camera from another. A password may
 * hold `@`, `/`, `?` and `#` as people typed it: everything up to the last `@` before the query, or before the path, goes.
 */
export function maskSource(source: string): string {
  if (source.length > longestSource) return `[${source.length} characters]`
  const query = source.search(/[?&]/)
  const parameters = query === -1 ? 0 : source.slice(query).split(/[?&]/, mostParameters + 2).length - 1
  const shown = parameters > mostParameters ? `${source.slice(0, query)}?***` : source
  return shown
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^?#]*@/i, '$1***@')
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1***@')
    .replace(/([?&])([^?=&#]*)=[^&#]*/g, (parameter: string, mark: string, name: string) =>
      secretParameter.test(name) ? `${mark}${name}=***` : parameter,
    )
}

/** Peer addresses as Alta writes them: IPv4 within IPv6 is IPv4, and no zone. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').split('%', 1)[0] ?? ''
}

/** Whether an address means the machine itself. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
