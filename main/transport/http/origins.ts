/** Addresses of this machine itself: 127.0.0.0/8 and ::1, also where IPv4 comes mapped into IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address) || address === '::1'
}

/** Names by which this machine calls itself, with or without a port. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i.test(host)
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
  if (host === undefined || !URL.canParse(origin)) return false
  const page = new URL(origin)
  return page.host.toLowerCase() === new URL(`${page.protocol}//${host}`).host.toLowerCase()
}

/** Whether a page of another origin may call the API; `*` in the list (development) allows every page. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  return allowed.includes('*') || allowed.includes(origin)
}
