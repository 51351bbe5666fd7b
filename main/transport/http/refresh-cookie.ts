import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PresentedToken, RefreshTokenKeeper } from '../../rpc/request-context.ts'

/** The sign-in that a page load names. */
export interface PageSignIn {
  readonly family: string
  /** See `PresentedToken`. */
  readonly underOldName: boolean
}

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

interface ReadCookie {
  readonly value: string
  readonly underOldName: boolean
}

/** By its name of today; with TLS else by the one it had without. */
function readCookie(header: string | undefined, kind: CookieKind, secure: boolean): ReadCookie | null {
  const names = secure ? [nameOf(kind, true), kind.name] : [kind.name]
  const pairs = (header?.split(';') ?? []).map((pair) => pair.trim().split('='))
  for (const wanted of names) {
    for (const [name, value] of pairs) {
      const isWanted = name === wanted && value !== undefined && kind.pattern.test(value)
      if (isWanted) return { value, underOldName: secure && wanted === kind.name }
    }
  }
  return null
}

/** The sign-in that a page load belongs to, as its cookie says, or null. */
export function readPageCookie(header: string | undefined, secure: boolean): PageSignIn | null {
  const cookie = readCookie(header, pageCookie, secure)
  return cookie && { family: cookie.value, underOldName: cookie.underOldName }
}

/** Keeps the refresh token in a cookie that no script can read and no other site can send (RFC 6265bis). */
export class CookieKeeper implements RefreshTokenKeeper {
  readonly namesSecurely: boolean
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply

  constructor(request: FastifyRequest, reply: FastifyReply, secure: boolean) {
    this.#request = request
    this.#reply = reply
    this.namesSecurely = secure
  }

  get(): PresentedToken | null {
    const cookie = readCookie(this.#request.headers.cookie, refreshCookie, this.namesSecurely)
    return cookie && { token: cookie.value, underOldName: cookie.underOldName }
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
    // Another tab may have moved the sign-in to the new name since this request was sent.
    const onlyOld = this.get()?.underOldName === true
    for (const kind of [refreshCookie, pageCookie]) {
      if (onlyOld) this.#clearOldName(kind)
      else this.#write(kind, '', 'Max-Age=0')
    }
  }

  /** Fastify collects several Set-Cookie headers instead of replacing them. */
  #write(kind: CookieKind, value: string, lifetime: string): void {
    this.#send(kind, nameOf(kind, this.namesSecurely), value, lifetime)
    this.#clearOldName(kind)
  }

  /** A cookie of the time before TLS, or of an older desk, was good for this once. */
  #clearOldName(kind: CookieKind): void {
    const held = this.#request.headers.cookie
      ?.split(';')
      .some((pair) => pair.trim().startsWith(`${kind.name}=`))
    if (this.namesSecurely && held) this.#send(kind, kind.name, '', 'Max-Age=0')
  }

  #send(kind: CookieKind, name: string, value: string, lifetime: string): void {
    const parts = [`${name}=${value}`, lifetime, `Path=${kind.path}`, 'HttpOnly', `SameSite=${kind.sameSite}`]
    this.#reply.header('set-cookie', [...parts, ...(this.namesSecurely ? ['Secure'] : [])].join('; '))
  }
}
