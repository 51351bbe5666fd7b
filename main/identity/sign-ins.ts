import type { SignIn } from '../../shared/contract/auth.ts'
import type { SessionRow } from './queries.ts'

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
