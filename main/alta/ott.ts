import { connect } from 'node:net'
import { webOrigin } from '../../shared/domain/web-origins.ts'
import { checkedLookup, hostOf, namesRefusedAddress } from './refused-addresses.ts'
import type { AltaConfig, AltaHttpServer } from './alta-types.ts'

/** The configuration's id of the listener that streams, null where there is none. */
export function ottServerId(config: AltaConfig): string | null {
  const candidates = Object.entries(config.servers).filter(([, server]) => server.serve === 'ott')
  // A listener that only this Alta's own machine reaches is taken only where there is no other.
  const open = candidates.find(([, { listen = '' }]) => portOf(listen) !== null && !isLoopback(listen))
  return (open ?? candidates[0])?.[0] ?? null
}

/** Port of a `listen` like `:8200`, `0.0.0.0:8200` or `[::]:8200`; null where it names none. */
function portOf(listen: string): number | null {
  const port = Number(/:(\d{1,5})$/.exec(listen)?.[1])
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null
}

function isLoopback(listen: string): boolean {
  return /^(?:127\.|localhost:|\[::1\])/.test(listen)
}

function hasTls(server: AltaHttpServer): boolean {
  return Boolean(server.crt_chain || server.crt_key)
}

/**
 * Where players are sent: the origin that the admin typed, or the host of the base URL at the port of the streaming
 * listener. Null where Alta has no streaming listener (ALTA_NO_OTT). Pages are told to trust it, so it is never more
 * than an origin, whatever was stored or Alta says.
 */
export function findStreamOrigin(
  config: AltaConfig,
  baseUrl: string,
  streamUrl: string | null,
): string | null {
  if (streamUrl !== null) return webOrigin(streamUrl)
  const id = ottServerId(config)
  const server = id === null ? undefined : config.servers[id]
  const port = portOf(server?.listen ?? '')
  if (!server || port === null) return null
  const scheme = hasTls(server) ? 'https' : 'http'
  return webOrigin(`${scheme}://${new URL(baseUrl).hostname}:${port}`)
}

/** The path of an address without the slashes at its end, to be put before other paths. */
export function pathPrefix({ pathname }: URL): string {
  let end = pathname.length
  while (pathname.charAt(end - 1) === '/') end -= 1
  return pathname.slice(0, end)
}

/** An address below a channel, each part of its id encoded. `path` is used as it is (`index.m3u8`, a WHEP path). */
export function streamUrlOf(streamOrigin: string, channelId: string, path: string): string {
  const encoded = channelId.split('/').map(encodeURIComponent).join('/')
  return `${streamOrigin}/${encoded}/${path}`
}

/** Whether anything takes a connection there. Never rejects but for the caller's signal. */
export async function isPortOpen(
  streamOrigin: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  signal?.throwIfAborted()
  const url = new URL(streamOrigin)
  if (namesRefusedAddress(url)) return false
  const { port, protocol } = url
  const socket = connect({
    host: hostOf(url),
    lookup: checkedLookup(),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    timeout: timeoutMs,
    ...(signal ? { signal } : {}),
  })
  try {
    return await new Promise<boolean>((resolve, reject) => {
      socket.once('connect', () => resolve(true))
      socket.once('timeout', () => resolve(false))
      // What kind of refusal it was makes no difference: it is not open.
      socket.once('error', () => (signal?.aborted ? reject(signal.reason) : resolve(false)))
    })
  } finally {
    socket.destroy()
  }
}
