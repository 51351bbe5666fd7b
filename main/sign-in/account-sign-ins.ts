import { signInsEnded } from './sign-ins.ts'
import type { AccountSignIns, AccountStatus, NamedAccount } from '../accounts/account-uses.ts'
import { lastActiveOf } from '../accounts/queries.ts'
import type { Clock } from '../platform/clock.ts'
import type { Caller } from '../rpc/request-context.ts'
import type { Change } from '../store/change-feed.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { countersOf, longestLockMs } from './lockout.ts'
import { deleteSignIns, familiesOf } from './queries.ts'
import type { Reauthentication } from './reauthentication.ts'
import { locksOf } from './sign-in-queries.ts'
import type { TwoFactor } from './two-factor.ts'

/** Sign-in as the administration of accounts uses it. */
export class AccountSignInsOfDesk implements AccountSignIns {
  readonly #store: Store
  readonly #clock: Clock
  readonly #twoFactor: TwoFactor
  readonly #reauthentication: Reauthentication

  constructor(store: Store, clock: Clock, twoFactor: TwoFactor, reauthentication: Reauthentication) {
    this.#store = store
    this.#clock = clock
    this.#twoFactor = twoFactor
    this.#reauthentication = reauthentication
  }

  /** Two queries for a page of accounts, however many there are. */
  async statusOf(accounts: readonly NamedAccount[]): Promise<(account: NamedAccount) => AccountStatus> {
    const now = this.#clock.now()
    const ids = accounts.map(({ id }) => id)
    const { locks, active } = await this.#store.read(async (db) => ({
      locks: await locksOf(db, accounts.flatMap(countersOf), now, now + longestLockMs),
      active: await lastActiveOf(db, ids),
    }))
    return (account) => ({
      totp: this.#twoFactor.isOn(account.id),
      lockedUntil: latest(countersOf(account).flatMap((counter) => locks.get(counter) ?? [])),
      lastActiveAt: active.get(account.id) ?? null,
    })
  }

  async endAll(tx: Tx, userId: string): Promise<readonly Change[]> {
    const ended = signInsEnded(userId, await familiesOf(tx, userId))
    await deleteSignIns(tx, userId)
    return [ended]
  }

  requireRecentProof(caller: Caller): Promise<void> {
    return this.#reauthentication.requireRecentProof(caller)
  }
}

function latest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.max(...times)
}
