import { createHash } from 'node:crypto'
import type { ReceiverOptions, ResolvedOptions } from './options.ts'

/** A listener of Alta; unknown fields are kept as written. */
interface AltaHttpServer {
  listen: string
  serve: 'api' | 'ott'
  allow_origin?: string[]
  [field: string]: unknown
}

/** A login; `token` is the hash of the password, which itself is never stored. */
export interface AltaUser {
  enable?: boolean
  role?: 'admin' | 'observer' | 'anonymous'
  token: string
  [field: string]: unknown
}

/** An input stream. */
interface AltaReceiver {
  enable?: boolean
  name: string
  source: string
  [field: string]: unknown
}

/** A place for recordings; `duration` in hours. */
interface AltaArchive {
  duration: number
  local?: { locations: string[] }
  [field: string]: unknown
}

/** Who may watch: asked in the order ip, securetoken, backend, default. */
export interface AltaAuthorizer {
  ip?: string[]
  securetoken?: string
  backend?: string[]
  default?: 'allow' | 'deny' | 'pass'
  [field: string]: unknown
}

/** A published stream; `duration` in hours overrides the archive's. */
export interface AltaChannel {
  enable?: boolean
  name?: string
  authorizer?: string
  archive?: string
  duration?: number
  variants?: Record<string, { receiver: string; [field: string]: unknown }>
  [field: string]: unknown
}

/** The whole of `GET /api/config`. */
export interface AltaConfig {
  version: string
  servers: Record<string, AltaHttpServer>
  users: Record<string, AltaUser>
  receivers: Record<string, AltaReceiver>
  ott: {
    archives: Record<string, AltaArchive>
    authorizers: Record<string, AltaAuthorizer>
    channels: Record<string, AltaChannel>
    [field: string]: unknown
  }
  [field: string]: unknown
}

/** Alta stores passwords hashed; how is not published, so ours is a plain SHA-256. */
export function hashPassword(login: string, password: string): string {
  return createHash('sha256').update(`${login}:${password}`).digest('hex')
}

/** Source URL of a receiver that names none. `.invalid` never resolves (RFC 6761). */
export function receiverSource(receiver: ReceiverOptions): string {
  return receiver.source ?? `rtsp://${receiver.id}.camera.invalid/stream`
}

/** The configuration that a freshly set-up Alta with these receivers has. */
export function initialConfig(options: ResolvedOptions): AltaConfig {
  const receivers = options.receivers.map((receiver): [string, AltaReceiver] => [
    receiver.id,
    { enable: receiver.enable ?? true, name: receiver.name ?? receiver.id, source: receiverSource(receiver) },
  ])
  return {
    version: options.version,
    servers: {
      api: { listen: ':0', serve: 'api', allow_origin: [] },
      ott: { listen: ':0', serve: 'ott', allow_origin: [...options.allowOrigin] },
    },
    users: {
      [options.login]: { enable: true, role: 'admin', token: hashPassword(options.login, options.password) },
    },
    receivers: Object.fromEntries(receivers),
    ott: {
      archives: structuredClone(options.archives),
      authorizers: structuredClone(options.authorizers),
      channels: structuredClone(options.channels),
    },
  }
}
