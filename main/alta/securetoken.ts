import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { securetokenPath } from './assumptions.ts'

/** How long a securetoken starts sessions, as tickets do. */
const validSeconds = 60
/** Clocks are compared to a second; a token must not lie in Alta's future. */
const earlySeconds = 5
const saltBytes = 4

interface SecuretokenParts {
  /** With its leading slash and `/index.m3u8`. */
  readonly path: string
  /** The viewer's address as Alta sees it. */
  readonly ip: string
  /** Unix seconds. */
  readonly start: number
  readonly end: number
  readonly secret: string
  readonly salt: string
}

/** A token as Alta's securetoken defines it (alta.cesbo.com/en/settings/auth/securetoken): start before end in the hash, after it in the token. */
export function makeSecuretoken({ path, ip, start, end, secret, salt }: SecuretokenParts): string {
  const hash = createHash('sha1').update(`${path}${ip}${start}${end}${secret}${salt}`).digest('hex')
  return `${hash}-${salt}-${end}-${start}`
}

/**
 * The secret that Alta's configuration holds. Derived, so that whoever reads that configuration cannot sign tickets.
 */
export function securetokenSecret(ticketSecret: string): string {
  return createHmac('sha256', ticketSecret).update('securetoken').digest('hex')
}

export interface SecuretokenRequest {
  readonly ticketSecret: string
  readonly channelId: string
  /** The viewer's address as Alta sees it. */
  readonly viewerAddress: string
  /** Alta's time in milliseconds: ours plus the measured offset. */
  readonly nowMs: number
}

/** A token for one channel and one address, good for a minute; `expiresAt` is in Alta's time. It names no person. */
export function issueSecuretoken(request: SecuretokenRequest): { token: string; expiresAt: number } {
  const now = Math.floor(request.nowMs / 1000)
  const end = now + validSeconds
  const token = makeSecuretoken({
    path: securetokenPath(request.channelId),
    ip: request.viewerAddress,
    start: now - earlySeconds,
    end,
    secret: securetokenSecret(request.ticketSecret),
    salt: randomBytes(saltBytes).toString('hex'),
  })
  return { token, expiresAt: end * 1000 }
}

/**
 * The address from which this machine's own windows reach a listener of Alta, as routing has it. Sends nothing:
 * connecting a UDP socket only picks the route. Rejects where there is no route or no such name.
 */
export async function viewerAddressTowards(streamOrigin: string): Promise<string> {
  const { hostname, port, protocol } = new URL(streamOrigin)
  const { address, family } = await lookup(hostname.replace(/^\[(.*)\]$/, '$1'))
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    const connected = once(socket, 'connect')
    socket.connect(Number(port) || (protocol === 'https:' ? 443 : 80), address)
    await connected
    return socket.address().address
  } finally {
    socket.close()
  }
}
