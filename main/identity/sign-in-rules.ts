import type { TotpRequirement } from '../../shared/domain/sign-in-rules.ts'
import { isTotpRequirement } from '../../shared/domain/sign-in-rules.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { deskValue, putDeskValue } from './queries.ts'

const requirementKey = 'totp_required_for'

/** What an administrator asks of everybody's sign-in; known without a query. */
export class SignInRules {
  readonly #store: Store
  #totpRequiredFor: TotpRequirement = 'nobody'

  constructor(store: Store) {
    this.#store = store
    this.reload()
  }

  get totpRequiredFor(): TotpRequirement {
    return this.#totpRequiredFor
  }

  requiresTotp(person: { readonly admin: boolean }): boolean {
    return this.#totpRequiredFor === 'all' || (this.#totpRequiredFor === 'admins' && person.admin)
  }

  /** Call `reload` once the transaction is committed. */
  setTotpRequiredFor(tx: Tx, whom: TotpRequirement): void {
    putDeskValue(tx, requirementKey, whom)
  }

  reload(): void {
    const stored = this.#store.read((db) => deskValue(db, requirementKey))
    this.#totpRequiredFor = isTotpRequirement(stored) ? stored : 'nobody'
  }
}
