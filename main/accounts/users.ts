import type { NoticeKind } from '../../shared/contract/account.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { AppError } from '../rpc/app-error.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { AuditParts, RequestContext } from '../rpc/request-context.ts'
import type { Change } from '../store/change-feed.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { accountChanged, personOf, targetOf } from './account-cache.ts'
import type { AccountCache, Account } from './account-cache.ts'
import { PeopleIndex } from './account-index.ts'
import type { PeopleQuestion } from './account-index.ts'
import { refuseTaken, storedEmail } from './account-names.ts'
import type { AccountGroup, AccountGroups, AccountSignIns, AccountStatus } from './account-uses.ts'
import { administratorWrite, refuseLastAdministrator, refuseOneself } from './administrator-write.ts'
import { refuseWeak } from './new-passwords.ts'
import { addNotice } from './notices.ts'
import { newCode } from './one-time-codes.ts'
import type { Passwords } from './passwords.ts'
import { deleteUser, insertUser, updateUser, userById } from './queries.ts'
import type { UserRow } from './queries.ts'

export interface UsersOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly signIns: () => AccountSignIns
  readonly groups: () => AccountGroups
}

export interface NewUser {
  readonly email: string
  /** In lower case, as the contract leaves it. */
  readonly username: string
  readonly displayName: string
  readonly password?: string | undefined
  readonly admin?: boolean | undefined
}

export type UserChanges = { readonly [Field in keyof NewUser]?: NewUser[Field] | undefined } & {
  readonly disabled?: boolean | undefined
}

type WrittenChanges = Omit<UserChanges, 'password'>

/** What administrators do with the accounts of people. Whoever is disabled, demoted or deleted is out when it answers. */
export class Users {
  readonly #options: UsersOptions
  readonly #index: PeopleIndex

  constructor(options: UsersOptions) {
    this.#options = options
    this.#index = new PeopleIndex(options.people)
  }

