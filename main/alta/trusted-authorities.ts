import { getCACertificates } from 'node:tls'

let found: string[] | undefined

/**
 * Certificates of the authorities this machine trusts: Node's own list, `NODE_EXTRA_CA_CERTS`, and what an admin has
 * installed in the operating system, which Node leaves out by itself. Read once, on the first https server.
 */
export function trustedAuthorities(): string[] {
  found ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]
  return found
}
