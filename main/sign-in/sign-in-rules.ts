import type { TotpRequirement } from '../../shared/domain/sign-in-rules.ts'
import { isTotpRequirement } from '../../shared/domain/sign-in-rules.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { deskValue, putDeskValue } from '../store/desk-values.ts'

const requirementKey = 'totp_required_for'

declare module '../store/change-feed.ts' {
  interface Changes {
    readonly 'sign-in-rules.changed': { readonly totpRequiredFor: TotpRequirement }
  }
}

/** What an administrator asks of everybody's sign-in; known without a query. */
export class SignInRules {
  #totpRequiredFor: TotpRequirement = 'nobody'

  /** Reads what is stored, and takes up every change of it. */
  static async open(store: Store, feed: ChangeFeed): Promise<SignInRules> {
    const rules = new SignInRules()
    const stored = await store.read((db) => deskValue(db, requirementKey))
    if (isTotpRequirement(stored)) rules.#totpRequiredFor = stored
    feed.on('sign-in-rules.changed', ({ data }) => (rules.#totpRequiredFor = data.totpRequiredFor))
    return rules
  }

  get totpRequiredFor(): TotpRequirement {
    return this.#totpRequiredFor
  }

  requiresTotp(person: { readonly admin: boolean }): boolean {
    return this.#totpRequiredFor === 'all' || (this.#totpRequiredFor === 'admins' && person.admin)
  }
}

/** Stores whom an authenticator app is asked of; the write declares `sign-in-rules.changed`. */
export function putTotpRequiredFor(tx: Tx, whom: TotpRequirement): Promise<void> {
  return putDeskValue(tx, requirementKey, whom)
}
