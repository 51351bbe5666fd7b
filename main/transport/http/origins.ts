/** Addresses of this machine itself: 127.0.0.0/8 and ::1, also where IPv4 comes mapped into IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address) || address === '::1'
}

const loopbackHost = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i
/** One label, or a top-level domain that nobody can register: RFC 2606, RFC 6761, RFC 6762, RFC 8375, ICANN's .internal. */
const privateName =
  /^[a-z0-9_-]+$|\.(?:test|example|invalid|localhost|local|lan|internal|home\.arpa)$|(?:^|\.)example\.(?:com|net|org)$/i

/**
 * Names by which only this machine or its own network can call us, with or without a port. A foreign page can give
 * its own registered name the address 127.0.0.1 (DNS rebinding), and a proxy on this machine serves such a name to
 * the world; neither can have one of these.
 */
export function isPrivateHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '')
  return loopbackHost.test(name) || (privateName.test(name) && !/^\d+$/.test(name))
}

/** The address of a socket's other end, with IPv4 as IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d)/i, '')
}

/** A Host header that can stand in an origin; anything else is not repeated anywhere. */
export function saneHost(host: string | undefined): string | null {
  return host !== undefined && /^[a-z0-9._-]+(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/i.test(host)
    ? host
    : null
}

/** A page that this desk served itself: its Origin names the same host and port as the request. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const known = saneHost(host)
  if (known === null || !URL.canParse(origin)) return false
  const page = new URL(origin)
  return (
    URL.canParse(`${page.protocol}//${known}`) && page.host === new URL(`${page.protocol}//${known}`).host
  )
}

/** Whether a page of another origin may call the API; `*` in the list (development) allows every page. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  return allowed.includes('*') || allowed.includes(origin)
}
