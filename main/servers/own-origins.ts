import { hostname, networkInterfaces } from 'node:os'
import { webOrigin } from '../../shared/domain/web-origins.ts'

export interface OwnAddresses {
  /** The port of the listener; null while it is off. */
  readonly port: number | null
  readonly tlsEnabled: boolean
  /** `PUBLIC_URL`. */
  readonly publicUrl: string | null
  /** `http.allowed_origins`. */
  readonly allowedOrigins: readonly string[]
}

/**
 * Origins under which pages of this desk may be opened without anybody's leave: what is configured, and the addresses
 * and names of this machine at the listener's port. Any other name stands in a `Host` header that anybody can write.
 */
export function ownOrigins({ port, tlsEnabled, publicUrl, allowedOrigins }: OwnAddresses): string[] {
  const configured = [publicUrl, ...allowedOrigins].flatMap((origin) => webOrigin(origin) ?? [])
  if (port === null) return configured
  const name = hostname().toLowerCase()
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address, family }) => (family === 'IPv6' ? `[${address.split('%', 1)[0]}]` : address))
  const hosts = [
    'localhost',
    '127.0.0.1',
    '[::1]',
    name,
    `${name.replace(/\.local$/, '')}.local`,
    ...addresses,
  ]
  const scheme = tlsEnabled ? 'https' : 'http'
  return [...configured, ...hosts.flatMap((host) => webOrigin(`${scheme}://${host}:${port}`) ?? [])]
}
