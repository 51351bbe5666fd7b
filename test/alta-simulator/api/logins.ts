import { randomBytes } from 'node:crypto'
import type { AltaConfig, AltaUser } from '../config.ts'
import { hashPassword } from '../config.ts'

const REMEMBER_SECONDS = 30 * 24 * 3600

/** The cookie sessions of Alta's management API. */
export class Logins {
  private readonly sessions = new Map<string, string>()

  /** Opens a session: its `Set-Cookie` value, or undefined when login, password or account are no good. */
  open(config: AltaConfig, login: string, password: string, remember: boolean): string | undefined {
    const user = Object.hasOwn(config.users, login) ? config.users[login] : undefined
    if (!user || user.enable === false || user.token !== hashPassword(login, password)) return undefined
    const value = `${login}:${randomBytes(24).toString('hex')}`
    this.sessions.set(value, login)
    const age = remember ? ` Max-Age=${REMEMBER_SECONDS};` : ''
    return `auth=${value}; Path=/api;${age} HttpOnly; Secure; SameSite=None`
  }

  /** The account behind a request's cookies, if its session lives and the account still may. */
  find(config: AltaConfig, cookies: string | undefined): AltaUser | undefined {
    const value = readCookie(cookies)
    const login = value === undefined ? undefined : this.sessions.get(value)
    const user = login !== undefined && Object.hasOwn(config.users, login) ? config.users[login] : undefined
    return user && user.enable !== false && user.role !== 'anonymous' ? user : undefined
  }

  close(cookies: string | undefined): void {
    const value = readCookie(cookies)
    if (value !== undefined) this.sessions.delete(value)
  }

  /** Ends every session, as a restart of Alta does. */
  closeAll(): void {
    this.sessions.clear()
  }
}

function readCookie(cookies: string | undefined): string | undefined {
  const parts = (cookies ?? '').split(';').map((part) => part.trim())
  return parts.find((part) => part.startsWith('auth='))?.slice('auth='.length)
}
