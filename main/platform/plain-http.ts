const loopbackHost = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i

/**
 * Whether what is sent to this address can be read or changed on its way: plain http to another machine. To this
 * machine it cannot, which development alone makes use of.
 */
export function isPlainHttp(address: string, env: 'development' | 'staging' | 'production'): boolean {
  const url = URL.parse(address)
  if (url?.protocol === 'https:') return false
  return env !== 'development' || url?.protocol !== 'http:' || !loopbackHost.test(url.hostname)
}
