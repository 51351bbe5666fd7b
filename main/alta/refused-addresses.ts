import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { AltaProblem } from './alta-problem.ts'

/**
 * Link-local addresses (RFC 3927, RFC 4291), among them those at which clouds hand their machine's credentials to
 * any machine that asks. No Alta is there, and the desk must not be made to ask. Also where IPv4 is carried in IPv6
 * (mapped: the list does that itself; translated: RFC 2765, RFC 6052, RFC 8215; 6to4: RFC 3056).
 */
const refused = new BlockList()
refused.addSubnet('169.254.0.0', 16, 'ipv4')
refused.addSubnet('fe80::', 10, 'ipv6')
refused.addAddress('fd00:ec2::254', 'ipv6')
// Amazon's, for what runs in its clusters.
refused.addAddress('fd00:ec2::23', 'ipv6')
refused.addSubnet('::169.254.0.0', 112, 'ipv6')
refused.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6')
refused.addSubnet('::ffff:0:169.254.0.0', 112, 'ipv6')
refused.addSubnet('64:ff9b:1::169.254.0.0', 112, 'ipv6')
refused.addSubnet('2002:a9fe::', 32, 'ipv6')
// Of clouds whose metadata are at no link-local address: Google, Alibaba, Azure, Oracle.
refused.addAddress('fd20:ce::254', 'ipv6')
refused.addAddress('100.100.100.200', 'ipv4')
refused.addAddress('168.63.129.16', 'ipv4')
refused.addAddress('192.0.0.192', 'ipv4')

/** Whether the desk never connects to this IP address; false for what is no address. */
export function isRefusedAddress(address: string): boolean {
  const plain = address.split('%', 1)[0] ?? ''
  const family = isIP(plain)
  return family !== 0 && refused.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

/** The host of a URL as sockets and resolvers want it: without brackets, without the dot of a full name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

/** Whether the URL itself names a refused address; the parser has made one of `0xa9fea9fe` and the like. */
export function namesRefusedAddress(url: URL): boolean {
  return isRefusedAddress(hostOf(url))
}

export function refusedAddressProblem(field?: 'streamUrl'): AltaProblem {
  return new AltaProblem('ALTA_ADDRESS_REFUSED', field ? { field } : {})
}

/**
 * A name service for sockets that fails where any address of a name is refused. The socket connects to the very
 * addresses that were looked at: a name cannot mean another one a moment later.
 */
export function checkedLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error) callback(error, '')
      else if (addresses.some(({ address }) => isRefusedAddress(address)))
        callback(refusedAddressProblem(), '')
      else if (options.all) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}

/** Throws ALTA_ADDRESS_REFUSED where a URL names a refused address, or a name that has one. A name that is not known passes. */
export async function requireAllowedAddress(
  url: URL,
  field?: 'streamUrl',
  resolve?: typeof systemLookup,
): Promise<void> {
  if (namesRefusedAddress(url)) throw refusedAddressProblem(field)
  const { promise, resolve: done } = Promise.withResolvers<Error | null>()
  checkedLookup(resolve)(hostOf(url), { all: true }, done)
  if ((await promise) instanceof AltaProblem) throw refusedAddressProblem(field)
}
