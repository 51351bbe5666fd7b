import type { Clock } from '../platform/clock.ts'
import type { Change } from '../store/change-feed.ts'
import type { Store } from '../store/store-types.ts'
import { countersOf, longestLockMs } from './lockout.ts'
import type { LockablePerson } from './lockout.ts'
import { locksOf } from './sign-in-queries.ts'
import type { TwoFactor } from './two-factor.ts'
import { lastActiveOf } from './users-queries.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    /** A person signed in or renewed a sign-in, or a lock of theirs began or ended. */
    readonly 'account-status.changed': { readonly userId: string }
  }
}

/** What a write declares that changed what is shown of how somebody signs in. */
export function accountStatusChanged(userId: string): Change {
  return { name: 'account-status.changed', data: { userId } }
}

/** How somebody stands with sign-in, as administrators see it. */
export interface AccountStatus {
  readonly totp: boolean
  readonly lockedUntil: number | null
  readonly lastActiveAt: number | null
}

/** Looks up how people stand with sign-in: two queries for a page of them, however many there are. */
export class AccountStatuses {
  readonly #store: Store
  readonly #clock: Clock
  readonly #twoFactor: TwoFactor

  constructor(store: Store, clock: Clock, twoFactor: TwoFactor) {
    this.#store = store
    this.#clock = clock
    this.#twoFactor = twoFactor
  }

  /** One answer for each of these people. */
  async of(people: readonly LockablePerson[]): Promise<(person: LockablePerson) => AccountStatus> {
    const now = this.#clock.now()
    const ids = people.map(({ id }) => id)
    const { locks, active } = await this.#store.read(async (db) => ({
      locks: await locksOf(db, people.flatMap(countersOf), now, now + longestLockMs),
      active: await lastActiveOf(db, ids),
    }))
    return (person) => ({
      totp: this.#twoFactor.isOn(person.id),
      lockedUntil: latest(countersOf(person).flatMap((counter) => locks.get(counter) ?? [])),
      lastActiveAt: active.get(person.id) ?? null,
    })
  }
}

function latest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.max(...times)
}
