import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RefreshTokenKeeper } from '../../identity/request-context.ts'

interface CookieKind {
  readonly name: string
  /** With TLS: browsers take such a name only with Secure, and `__Host-` only for all paths of this very host. */
  readonly prefix: '__Secure-' | '__Host-'
  readonly path: string
  readonly pattern: RegExp
  readonly sameSite: 'Strict' | 'Lax'
}

const refreshCookie: CookieKind = {
  name: 'alta_desk_refresh',
  prefix: '__Secure-',
  path: '/api/auth',
  pattern: /^[\w-]{43}$/,
  sameSite: 'Strict',
}
/**
 * Names the sign-in when the page itself is loaded, where the refresh token is not sent. It opens nothing: the desk
 * only looks whether to tell the browser the addresses of the Alta servers. Lax, since a link in a mail loads a page.
 */
const pageCookie: CookieKind = {
  name: 'alta_desk_page',
  prefix: '__Host-',
  path: '/',
  pattern: /^[\da-f-]{36}$/,
  sameSite: 'Lax',
}

function nameOf({ name, prefix }: CookieKind, secure: boolean): string {
  return secure ? `${prefix}${name}` : name
}

/** By its name of today; with TLS else by the one it had before, until the answer takes its place. */
function readCookie(header: string | undefined, kind: CookieKind, secure: boolean): string | null {
  const names = secure ? [nameOf(kind, true), kind.name] : [kind.name]
  const pairs = (header?.split(';') ?? []).map((pair) => pair.trim().split('='))
  for (const wanted of names) {
    for (const [name, value] of pairs) {
      if (name === wanted && value !== undefined && kind.pattern.test(value)) return value
    }
  }
  return null
}

/** The sign-in that a page load belongs to, as its cookie says, or null. */
export function readPageCookie(header: string | undefined, secure: boolean): string | null {
  return readCookie(header, pageCookie, secure)
}

/** Keeps the refresh token in a cookie that no script can read and no other site can send (RFC 6265bis). */
export class CookieKeeper implements RefreshTokenKeeper {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #secure: boolean

  constructor(request: FastifyRequest, reply: FastifyReply, secure: boolean) {
    this.#request = request
    this.#reply = reply
    this.#secure = secure
  }

  get(): string | null {
    return readCookie(this.#request.headers.cookie, refreshCookie, this.#secure)
  }

  set(token: string, expiresAt: number, family: string): void {
    const expires = `Expires=${new Date(expiresAt).toUTCString()}`
    this.#write(refreshCookie, token, expires)
    this.#write(pageCookie, family, expires)
  }

  /** It always does: whoever shares a browser signs out. */
  stay(): void {}

  clear(): void {
    if (this.#request.headers.cookie === undefined) return
    this.#write(refreshCookie, '', 'Max-Age=0')
    this.#write(pageCookie, '', 'Max-Age=0')
  }

  /** Fastify collects several Set-Cookie headers instead of replacing them. */
  #write(kind: CookieKind, value: string, lifetime: string): void {
    this.#send(kind, nameOf(kind, this.#secure), value, lifetime)
    // A cookie of the time before TLS, or of an older desk, was good for this once.
    const held = this.#request.headers.cookie
      ?.split(';')
      .some((pair) => pair.trim().startsWith(`${kind.name}=`))
    if (this.#secure && held) this.#send(kind, kind.name, '', 'Max-Age=0')
  }

  #send(kind: CookieKind, name: string, value: string, lifetime: string): void {
    const parts = [`${name}=${value}`, lifetime, `Path=${kind.path}`, 'HttpOnly', `SameSite=${kind.sameSite}`]
    this.#reply.header('set-cookie', [...parts, ...(this.#secure ? ['Secure'] : [])].join('; '))
  }
}
