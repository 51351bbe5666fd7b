import type { Account, Notice, NoticeKind } from '../../shared/contract/account.ts'
import type { SignIn } from '../../shared/contract/auth.ts'
import type { Clock } from '../platform/clock.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, ReadHandle, Store, Tx } from '../store/store-types.ts'
import { addNotice, dismissNotices, noticesChanged, noticesFor } from '../accounts/notices.ts'
import { newRecoveryCode, hashOfCode } from '../accounts/one-time-codes.ts'
import { accountChanged, targetOf, toUser } from '../accounts/account-cache.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { deleteFamily } from './queries.ts'
import { updateUser, userById } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Reauthentication } from './reauthentication.ts'
import type { SessionService } from './session-service.ts'
import { signInsEnded, signInsOf } from './sign-ins.ts'
import { totpChanged } from './two-factor.ts'
import type { ConfirmedTotp, TwoFactor } from './two-factor.ts'
import { refuseTaken, storedEmail, storedUsername } from '../accounts/account-names.ts'
import { sessionsOfUser } from './queries.ts'
import { AppError } from '../rpc/app-error.ts'

export interface OwnAccountOptions {
  readonly store: Store
  readonly clock: Clock
  readonly people: AccountCache
  readonly twoFactor: TwoFactor
  readonly service: Pick<SessionService, 'mustSetUpTotp'>
  readonly reauthentication: Reauthentication
}

/** What somebody may change of themselves. */
export interface OwnChanges {
  readonly displayName?: string | undefined
  readonly email?: string | undefined
  readonly username?: string | undefined
  readonly currentPassword?: string | undefined
}

/** One's own account: names, sign-ins, authenticator app, recovery code. */
export class OwnAccount {
  readonly #options: OwnAccountOptions

  constructor(options: OwnAccountOptions) {
    this.#options = options
  }

  async show(caller: Caller): Promise<Account> {
    const { people, store, twoFactor, service } = this.#options
    const person = people.get(caller.userId)
    if (!person) throw new AppError('UNAUTHORIZED')
    return {
      ...toUser(person),
      totp: twoFactor.isOn(person.id),
      backupCodesLeft: await store.read((db) => twoFactor.backupCodesLeft(db, person.id)),
      mustSetUpTotp: service.mustSetUpTotp(person),
      hasPassword: person.hasPassword,
      hasRecoveryCode: person.hasRecoveryCode,
    }
  }

  /** Throws EMAIL_TAKEN, USERNAME_TAKEN, or WRONG_PASSWORD where a new address or username asks for it. */
  async update(context: RequestContext, caller: Caller, changes: OwnChanges): Promise<Account> {
    const { store, reauthentication } = this.#options
    const found = await this.#row(caller)
    const wanted = changedNames(found, changes)
    if (wanted.email !== undefined || wanted.username !== undefined) {
      await reauthentication.proveOneself(context, caller, found, {
        password: changes.currentPassword,
        always: true,
      })
    }
    const audit = ({ before, after }: ChangedRow): AuditRecord =>
      auditRecord(context, {
        action: 'account.changed',
        target: targetOf(before),
        before: namesOf(before),
        after: namesOf(after),
      })
    const told = ({ after }: ChangedRow): Change[] => [accountChanged(after)]
    await store.write({ audit, changes: told }, async (tx): Promise<ChangedRow> => {
      // The row as it is now: while the password was checked, somebody else may have changed other names.
      const before = await rowOf(tx, found.id)
      const names = { ...namesOf(before), ...wanted }
      await refuseTaken(tx, before.id, names)
      const isNewEmail = names.email !== before.email
      // An address that nobody but its owner vouches for must not be what SSO links to.
      const after = { ...before, ...names, emailVouched: before.emailVouched && !isNewEmail }
      await updateUser(tx, before.id, { ...names, emailVouched: after.emailVouched })
      if (isNewEmail) await this.#notice(tx, context, caller, 'email-changed')
      return { before, after }
    })
    return this.show(caller)
  }

  async sessions(caller: Caller): Promise<SignIn[]> {
    const { store, clock } = this.#options
    return signInsOf(await store.read((db) => sessionsOfUser(db, caller.userId)), clock.now(), caller.family)
  }

  /** Throws NOT_FOUND for a sign-in that is not the caller's. */
  async endSession(context: RequestContext, caller: Caller, id: string): Promise<void> {
    const { store, clock } = this.#options
    const audit = auditRecord(context, {
      action: 'session.ended',
      target: { kind: 'session', id, name: caller.email },
    })
    await store.write({ audit, changes: [signInsEnded(caller.userId, [id])] }, async (tx) => {
      const mine = signInsOf(await sessionsOfUser(tx, caller.userId), clock.now(), caller.family)
      if (!mine.some((signIn) => signIn.id === id)) throw new AppError('NOT_FOUND')
      await deleteFamily(tx, id)
    })
    if (id === caller.family) context.refreshToken.clear()
  }

  /** What was changed of how the caller signs in, the newest first; not by this very sign-in. */
  notices(caller: Caller): Promise<Notice[]> {
    return this.#options.store.read((db) => noticesFor(db, caller))
  }

  /** Ids of other people's notices, and unknown ones, do nothing. */
  async dismissNotices(context: RequestContext, caller: Caller, ids: readonly string[]): Promise<void> {
    const audit = (dismissed: readonly Notice[]): AuditRecord =>
      auditRecord(context, {
        action: 'notices.dismissed',
        target: targetOfCaller(caller),
        before: { notices: dismissed },
      })
    const changes = [noticesChanged(caller.userId)]
    await this.#options.store.write({ audit, changes }, (tx) => dismissNotices(tx, caller, ids))
  }