  async list(question: PeopleQuestion): Promise<{ items: PersonView[]; total: number }> {
    const { people, total } = this.#index.page(question)
    const statusOf = await this.#options.signIns().statusOf(people)
    return { items: people.map((person) => this.#view(person, statusOf(person))), total }
  }

  async get(id: string): Promise<PersonView & { groups: AccountGroup[] }> {
    const person = this.#find(id)
    const groups = await this.#options.groups().groupsOf(id)
    return { ...(await this.#shown(person)), groups }
  }

  /** Throws EMAIL_TAKEN, USERNAME_TAKEN or WEAK_PASSWORD; for an administrator REAUTHENTICATION_REQUIRED. */
  async create(
    context: RequestContext,
    input: NewUser,
  ): Promise<PersonView & { initialPassword: string | null }> {
    const { store, clock } = this.#options
    if (input.admin) await this.#requireProof(context)
    const names = { ...namesOf(input), email: storedEmail(input.email) }
    await store.read((db) => refuseTaken(db, null, names))
    const { passwordHash, initialPassword } = await this.#newPassword(context, input.password, names)
    const password = { passwordHash, mustChangePassword: initialPassword !== null, documentedPassword: false }
    const standing = { admin: input.admin ?? false, disabled: false, version: 1 }
    const user: UserRow = {
      id: newId(),
      ...names,
      ...password,
      ...standing,
      createdAt: clock.now(),
      emailVouched: true,
      recoveryHash: null,
      lastActiveAt: null,
    }
    const audit = { action: 'user.added', target: targetOf(user), after: auditView(user) } as const
    await administratorWrite(this.#options.store, context, audit, [accountChanged(user)], async (tx) => {
      await refuseTaken(tx, null, names)
      await insertUser(tx, user)
    })
    return { ...(await this.#shown(personOf(user))), initialPassword }
  }

  /** Throws NOT_FOUND, OWN_ACCOUNT, REAUTHENTICATION_REQUIRED, EMAIL_TAKEN, USERNAME_TAKEN, LAST_ADMIN or WEAK_PASSWORD. */
  async update(context: RequestContext, id: string, input: UserChanges): Promise<PersonView> {
    const { password, ...rest } = input
    const before = this.#find(id)
    const changes = { ...rest, ...(rest.email !== undefined && { email: storedEmail(rest.email) }) }
    if (password !== undefined) refuseOneself(context, before, 'password', 'POST /api/account/password')
    const isNewEmail = (changes.email ?? before.email) !== before.email
    if (isNewEmail) refuseOneself(context, before, 'e-mail address', 'PATCH /api/account')
    const isPromoted = changes.admin === true && !before.admin
    const needsProof = password !== undefined || isNewEmail || isPromoted
    if (needsProof) await this.#requireProof(context)
    const names = { ...namesOf(before), ...definedOf(namesOf({ ...before, ...definedOf(changes) })) }
    const passwordHash =
      password === undefined ? null : (await this.#newPassword(context, password, names)).passwordHash
    const audit = (changed: ChangedAccount): AuditParts => ({
      action: 'user.changed',
      target: targetOf(changed.before),
      before: auditView(changed.before),
      after: { ...auditView(changed.user), ...(passwordHash !== null && { password: 'reset' }) },
    })
    const { user } = await administratorWrite(this.#options.store, context, audit, changesOf, async (tx) => {
      const changed = await this.#changeTelling(tx, context, id, changes, passwordHash)
      // Demoted, or given another address, by somebody else meanwhile: what would be changed now was not proven.
      if (!needsProof && (changed.before.email !== changed.user.email || isPromotion(changed)))
        throw new AppError('REAUTHENTICATION_REQUIRED')
      return changed
    })
    return this.#shown(personOf(user))
  }

  /** Throws NOT_FOUND or LAST_ADMIN. */
  async remove(context: RequestContext, id: string): Promise<void> {
    this.#find(id)
    const audit = ({ user }: RemovedAccount): AuditParts => ({
      action: 'user.removed',
      target: targetOf(user),
      before: auditView(user),
    })
    const changes = ({ ended }: RemovedAccount): Change[] => [
      { name: 'account.deleted', data: { userId: id } },
      ...ended,
    ]
    await administratorWrite(
      this.#options.store,
      context,
      audit,
      changes,
      async (tx): Promise<RemovedAccount> => {
        const user = await refuseLastAdministrator(tx, id)
        const ended = await this.#options.signIns().endAll(tx, id)
        await deleteUser(tx, id)
        return { user, ended }
      },
    )
  }

  /** Ends every sign-in and asks for a new password. Throws NOT_FOUND, OWN_ACCOUNT, REAUTHENTICATION_REQUIRED or WEAK_PASSWORD. */
  async resetPassword(
    context: RequestContext,
    id: string,
    password: string | undefined,
  ): Promise<{ initialPassword: string | null }> {
    const person = this.#find(id)
    refuseOneself(context, person, 'password', 'POST /api/account/password')
    await this.#requireProof(context)
    const { passwordHash, initialPassword } = await this.#newPassword(context, password, person)
    const audit = { action: 'user.password-reset', target: targetOf(person) } as const
    await administratorWrite(this.#options.store, context, audit, changesOf, (tx) =>
      this.#changeTelling(tx, context, id, {}, passwordHash),
    )
    return { initialPassword }
  }

  /**
   * A page that was left open must not be enough to take over an account, be it by way of another administrator, whom it
   * made. Throws REAUTHENTICATION_REQUIRED.
   */
  async #requireProof(context: RequestContext): Promise<void> {
    await this.#options.signIns().requireRecentProof(signedInCaller(context))
  }

  /** Changes an account, and leaves its person a notice where this changes how they sign in. */
  async #changeTelling(
    tx: Tx,
    context: RequestContext,
    id: string,
    changes: WrittenChanges,
    passwordHash: string | null,
  ): Promise<ChangedAccount> {
    const changed = await this.#change(tx, id, changes, passwordHash)
    if (passwordHash !== null) await this.#notice(tx, context, id, 'password-changed')
    if (changed.before.email !== changed.user.email) await this.#notice(tx, context, id, 'email-changed')
    return changed
  }

  /** In one write, from the row as it is then. Access tokens lose their worth where a right or the password changed. */
  async #change(
    tx: Tx,
    id: string,
    changes: WrittenChanges,
    passwordHash: string | null,
  ): Promise<ChangedAccount> {
    const before = await userById(tx, id)
    if (!before) throw new AppError('NOT_FOUND')
    const wanted = { ...before, ...definedOf(changes) }
    await refuseTaken(tx, id, wanted)
    if (!wanted.admin || wanted.disabled) await refuseLastAdministrator(tx, id)
    const isOut = passwordHash !== null || (wanted.disabled && !before.disabled)
    const isRevoked = isOut || wanted.admin !== before.admin || wanted.disabled !== before.disabled
    const user: UserRow = {
      ...wanted,
      ...(passwordHash !== null && { passwordHash, mustChangePassword: true, documentedPassword: false }),
      ...(wanted.email !== before.email && { emailVouched: true }),
      version: before.version + (isRevoked ? 1 : 0),
    }
    await updateUser(tx, id, user)
    const ended = isOut ? await this.#options.signIns().endAll(tx, id) : []
    return { before, user, ended }
  }

  async #notice(tx: Tx, context: RequestContext, userId: string, kind: NoticeKind): Promise<void> {
    const { people, clock } = this.#options
    const caller = signedInCaller(context)
    const byName = people.get(caller.userId)?.displayName ?? caller.email
    await addNotice(tx, context, { userId, kind, at: clock.now(), by: 'administrator', byName })
  }

  /** A given password, once it is strong enough, or one that is made here and answered in plain. */
  async #newPassword(
    context: RequestContext,
    given: string | undefined,
    words: Pick<Account, 'email' | 'username' | 'displayName'>,
  ): Promise<{ passwordHash: string; initialPassword: string | null }> {
    const { passwords } = this.#options
    const password = given ?? newCode(4)
    if (given !== undefined) await refuseWeak(passwords, given, words, context.signal)
    const passwordHash = await passwords.hash(password, context.signal)
    return { passwordHash, initialPassword: given === undefined ? password : null }
  }

