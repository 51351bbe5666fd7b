import { createHash } from 'node:crypto'
import type { AuditAction } from '../../shared/contract/procedure.ts'
import type { Clock } from '../platform/clock.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, ReadHandle, Store, Tx } from '../store/store-types.ts'
import { AppError } from '../rpc/app-error.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { deleteFailures, deleteForgottenFailures, failuresOf, putFailures } from './sign-in-queries.ts'
import type { FailuresRow } from './sign-in-queries.ts'

/** So many failures within the window lock a counter for as long as the window. */
const mostFailures = 10
const windowMs = 15 * 60_000
/** What is locked for longer than this was locked before the clock was set back: it is not locked any more. */
export const longestLockMs = 2 * windowMs
const lockedAction: AuditAction = 'account.locked'

/** Too many sign-ins with one name failed; whether anybody has it is not said. */
function accountLocked(leftMs: number): AppError {
  return new AppError('ACCOUNT_LOCKED', {
    message: `Too many sign-ins with this name failed. Try again in ${minutes(leftMs)}.`,
    params: { retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)) },
  })
}

/**
 * Slows down whoever guesses passwords and codes: ten failures within 15 minutes lock a counter for 15. There is one for
 * each name that is typed, whether or not anybody has it, whose lock is said; and one for each account, whose lock is not,
 * since it would tell which names are one person. They are kept in the database. The desk's own window is never locked
 * out, and its failures lock nobody else out.
 */
export class Lockout {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Throws ACCOUNT_LOCKED. Asked before any hash is made, so a locked name answers as quickly as any other. */
  async refuseLocked(db: ReadHandle, context: RequestContext, counter: string): Promise<void> {
    const leftMs = await this.#leftMs(db, context, counter)
    if (leftMs > 0) throw accountLocked(leftMs)
  }

  /** Whether a counter is locked, for what must be refused without a word of it. */
  async isLocked(db: ReadHandle, context: RequestContext, counter: string): Promise<boolean> {
    return (await this.#leftMs(db, context, counter)) > 0
  }

  async #leftMs(db: ReadHandle, { door }: RequestContext, counter: string): Promise<number> {
    if (door === 'desktop') return 0
    return lockLeftMs(await failuresOf(db, counter), this.#clock.now())
  }

  /**
   * Counts a failure in each counter and records it, and that they are locked where this one locks any. The lock of
   * `said` is one that is said: throws ACCOUNT_LOCKED, and counts nothing, where that fell meanwhile.
   */
  async recordFailure(
    context: RequestContext,
    { said, silent }: { readonly said: string; readonly silent: readonly string[] },
    failed: AuditRecord,
  ): Promise<void> {
    const locked = { ...failed, ...lockedBy(this.#clock.now() + windowMs) }
    const audit = (locks: boolean): AuditRecord[] => (locks ? [failed, locked] : [failed])
    const userId = failed.target?.id ?? null
    const changes = (locks: boolean): Change[] =>
      locks && userId !== null ? [{ name: 'account-status.changed', data: { userId } }] : []
    await this.#store.write({ audit, changes }, async (tx) => {
      await this.refuseLocked(tx, context, said)
      await deleteForgottenFailures(tx, this.#clock.now())
      let locks = false
      for (const counter of [said, ...silent])
        locks = (await this.#countFailure(tx, context, counter)) || locks
      return locks
    })
  }

  /** Answers whether this failure locks the counter. */
  async #countFailure(tx: Tx, context: RequestContext, counter: string): Promise<boolean> {
    const now = this.#clock.now()
    const found = this.#failuresWith(await failuresOf(tx, counter), context)
    if (!found) return false
    const { failedAt, locks } = found
    const lockedUntil = locks ? now + windowMs : null
    await putFailures(tx, {
      account: counter,
      failedAt: locks ? [] : failedAt,
      lockedUntil,
      forgetAt: now + windowMs,
    })
    return locks
  }

  /** The failures with one more, and whether that locks; null where it does not count. */
  #failuresWith(
    before: FailuresRow | undefined,
    { door }: RequestContext,
  ): { failedAt: number[]; locks: boolean } | null {
    const now = this.#clock.now()
    // Answers that were on their way when the lock fell change nothing any more.
    if (door === 'desktop' || lockLeftMs(before, now) > 0) return null
    const isRecent = (at: number): boolean => Math.abs(now - at) < windowMs
    const failedAt = [...(before?.failedAt ?? []).filter(isRecent), now]
    return { failedAt, locks: failedAt.length >= mostFailures }
  }

  /** After a success the count starts anew. */
  async clear(tx: Tx, counters: readonly string[]): Promise<void> {
    for (const counter of counters) await deleteFailures(tx, counter)
  }
}

/** How long a counter is locked still; 0 where it is not. */
function lockLeftMs(failures: FailuresRow | undefined, now: number): number {
  const leftMs = (failures?.lockedUntil ?? 0) - now
  return leftMs > 0 && leftMs <= longestLockMs ? leftMs : 0
}

/** The parts of a record that say that the desk locked the account, by whose last failure it is made. */
function lockedBy(
  until: number,
): Pick<AuditRecord, 'action' | 'actorId' | 'actorName' | 'outcome' | 'after'> {
  const after = { until: new Date(until).toISOString() }
  return { action: lockedAction, actorId: null, actorName: 'desk', outcome: 'done', after }
}

/** The counter of a name as it was typed, in lower case, whether or not anybody has it. */
export function counterOfName(name: string): string {
  return `name:${createHash('sha256').update(name).digest('hex')}`
}

/** The counter of an account, by whatever name somebody tries. */
export function counterOfAccount(userId: string): string {
  return `user:${userId}`
}

/** Every counter that can keep this person out. */
export function countersOf({ id, email, username }: LockablePerson): string[] {
  return [counterOfAccount(id), counterOfName(email), counterOfName(username)]
}

/** What a person's sign-ins are counted by. */
export interface LockablePerson {
  readonly id: string
  readonly email: string
  readonly username: string
}

function minutes(ms: number): string {
  const whole = Math.ceil(ms / 60_000)
  return whole === 1 ? 'a minute' : `${whole} minutes`
}
