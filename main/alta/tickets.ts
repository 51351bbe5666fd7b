import { createHmac, createSecretKey } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'

/** How long a ticket starts sessions; a running session goes on. */
const validSeconds = 60
const header = encode({ alg: 'HS256', typ: 'JWT' })
/** Longer than any ticket: a flood of nonsense is not worth a hash. */
const longestToken = 4096
/** A channel's path and what stands below it. */
const longestPath = 2048

/** What a ticket lets somebody do. */
export interface TicketRequest {
  readonly personId: string
  /** The sign-in it was asked in, with which it ends; empty for the desk's own. */
  readonly signInId: string
  readonly cameraId: string
  readonly channelId: string
}

/** A ticket that was found good. */
export interface Ticket extends TicketRequest {
  readonly jti: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export type TicketRefusal =
  'missing' | 'malformed' | 'forged' | 'expired' | 'wrong-desk' | 'wrong-server' | 'wrong-path'

/** `reason` and `jti` are for the log; Alta learns only that it was refused. */
export type TicketVerdict =
  | { readonly ok: true; readonly ticket: Ticket }
  | { readonly ok: false; readonly reason: TicketRefusal; readonly jti: string | null }

export interface TicketOfficeOptions {
  readonly deskId: string
  readonly serverId: string
  /** This server's alone: no other server's tickets are good here. */
  readonly secret: string
  /** Path of WHEP below a channel of this server. */
  readonly whepPath: string
  readonly clock: Clock
}

/** Signs and checks the tickets of one server. */
export interface TicketSigner {
  /** Synchronous, a few microseconds: a wall asks for a hundred at once. */
  sign(request: TicketRequest): { readonly token: string; readonly jti: string; readonly expiresAt: number }
  /** `realPath` is `X-Real-Path` as Alta sent it, percent-encoded. Never rejects. */
  verify(token: string, realPath: string): Promise<TicketVerdict>
}

const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string().min(1),
  sid: z.string(),
  cam: z.string().min(1),
  path: z.string().min(1),
  iat: z.number(),
  exp: z.number(),
  jti: z.string().min(1),
})

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Tickets are JSON Web Tokens (RFC 7519) with HS256 (RFC 7518, 3.2). */
export function createTicketOffice(options: TicketOfficeOptions): TicketSigner {
  const key = createSecretKey(Buffer.from(options.secret, 'utf8'))
  const { deskId, serverId, clock } = options
  return {
    sign({ personId, signInId, cameraId, channelId }) {
      const iat = Math.floor(clock.now() / 1000)
      const exp = iat + validSeconds
      const jti = newId()
      const claims = {
        iss: deskId,
        aud: serverId,
        sub: personId,
        sid: signInId,
        cam: cameraId,
        path: channelId,
        iat,
        exp,
        jti,
      }
      const signed = `${header}.${encode(claims)}`
      // node:crypto rather than jose here: WebCrypto would cost a turn of the thread pool for each tile of a wall.
      const signature = createHmac('sha256', key).update(signed).digest('base64url')
      return { token: `${signed}.${signature}`, jti, expiresAt: exp * 1000 }
    },
    async verify(token, realPath) {
      if (token === '') return { ok: false, reason: 'missing', jti: null }
      if (token.length > longestToken) return { ok: false, reason: 'malformed', jti: null }
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          issuer: deskId,
          audience: serverId,
          currentDate: new Date(clock.now()),
          requiredClaims: ['exp', 'iat', 'jti', 'sub'],
        })
        return judge(claimsSchema.safeParse(payload), realPath, options.whepPath)
      } catch (error) {
        return { ok: false, ...refusalOf(error) }
      }
    },
  }
}

function judge(
  parsed: z.ZodSafeParseResult<z.infer<typeof claimsSchema>>,
  realPath: string,
  whepPath: string,
): TicketVerdict {
  if (!parsed.success) return { ok: false, reason: 'malformed', jti: null }
  const { sub, sid, cam, path, exp, jti } = parsed.data
  if (!isPathOf(path, realPath, whepPath)) return { ok: false, reason: 'wrong-path', jti }
  const what = { personId: sub, signInId: sid, cameraId: cam, channelId: path }
  return { ok: true, ticket: { ...what, jti, expiresAt: exp * 1000 } }
}

function refusalOf(error: unknown): { reason: TicketRefusal; jti: string | null } {
  if (error instanceof errors.JWSSignatureVerificationFailed) return { reason: 'forged', jti: null }
  if (error instanceof errors.JWTExpired) return { reason: 'expired', jti: jtiOf(error.payload) }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const reasons: Readonly<Record<string, TicketRefusal>> = { iss: 'wrong-desk', aud: 'wrong-server' }
    return { reason: reasons[error.claim] ?? 'malformed', jti: jtiOf(error.payload) }
  }
  if (error instanceof errors.JOSEError) return { reason: 'malformed', jti: null }
  throw error
}

function jtiOf(payload: { jti?: unknown }): string | null {
  return typeof payload.jti === 'string' ? payload.jti : null
}

/**
 * Whether a request path belongs to a channel: its master playlist, WHEP and its sessions, session playlists and
 * segments of its variants. Not by prefix: `desk/gate` and `desk/gate/2` may both be channels.
 */
export function isPathOf(channelId: string, realPath: string, whepPath: string): boolean {
  const path = decoded(realPath)
  const root = `/${channelId}/`
  if (path === null || !path.startsWith(root) || leadsElsewhere(path)) return false
  const rest = path.slice(root.length)
  if (rest === 'index.m3u8' || rest === whepPath) return true
  if (rest.startsWith(`${whepPath}/`)) return /^[\w-]+$/.test(rest.slice(whepPath.length + 1))
  return /^[^/]+\/(?!index\.m3u8$)[\w.-]+\.(?:m3u8|ts)$/.test(rest)
}

/**
 * Whether a path has `.` or `..` in it, which Alta may follow and we would not (RFC 3986, section 5.2.4): also where it is
 * encoded once more, or with the backslash that some take for a slash.
 */
function leadsElsewhere(path: string): boolean {
  return /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|$)/i.test(path)
}

function decoded(realPath: string): string | null {
  if (realPath.length > longestPath) return null
  try {
    return decodeURIComponent(realPath.split('?', 1)[0] ?? '')
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}
