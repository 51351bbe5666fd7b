import { createHash } from 'node:crypto'
import type { AuditAction } from '../../shared/contract/procedure.ts'
import type { Clock } from '../platform/clock.ts'
import type { AuditRecord, Store, Tx } from '../store/store-types.ts'
import { AppError } from '../rpc/app-error.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { deleteFailures, deleteForgottenFailures, failuresOf, putFailures } from './sign-in-queries.ts'

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
  refuseLocked(context: RequestContext, counter: string): void {
    const leftMs = this.#leftMs(context, counter)
    if (leftMs > 0) throw accountLocked(leftMs)
  }

  /** Whether a counter is locked, for what must be refused without a word of it. */
  isLocked(context: RequestContext, counter: string): boolean {
    return this.#leftMs(context, counter) > 0
  }

  #leftMs({ door }: RequestContext, counter: string): number {
    if (door === 'desktop') return 0
    const failures = this.#store.read((db) => failuresOf(db, counter))
    return lockLeftMs(failures, this.#clock.now())
  }

  /** Counts a failure in each counter and records it, and that they are locked where this one locks any. */
  recordFailure(context: RequestContext, counters: readonly string[], failed: AuditRecord): void {
    const before = this.#store.read((db) => counters.map((counter) => failuresOf(db, counter)))
    const audit = [failed]
    if (before.some((failures) => this.#failuresWith(failures, context)?.locks)) {
      audit.push({ ...failed, ...lockedBy(this.#clock.now() + windowMs) })
    }
    this.#store.write({ audit }, (tx) => {
      deleteForgottenFailures(tx, this.#clock.now())
      for (const counter of counters) this.#countFailure(tx, context, counter)
    })
  }

  #countFailure(tx: Tx, context: RequestContext, counter: string): void {
    const now = this.#clock.now()
    const found = this.#failuresWith(failuresOf(tx, counter), context)
    if (!found) return
    const { failedAt, locks } = found
    const lockedUntil = locks ? now + windowMs : null
    putFailures(tx, {
      account: counter,
      failedAt: locks ? [] : failedAt,
      lockedUntil,
      forgetAt: now + windowMs,
    })
  }

  /** The failures with one more, and whether that locks; null where it does not count. */
  #failuresWith(
    before: ReturnType<typeof failuresOf>,
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
  clear(tx: Tx, counters: readonly string[]): void {
    for (const counter of counters) deleteFailures(tx, counter)
  }
}

/** How long a counter is locked still; 0 where it is not. */
function lockLeftMs(failures: ReturnType<typeof failuresOf>, now: number): number {
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
