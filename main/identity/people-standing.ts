import type { Clock } from '../platform/clock.ts'
import type { Store } from '../store/store-types.ts'
import { lockoutAccount } from './lockout.ts'
import { locksOf } from './sign-in-queries.ts'
import type { TwoFactor } from './two-factor.ts'
import { lastActiveOf } from './users-queries.ts'

/** How somebody stands with sign-in, as administrators see it. */
export interface Standing {
  readonly totp: boolean
  readonly lockedUntil: number | null
  readonly lastActiveAt: number | null
}

/** Looks up how people stand with sign-in: two queries for a page of them, however many there are. */
export class PeopleStanding {
  readonly #store: Store
  readonly #clock: Clock
  readonly #twoFactor: TwoFactor

  constructor(store: Store, clock: Clock, twoFactor: TwoFactor) {
    this.#store = store
    this.#clock = clock
    this.#twoFactor = twoFactor
  }

  /** One answer for each id that is asked for. */
  of(ids: readonly string[]): (id: string) => Standing {
    const accounts = ids.map((id) => lockoutAccount(id, ''))
    const { locks, active } = this.#store.read((db) => ({
      locks: locksOf(db, accounts, this.#clock.now()),
      active: lastActiveOf(db, ids),
    }))
    return (id) => ({
      totp: this.#twoFactor.isOn(id),
      lockedUntil: locks.get(lockoutAccount(id, '')) ?? null,
      lastActiveAt: active.get(id) ?? null,
    })
  }
}
