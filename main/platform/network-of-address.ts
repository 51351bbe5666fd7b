import { isIPv6 } from 'node:net'

/** An address, or of IPv6 the network of one household or site: whoever has one address of it has them all. */
export function networkOfAddress(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? []
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = address.includes('::')
    ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
    : []
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}
