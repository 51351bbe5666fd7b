import type { SignIn } from '../../shared/contract/auth.ts'
import type { Change } from '../store/change-feed.ts'
import type { SessionRow } from './queries.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    /** These sign-ins of a person ended. */
    readonly 'sign-ins.ended': { readonly userId: string; readonly families: readonly string[] }
  }
}

/** What a write declares that ended sign-ins of a person. */
export function signInsEnded(userId: string, families: readonly string[]): Change {
  return { name: 'sign-ins.ended', data: { userId, families } }
}

/**
 * The sign-ins behind a person's refresh tokens, one for each family; `rows` come newest first. Those that have expired
 * are left out; `currentFamily` is the one that asks.
 */
export function signInsOf(rows: readonly SessionRow[], now: number, currentFamily: string): SignIn[] {
  const families = Map.groupBy(rows, ({ family }) => family)
  return [...families.values()].flatMap((tokens) => {
    const [latest] = tokens
    if (!latest || latest.expiresAt <= now) return []
    const { family: id, openedAt, expiresAt, remoteAddress, userAgent } = latest
    const times = { openedAt, usedAt: latest.createdAt, expiresAt }
    return [{ id, ...times, remoteAddress, userAgent, current: id === currentFamily }]
  })
}
