import { createHash } from 'node:crypto'
import type { AuditAction } from '../../shared/contract/procedure.ts'
import type { Clock } from '../platform/clock.ts'
import type { AuditRecord, Store, Tx } from '../store/store-types.ts'
import type { RequestContext } from './request-context.ts'
import { deleteFailures, deleteForgottenFailures, failuresOf, putFailures } from './sign-in-queries.ts'

/** So many failures within the window lock an account for as long as the window. */
const mostFailures = 10
const windowMs = 15 * 60_000
const lockedAction: AuditAction = 'account.locked'

/** Too many sign-ins with one name failed; whether anybody has it is not said. */
export class AccountLockedError extends Error {
  readonly retryAfterSeconds: number

  constructor(leftMs: number) {
    super(`Too many sign-ins with this name failed. Try again in ${minutes(leftMs)}.`)
    this.name = 'AccountLockedError'
    this.retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1000))
  }
}

/**
 * Slows down whoever guesses passwords and codes: ten failures within 15 minutes lock an account for 15. It is kept in
 * the database, and works the same for names that nobody has. The desk's own window is never locked out, and its
 * failures lock nobody else out.
 */
export class Lockout {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Throws `AccountLockedError`. Asked before any hash is made, so a locked name answers as quickly as any other. */
  refuseLocked(context: RequestContext, account: string): void {
    if (context.door === 'desktop') return
    const lockedUntil = this.#store.read((db) => failuresOf(db, account))?.lockedUntil ?? 0
    const leftMs = lockedUntil - this.#clock.now()
    if (leftMs > 0) throw new AccountLockedError(leftMs)
  }

  /** Counts a failure and records it, and that the account is locked where this one locks it. */
  recordFailure(context: RequestContext, account: string, failed: AuditRecord): void {
    const audit = [failed]
    if (
      this.#failuresWith(
        this.#store.read((db) => failuresOf(db, account)),
        context,
      )?.locks
    )
      audit.push({ ...failed, ...lockedBy(this.#clock.now() + windowMs) })
    this.#store.write({ audit }, (tx) => this.#countFailure(tx, context, account))
  }

  #countFailure(tx: Tx, context: RequestContext, account: string): void {
    const now = this.#clock.now()
    deleteForgottenFailures(tx, now)
    const found = this.#failuresWith(failuresOf(tx, account), context)
    if (!found) return
    const { failedAt, locks } = found
    const lockedUntil = locks ? now + windowMs : null
    putFailures(tx, { account, failedAt: locks ? [] : failedAt, lockedUntil, forgetAt: now + windowMs })
  }

  /** The failures with one more, and whether that locks; null where it does not count. */
  #failuresWith(
    before: ReturnType<typeof failuresOf>,
    { door }: RequestContext,
  ): { failedAt: number[]; locks: boolean } | null {
    const now = this.#clock.now()
    // Answers that were on their way when the lock fell change nothing any more.
    if (door === 'desktop' || (before?.lockedUntil ?? 0) > now) return null
    const failedAt = [...(before?.failedAt ?? []).filter((at) => at > now - windowMs), now]
    return { failedAt, locks: failedAt.length >= mostFailures }
  }

  /** After a success the count starts anew. */
  clear(tx: Tx, account: string): void {
    deleteFailures(tx, account)
  }
}

/** The parts of a record that say that the desk locked the account, by whose last failure it is made. */
function lockedBy(
  until: number,
): Pick<AuditRecord, 'action' | 'actorId' | 'actorName' | 'outcome' | 'after'> {
  const after = { until: new Date(until).toISOString() }
  return { action: lockedAction, actorId: null, actorName: 'desk', outcome: 'done', after }
}

/** Under which failures of a name are counted: the person where somebody has it, so that address and username count together. */
export function lockoutAccount(userId: string | undefined, name: string): string {
  return userId === undefined ? `name:${createHash('sha256').update(name).digest('hex')}` : `user:${userId}`
}

function minutes(ms: number): string {
  const whole = Math.ceil(ms / 60_000)
  return whole === 1 ? 'a minute' : `${whole} minutes`
}
