import { ORPCError } from '@orpc/client'
import type { Session } from './client.ts'

/** A token this close to its end is renewed before it is used. */
const renewBeforeMs = 60_000

/**
 * The access token of this page, in memory only. It is renewed through the refresh token, which an HttpOnly cookie (or
 * the desktop's door) holds; however many calls need it, one renewal is under way at a time.
 */
export class AccessToken {
  readonly #renew: () => Promise<Session>
  readonly #onEnd: (reason: string) => void
  #session: Session | null = null
  #renewing: Promise<Session> | null = null

  /** `renew` asks for a new session; `onEnd` is told, with the desk's sentence, when it refuses one: the person must sign in again. */
  constructor(renew: () => Promise<Session>, onEnd: (reason: string) => void) {
    this.#renew = renew
    this.#onEnd = onEnd
  }

  /** Uses this session from now on; null after signing out. */
  set(session: Session | null): void {
    this.#session = session
  }

  /** A token that is good for the next minute, or null when nobody is signed in. Never rejects. */
  async current(): Promise<string | null> {
    const session = this.#session
    if (!session) return null
    if (session.expiresAt - Date.now() > renewBeforeMs) return session.accessToken
    try {
      return (await this.renew()).accessToken
    } catch (_error) {
      // The desk cannot be reached or ended the session: the call goes out with what we have and tells which.
      return session.accessToken
    }
  }

  /** Renews once for all that wait. Rejects with the desk's answer; a 401 ends the session of this page. */
  renew(): Promise<Session> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = null
    })
    return this.#renewing
  }

  /** The desk refused `token` (401): true when the call should be made once more, with a newer token. */
  async renewedAfterRefusal(token: string | null): Promise<boolean> {
    if (token === null) return false
    if (this.#session && this.#session.accessToken !== token) return true
    try {
      await this.renew()
      return true
    } catch (_error) {
      // The first refusal is what the caller sees; `renew` has ended the session where the desk said so.
      return false
    }
  }

  async #renewOnce(): Promise<Session> {
    try {
      this.#session = await this.#renew()
      return this.#session
    } catch (error) {
      if (error instanceof ORPCError && error.status === 401) {
        const hadSession = this.#session !== null
        this.#session = null
        if (hadSession) this.#onEnd(error.message)
      }
      throw error
    }
  }
}
