import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RefreshTokenKeeper } from '../../identity/request-context.ts'

const refreshCookie = {
  name: 'alta_desk_refresh',
  path: '/api/auth',
  pattern: /^[\w-]{43}$/,
  sameSite: 'Strict',
}
/**
 * Names the sign-in when the page itself is loaded, where the refresh token is not sent. It opens nothing: the desk
 * only looks whether to tell the browser the addresses of the Alta servers. Lax, since a link in a mail loads a page.
 */
const pageCookie = { name: 'alta_desk_page', path: '/', pattern: /^[\da-f-]{36}$/, sameSite: 'Lax' }

type CookieKind = typeof refreshCookie

function readCookie(header: string | undefined, kind: CookieKind): string | null {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=')
    if (name === kind.name && value !== undefined && kind.pattern.test(value)) return value
  }
  return null
}

/** The sign-in that a page load belongs to, as its cookie says, or null. */
export function readPageCookie(header: string | undefined): string | null {
  return readCookie(header, pageCookie)
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
    return readCookie(this.#request.headers.cookie, refreshCookie)
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
    const parts = [
      `${kind.name}=${value}`,
      lifetime,
      `Path=${kind.path}`,
      'HttpOnly',
      `SameSite=${kind.sameSite}`,
    ]
    this.#reply.header('set-cookie', [...parts, ...(this.#secure ? ['Secure'] : [])].join('; '))
  }
}