  /** Throws TOTP_ON, or as `Reauthentication.proveOneself` does. */
  async setUpTotp(
    context: RequestContext,
    caller: Caller,
    password: string | undefined,
  ): Promise<{ secret: string; otpauthUrl: string }> {
    const { store, twoFactor, reauthentication } = this.#options
    if (twoFactor.isOn(caller.userId)) throw new AppError('TOTP_ON')
    await reauthentication.proveOneself(context, caller, await this.#row(caller), { password, always: false })
    const audit = auditRecord(context, { action: 'totp.prepared', target: targetOfCaller(caller) })
    return store.write({ audit }, async (tx) => {
      await rowOf(tx, caller.userId)
      return twoFactor.prepare(tx, caller.userId, caller.email)
    })
  }

  async confirmTotp(context: RequestContext, caller: Caller, code: string): Promise<ConfirmedTotp> {
    const { store, twoFactor } = this.#options
    const audit = auditRecord(context, { action: 'totp.confirmed', target: targetOfCaller(caller) })
    return store.write({ audit, changes: [totpChanged(caller.userId, true)] }, async (tx) => {
      const codes = await twoFactor.confirm(tx, caller.userId, code)
      await this.#notice(tx, context, caller, 'authenticator-added')
      return codes
    })
  }

  /** Throws TOTP_OFF, WRONG_PASSWORD or WRONG_CODE; a wrong code counts as a failed sign-in. */
  async removeTotp(
    context: RequestContext,
    caller: Caller,
    proof: { password: string; code: string },
  ): Promise<void> {
    const { store, twoFactor, reauthentication } = this.#options
    const user = await this.#proveBoth(context, caller, proof.password)
    const audit = auditRecord(context, { action: 'totp.removed', target: targetOf(user) })
    await reauthentication.provingCode(context, user, () =>
      store.write({ audit, changes: [totpChanged(user.id, false)] }, async (tx) => {
        if (!(await twoFactor.take(tx, user.id, proof.code))) throw new AppError('WRONG_CODE')
        await twoFactor.turnOff(tx, user.id)
        await this.#notice(tx, context, caller, 'authenticator-removed')
      }),
    )
  }

  /** Throws as `removeTotp` does. */
  async renewBackupCodes(
    context: RequestContext,
    caller: Caller,
    proof: { password: string; code: string },
  ): Promise<ConfirmedTotp> {
    const { store, twoFactor, reauthentication } = this.#options
    const user = await this.#proveBoth(context, caller, proof.password)
    const audit = auditRecord(context, { action: 'backup-codes.renewed', target: targetOf(user) })
    return reauthentication.provingCode(context, user, () =>
      store.write({ audit, changes: [noticesChanged(user.id)] }, async (tx) => {
        if (!(await twoFactor.take(tx, user.id, proof.code))) throw new AppError('WRONG_CODE')
        await this.#notice(tx, context, caller, 'backup-codes-renewed')
        return { backupCodes: await twoFactor.renewBackupCodes(tx, user.id) }
      }),
    )
  }

  /** Throws WRONG_PASSWORD. */
  async renewRecoveryCode(
    context: RequestContext,
    caller: Caller,
    password: string,
  ): Promise<{ recoveryCode: string }> {
    const { store, reauthentication } = this.#options
    const user = await this.#row(caller)
    await reauthentication.provePassword(context, user, password)
    const recoveryCode = newRecoveryCode()
    const audit = auditRecord(context, { action: 'recovery-code.renewed', target: targetOf(user) })
    await store.write({ audit, changes: (after: UserRow) => [accountChanged(after)] }, async (tx) => {
      await updateUser(tx, user.id, { recoveryHash: hashOfCode(recoveryCode) })
      await this.#notice(tx, context, caller, 'recovery-code-renewed')
      return rowOf(tx, user.id)
    })
    return { recoveryCode }
  }

  /** The other sign-ins of the caller are told. */
  async #notice(
    tx: Tx,
    context: RequestContext,
    { userId, family }: Caller,
    kind: NoticeKind,
  ): Promise<void> {
    await addNotice(tx, context, { userId, kind, at: this.#options.clock.now(), by: 'self', family })
  }

  async #proveBoth(context: RequestContext, caller: Caller, password: string): Promise<UserRow> {
    const user = await this.#row(caller)
    if (!this.#options.twoFactor.isOn(user.id)) throw new AppError('TOTP_OFF')
    await this.#options.reauthentication.proveOneself(context, caller, user, { password, always: true })
    return user
  }

  #row(caller: Caller): Promise<UserRow> {
    return this.#options.store.read((db) => rowOf(db, caller.userId))
  }
}

type Names = Pick<UserRow, 'displayName' | 'email' | 'username'>

/** An account before and after a write. */
interface ChangedRow {
  readonly before: UserRow
  readonly after: UserRow
}

function namesOf({ displayName, email, username }: Names): Names {
  return { displayName, email, username }
}

/** What of these changes differs from the row: only that is proven, and written. */
function changedNames(row: UserRow, { displayName, email, username }: OwnChanges): Partial<Names> {
  const names: Partial<Names> = {
    ...(displayName !== undefined && { displayName }),
    ...(email !== undefined && { email: storedEmail(email) }),
    ...(username !== undefined && { username: storedUsername(username) }),
  }
  return Object.fromEntries(
    Object.entries(names).filter(([name, value]) => row[name as keyof Names] !== value),
  )
}

/** Throws UNAUTHORIZED where the account was deleted meanwhile. */
async function rowOf(db: ReadHandle, id: string): Promise<UserRow> {
  const user = await userById(db, id)
  if (!user) throw new AppError('UNAUTHORIZED')
  return user
}

function targetOfCaller({ userId, email }: Caller) {
  return targetOf({ id: userId, email })
}
