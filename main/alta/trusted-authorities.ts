import { createSecureContext, getCACertificates } from 'node:tls'
import type { SecureContext } from 'node:tls'

let context: SecureContext | undefined

/**
 * Trusts whom this machine trusts: Node's own list, `NODE_EXTRA_CA_CERTS`, and what an admin has installed in the
 * operating system, which Node leaves out by itself. Made once, for the first https server: to read some hundred
 * certificates for each connection would stop everything else.
 */
export function trustedContext(): SecureContext {
  context ??= createSecureContext({
    ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])],
  })
  return context
}
