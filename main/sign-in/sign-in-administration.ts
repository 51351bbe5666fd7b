import type { SignIn } from '../../shared/contract/auth.ts'
import { accountStatusChanged, targetOf } from '../accounts/account-cache.ts'
import type { Account, AccountCache } from '../accounts/account-cache.ts'
import { administratorWrite, refuseOneself } from '../accounts/administrator-write.ts'
import { addNotice } from '../accounts/notices.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../rpc/app-error.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { AuditParts, RequestContext } from '../rpc/request-context.ts'
import type { Change } from '../store/change-feed.ts'
import type { Store } from '../store/store-types.ts'
import type { AccountSignInsOfDesk } from './account-sign-ins.ts'
import { countersOf } from './lockout.ts'
import type { Lockout } from './lockout.ts'
import { deleteFamily, sessionsOfUser } from './queries.ts'
import type { SessionRow } from './queries.ts'
import { signInsEnded, signInsOf } from './sign-ins.ts'
import { totpChanged } from './two-factor.ts'
import type { TwoFactor } from './two-factor.ts'

export interface SignInAdministrationOptions {
  readonly store: Store
  readonly clock: Clock
  readonly people: AccountCache
  readonly lockout: Lockout
  readonly twoFactor: TwoFactor
  readonly signIns: AccountSignInsOfDesk
}

const ownLockMessage =
  'This is your own account. Another administrator can unlock it; without one, wait until the 15 minutes are over.'

/** What administrators do with the sign-ins of people: end them, take away a lost authenticator app, unlock. */
export class SignInAdministration {
  readonly #options: SignInAdministrationOptions

  constructor(options: SignInAdministrationOptions) {
    this.#options = options
  }

  /** Where a person is signed in, the latest first. Throws NOT_FOUND. */
  async list(context: RequestContext, id: string): Promise<{ items: SignIn[]; total: number }> {
    const { store, clock } = this.#options
    this.#find(id)
    const rows = await store.read((db) => sessionsOfUser(db, id))
    const items = signInsOf(rows, clock.now(), signedInCaller(context).family)
    return { items, total: items.length }
  }

  /** Ends one sign-in of a person. Throws NOT_FOUND. */
  async end(context: RequestContext, id: string, family: string): Promise<void> {
    const person = this.#find(id)
    const audit = ({ remoteAddress, userAgent }: SessionRow): AuditParts => ({
      action: 'user.sign-in-ended',
      target: targetOf(person),
      before: { remoteAddress, userAgent },
    })
    const changes = [signInsEnded(id, [family])]
    await administratorWrite(this.#options.store, context, audit, changes, async (tx) => {
      const found = (await sessionsOfUser(tx, id)).find((row) => row.family === family)
      if (!found) throw new AppError('NOT_FOUND')
      await deleteFamily(tx, family)
      return found
    })
  }

  /** Ends every sign-in of a person. Throws NOT_FOUND. */
  async endAll(context: RequestContext, id: string): Promise<void> {
    const { store, signIns } = this.#options
    const audit = { action: 'user.sign-ins-ended', target: targetOf(this.#find(id)) } as const
    await administratorWrite(
      store,
      context,
      audit,
      (changes: readonly Change[]) => changes,
      (tx) => signIns.endAll(tx, id),
    )
  }

  /** For a phone that is lost; ends every sign-in. Throws NOT_FOUND, OWN_ACCOUNT, TOTP_OFF or REAUTHENTICATION_REQUIRED. */
  async removeTotp(context: RequestContext, id: string): Promise<void> {
    const { store, clock, people, twoFactor, signIns } = this.#options
    const person = this.#find(id)
    refuseOneself(context, person, 'authenticator app', 'POST /api/account/totp/disable')
    if (!twoFactor.isOn(id)) throw new AppError('TOTP_OFF')
    const caller = signedInCaller(context)
    await signIns.requireRecentProof(caller)
    const audit = { action: 'user.totp-removed', target: targetOf(person) } as const
    const byName = people.get(caller.userId)?.displayName ?? caller.email
    const notice = { userId: id, kind: 'authenticator-removed', by: 'administrator', byName } as const
    await administratorWrite(
      store,
      context,
      audit,
      (changes: readonly Change[]) => changes,
      async (tx) => {
        if (!(await twoFactor.isOnIn(tx, id))) throw new AppError('TOTP_OFF')
        await twoFactor.turnOff(tx, id)
        await addNotice(tx, context, { ...notice, at: clock.now() })
        return [totpChanged(id, false), ...(await signIns.endAll(tx, id))]
      },
    )
  }

  /** Forgets the failed sign-ins with either name of this person. Throws NOT_FOUND or OWN_ACCOUNT. */
  async unlock(context: RequestContext, id: string): Promise<void> {
    const { store, lockout, signIns } = this.#options
    const person = this.#find(id)
    // On a page that was left open, somebody could go on guessing its password for ever.
    if (id === signedInCaller(context).userId) throw new AppError('OWN_ACCOUNT', { message: ownLockMessage })
    const { lockedUntil } = (await signIns.statusOf([person]))(person)
    const before = lockedUntil === null ? null : { lockedUntil: new Date(lockedUntil).toISOString() }
    const audit = { action: 'user.unlocked', target: targetOf(person), before } as const
    const changes = [accountStatusChanged(id)]
    await administratorWrite(store, context, audit, changes, (tx) => lockout.clear(tx, countersOf(person)))
  }

  #find(id: string): Account {
    const person = this.#options.people.get(id)
    if (!person) throw new AppError('NOT_FOUND')
    return person
  }
}
