import { and, desc, eq, inArray, ne, notInArray, or, isNull } from 'drizzle-orm'
import type { Notice, NoticeKind } from '../../shared/contract/account.ts'
import { newId } from '../platform/ids.ts'
import type { Change as FeedChange } from '../store/change-feed.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { notices } from '../store/tables/identity.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    /** Notices of this person were added or dismissed by a write that declares no other change of the account. */
    readonly 'notices.changed': { readonly userId: string }
  }
}

/** What a write declares that changed nothing else of the account than its notices. */
export function noticesChanged(userId: string): FeedChange {
  return { name: 'notices.changed', data: { userId } }
}

/** So many are kept of each person: older ones are in the audit log. */
const mostKept = 20

/** A change of how somebody signs in, of which they get a notice. */
interface Change {
  readonly userId: string
  readonly kind: NoticeKind
  /** In milliseconds since the epoch. */
  readonly at: number
  readonly by: Notice['by']
  /** The name of the administrator who did it; null where none did. */
  readonly byName?: string
  /** The sign-in that made the change and goes on after it: it is not told. */
  readonly family?: string
}

/** Keeps a notice for the person whose way of signing in was changed; in the transaction of that change. */
export async function addNotice(tx: Tx, { remoteAddress }: RequestContext, change: Change): Promise<void> {
  const { userId, byName = null, family = null } = change
  await tx.insert(notices).values({ ...change, id: newId(), byName, family, remoteAddress })
  const kept = tx
    .select({ id: notices.id })
    .from(notices)
    .where(eq(notices.userId, userId))
    .orderBy(desc(notices.id))
    .limit(mostKept)
  await tx.delete(notices).where(and(eq(notices.userId, userId), notInArray(notices.id, kept)))
}

/** What the caller was not told yet, the newest first. */
export function noticesFor(db: ReadHandle, caller: Caller): Promise<Notice[]> {
  const { id, kind, at, by, byName, remoteAddress } = notices
  return db
    .select({ id, kind, at, by, byName, remoteAddress })
    .from(notices)
    .where(areFor(caller))
    .orderBy(desc(id))
    .all()
}

/** Deletes these of the caller's notices, and answers them; ids of others do nothing. */
export async function dismissNotices(tx: Tx, caller: Caller, ids: readonly string[]): Promise<Notice[]> {
  const dismissed = (await noticesFor(tx, caller)).filter(({ id }) => ids.includes(id))
  const found = dismissed.map(({ id }) => id)
  await tx.delete(notices).where(inArray(notices.id, found))
  return dismissed
}

/** The sign-in that made a change neither sees its notice nor takes it from the others. */
function areFor({ userId, family }: Caller) {
  return and(eq(notices.userId, userId), or(isNull(notices.family), ne(notices.family, family)))
}
