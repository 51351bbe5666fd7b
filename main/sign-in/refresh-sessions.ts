import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import {
  deleteExpiredSessions,
  deleteSession,
  insertSession,
  lastSpentSession,
  sessionByHash,
  spendSession,
  unspentSession,
} from './queries.ts'
import { updateUser } from '../accounts/queries.ts'
import type { SessionRow } from './queries.ts'
import type { PresentedToken, RequestContext } from '../rpc/request-context.ts'

/** A refresh token is good for 30 days and for one use. */
const refreshLifetimeMs = 30 * 24 * 60 * 60 * 1000
/** Two tabs, or an answer that was lost: so long may a spent token come again and get the same successor. */
const repeatWithinMs = 10_000

/** A new refresh token and its row; the token itself is stored nowhere. */
export interface FreshToken {
  readonly token: string
  readonly row: SessionRow
}

/** What all tokens of one sign-in have in common. */
type SignInParts = Pick<SessionRow, 'family' | 'bySso' | 'openedAt' | 'provedAt' | 'secureName'>

/** What is to be done about a presented refresh token. */
export type Presented =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'good'; readonly row: SessionRow }
  | { readonly kind: 'repeated'; readonly row: SessionRow; readonly successor: SessionRow }
  | { readonly kind: 'reused'; readonly row: SessionRow }

/**
 * The rules of refresh tokens: 32 random bytes, kept as SHA-256, rotated at every use. Tokens that descend from one
 * sign-in are a family; a token that comes twice was stolen from somebody, so its family ends.
 */
export class RefreshSessions {
  readonly #clock: Clock
  readonly #longestLifeMs: number
  /** By the id of its row: what a token was exchanged for, as long as that may come again. */
  readonly #successors = new Map<string, FreshToken>()

  /** However often it is renewed, no sign-in lives longer than `longestLifeMs`. */
  constructor(clock: Clock, longestLifeMs: number) {
    this.#clock = clock
    this.#longestLifeMs = longestLifeMs
  }

  /** A token for a new sign-in, or the next one of the sign-in that `from` belongs to. */
  fresh(
    userId: string,
    context: RequestContext,
    from: SignInParts = this.begin({ bySso: false, provedAt: this.#clock.now() }),
  ): FreshToken {
    const token = randomBytes(32).toString('base64url')
    const now = this.#clock.now()
    const { family, bySso, openedAt, provedAt } = from
    const secureName = from.secureName || context.refreshToken.namesSecurely
    const row: SessionRow = {
      id: newId(),
      family,
      bySso,
      openedAt,
      provedAt,
      secureName,
      userId,
      tokenHash: hashOf(token),
      createdAt: now,
      expiresAt: Math.min(now + refreshLifetimeMs, openedAt + this.#longestLifeMs),
      spentAt: null,
      remoteAddress: context.remoteAddress,
      userAgent: context.userAgent.slice(0, 300),
    }
    return { token, row }
  }

  /** What the tokens of a new sign-in have in common. */
  begin({ bySso, provedAt }: Pick<SessionRow, 'bySso' | 'provedAt'>): SignInParts {
    return { family: newId(), bySso, openedAt: this.#clock.now(), provedAt, secureName: false }
  }

  /** Whether the time of a token, or of its sign-in, is over. */
  isOver({ expiresAt, openedAt }: Pick<SessionRow, 'expiresAt' | 'openedAt'>): boolean {
    const now = this.#clock.now()
    return expiresAt <= now || openedAt + this.#longestLifeMs <= now
  }

  /**
   * Looks a presented token up; changes nothing. The old name of a cookie is good once for each sign-in: what is given
   * for it has the new name, and from then on the old one is worth nothing.
   */
  async judge(db: ReadHandle, { token, underOldName }: PresentedToken): Promise<Presented> {
    const row = await sessionByHash(db, hashOf(token))
    const now = this.#clock.now()
    if (!row || this.isOver(row)) return { kind: 'unknown' }
    const hasMoved = (session: SessionRow): boolean => underOldName && session.secureName
    if (row.spentAt === null) return hasMoved(row) ? { kind: 'unknown' } : { kind: 'good', row }
    const successor = await unspentSession(db, row.family)
    // Either way: the clock may have been set back since.
    const justSpent =
      Math.abs(now - row.spentAt) < repeatWithinMs && (await lastSpentSession(db, row.family))?.id === row.id
    if (!successor || !justSpent) return { kind: 'reused', row }
    return hasMoved(successor) ? { kind: 'unknown' } : { kind: 'repeated', row, successor }
  }

  /** Stores the first token of a sign-in and drops what has expired of the person's others. */
  async open(tx: Tx, fresh: FreshToken): Promise<void> {
    const now = this.#clock.now()
    await deleteExpiredSessions(tx, fresh.row.userId, now)
    await insertSession(tx, fresh.row)
    await updateUser(tx, fresh.row.userId, { lastActiveAt: now })
  }

  /** Exchanges a good token for `fresh`, in a transaction; call `offer` before it. */
  async exchange(tx: Tx, spent: SessionRow, fresh: FreshToken): Promise<void> {
    await spendSession(tx, spent.id, this.#clock.now())
    await this.open(tx, fresh)
  }

  /** Keeps a successor in plain for as long as the token it replaces may come again; it counts once it is stored. */
  offer(fresh: FreshToken): void {
    const now = this.#clock.now()
    for (const [id, { row }] of this.#successors)
      if (now - row.createdAt >= repeatWithinMs) this.#successors.delete(id)
    this.#successors.set(fresh.row.id, fresh)
  }

  /** A successor in plain; undefined when the desk was started again since. */
  offered({ id }: SessionRow): FreshToken | undefined {
    return this.#successors.get(id)
  }

  /** Puts `fresh` in the place of a successor that nobody has in plain any more. */
  async replace(tx: Tx, lost: SessionRow, fresh: FreshToken): Promise<void> {
    await deleteSession(tx, lost.id)
    await insertSession(tx, fresh.row)
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