  #find(id: string): Account {
    const person = this.#options.people.get(id)
    if (!person) throw new AppError('NOT_FOUND')
    return person
  }

  async #shown(person: Account): Promise<PersonView> {
    return this.#view(person, (await this.#options.signIns().statusOf([person]))(person))
  }

  #view(person: Account, status: AccountStatus): PersonView {
    const { id, email, username, displayName, admin, disabled, mustChangePassword, createdAt } = person
    const { hasPassword } = person
    const groupCount = this.#options.groups().groupCount(id)
    const names = { id, email, username, displayName }
    return { ...names, admin, disabled, mustChangePassword, createdAt, groupCount, hasPassword, ...status }
  }
}

type Names = Pick<UserRow, 'email' | 'username' | 'displayName'>

function namesOf({ email, username, displayName }: Names): Names {
  return { email, username, displayName }
}

/** What the request left out stays as it is. */
function definedOf<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: NonNullable<Fields[Name]> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof Fields]: NonNullable<Fields[Name]> }
}

function auditView(person: Names & { readonly admin: boolean; readonly disabled: boolean }) {
  const { admin, disabled } = person
  return { ...namesOf(person), admin, disabled }
}

/** An account before a write and as that left it, and what the end of its sign-ins declares. */
interface ChangedAccount {
  readonly before: UserRow
  readonly user: UserRow
  readonly ended: readonly Change[]
}

/** An account that a write deleted, and what the end of its sign-ins declares. */
type RemovedAccount = Omit<ChangedAccount, 'before'>

function isPromotion({ before, user }: ChangedAccount): boolean {
  return user.admin && !before.admin
}

function changesOf({ before, user, ended }: ChangedAccount): readonly Change[] {
  return [accountChanged(user, before.admin && !user.admin), ...ended]
}
