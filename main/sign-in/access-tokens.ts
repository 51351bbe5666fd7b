import { errors, jwtVerify, SignJWT } from 'jose'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { TokenKeys } from './token-keys.ts'

/** Access tokens are valid for 15 minutes; the number is documented and not configurable. */
const accessTokenLifetimeMs = 15 * 60 * 1000

/** What an access token says. */
export interface AccessClaims {
  readonly userId: string
  /** The person's version when it was made; raising it revokes every token at once. */
  readonly version: number
  /** The sign-in it belongs to. */
  readonly family: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What is known of a token once its sign-in was looked up. */
export interface KnownToken extends AccessClaims {
  /** Begun by way of the single sign-on provider. */
  readonly bySso: boolean
}

const audience = 'alta-desk'
const mostRemembered = 4096

/**
 * Makes and checks access tokens (JWT, RFC 7519). A token that was checked once is remembered until it expires, so
 * that a signature costs its time only once; whether the person's version still stands is for the caller to ask.
 */
export class AccessTokens {
  readonly #keys: TokenKeys
  readonly #issuer: string
  readonly #clock: Clock
  readonly #bus: Bus | null
  readonly #checked = new Map<string, KnownToken>()
  #disposables = 0

  /** `deskId` makes the tokens of another desk worthless here. */
  constructor(keys: TokenKeys, deskId: string, clock: Clock, bus: Bus | null = null) {
    this.#bus = bus
    this.#keys = keys
    this.#issuer = `alta-desk:${deskId}`
    this.#clock = clock
  }

  /** `endsAt`: when its sign-in is over, which no token outlives; in milliseconds since the epoch. */
  async issue(
    claims: Omit<AccessClaims, 'expiresAt'>,
    endsAt: number,
  ): Promise<{ token: string; expiresAt: number }> {
    const now = this.#clock.now()
    const expiresAt = Math.min(now + accessTokenLifetimeMs, endsAt)
    const token = await new SignJWT({ ver: claims.version, fam: claims.family })
      .setProtectedHeader({ alg: this.#keys.algorithm, typ: 'JWT' })
      .setIssuer(this.#issuer)
      .setAudience(audience)
      .setSubject(claims.userId)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .sign(this.#keys.signing)
    return { token, expiresAt: Math.floor(expiresAt / 1000) * 1000 }
  }

  /** What a token says that was checked before and has not expired; undefined where it must be checked. */
  remembered(token: string): KnownToken | undefined {
    const claims = this.#checked.get(token)
    if (!claims) return undefined
    if (claims.expiresAt > this.#clock.now()) return claims
    this.#checked.delete(token)
    return undefined
  }

  /** Checks signature, issuer, audience and expiry. Null for a token that is not ours or not valid any more. */
  async check(token: string): Promise<AccessClaims | null> {
    try {
      const { payload } = await jwtVerify(token, this.#keys.checking, {
        algorithms: [this.#keys.algorithm],
        issuer: this.#issuer,
        audience,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.#clock.now()),
      })
      const { sub, exp, ver, fam } = payload
      if (sub === undefined || exp === undefined || typeof ver !== 'number' || typeof fam !== 'string')
        return null
      return { userId: sub, version: ver, family: fam, expiresAt: exp * 1000 }
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return null
      throw error
    }
  }

  /** How many sign-ins have ended so far: to be asked before a sign-in is looked up, for `remember`. */
  get disposables(): number {
    return this.#disposables
  }

  /** Remembers a token whose sign-in was found live, unless one has ended since `endings` was asked: it may be this one. */
  remember(token: string, claims: KnownToken, disposables: number): void {
    if (disposables !== this.#disposables) return
    if (this.#checked.size >= mostRemembered) {
      const oldest = this.#checked.keys().next()
      if (!oldest.done) this.#checked.delete(oldest.value)
    }
    this.#checked.set(token, claims)
  }

  /** Takes up the end of every sign-in. */
  follow(feed: ChangeFeed): void {
    feed.on('sign-ins.ended', ({ data }) => data.families.forEach((family) => this.forgetFamily(family)))
  }

  /** The tokens of a sign-in that ended must be checked again, and will not pass; what holds one open hears of it. */
  forgetFamily(family: string): void {
    this.#disposables += 1
    for (const [token, claims] of this.#checked) if (claims.family === family) this.#checked.delete(token)
    this.#bus?.publish('sign-in.ended', { family })
  }
}
