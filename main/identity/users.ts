import type { SignIn } from '../../shared/contract/auth.ts'
import type { NoticeKind } from '../../shared/contract/account.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, Store, Tx } from '../store/store-types.ts'
import { groupsByName } from './groups-queries.ts'
import { countersOf } from './lockout.ts'
import type { Lockout } from './lockout.ts'
import { refuseWeak } from './new-passwords.ts'
import { addNotice } from './notices.ts'
import { newCode } from './one-time-codes.ts'
import type { Passwords } from './passwords.ts'
import { accountChanged, personOf, signInsEnded, targetOf } from './account-cache.ts'
import type { AccountCache, Account } from './account-cache.ts'
import { accountStatusChanged } from './account-status.ts'
import type { AccountStatuses, AccountStatus } from './account-status.ts'
import { PeopleIndex } from './account-index.ts'
import type { PeopleQuestion } from './account-index.ts'
import {
  deleteFamily,
  familiesOf,
  insertUser,
  updateUser,
  userByEmail,
  userById,
  userByName,
} from './queries.ts'
import type { SessionRow, UserRow } from './queries.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { AuditParts, RequestContext } from '../rpc/request-context.ts'
import type { Rights } from './rights.ts'
import { storedEmail } from './service.ts'
import type { Identity } from './service.ts'
import { signInsOf } from './sign-ins.ts'
import { totpChanged } from './two-factor.ts'
import type { TwoFactor } from './two-factor.ts'
import { deleteSignIns, deleteUser, otherAdministrators, sessionsOfUser } from './users-queries.ts'
import { AppError } from '../rpc/app-error.ts'

export interface UsersOptions {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly rights: Rights
  readonly twoFactor: TwoFactor
  readonly lockout: Lockout
  readonly standing: AccountStatuses
  readonly identity: Pick<Identity, 'refuseOldProof'>
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

interface FoundGroup {
  readonly id: string
  readonly name: string
  readonly role: GroupRole
}

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
    const standing = await this.#options.standing.of(people)
    return { items: people.map((person) => this.#view(person, standing(person))), total }
  }

  async get(id: string): Promise<PersonView & { groups: FoundGroup[] }> {
    const { store, rights } = this.#options
    const person = this.#find(id)
    const rows = await store.read((db) => groupsByName(db, rights.groupsOf(id)))
    const groups = rows.flatMap(({ id: groupId, name }) => {
      const role = rights.roleInGroup(id, groupId)
      return role ? [{ id: groupId, name, role }] : []
    })
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
    await this.#write(context, audit, [accountChanged(user)], async (tx) => {
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
    const { user } = await this.#write(context, audit, changesOf, async (tx) => {
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
      signInsEnded(id, ended),
    ]
    await this.#write(context, audit, changes, async (tx): Promise<RemovedAccount> => {
      const user = await refuseLastAdministrator(tx, id)
      const ended = await familiesOf(tx, id)
      await deleteUser(tx, id)
      return { user, ended }
    })
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
    await this.#write(context, audit, changesOf, (tx) =>
      this.#changeTelling(tx, context, id, {}, passwordHash),
    )
    return { initialPassword }
  }

  /** Where a person is signed in, the latest first. Throws NOT_FOUND. */
  async signIns(context: RequestContext, id: string): Promise<{ items: SignIn[]; total: number }> {
    const { store, clock } = this.#options
    this.#find(id)
    const rows = await store.read((db) => sessionsOfUser(db, id))
    const items = signInsOf(rows, clock.now(), signedInCaller(context).family)
    return { items, total: items.length }
  }

  /** Throws NOT_FOUND. */
  async endSignIn(context: RequestContext, id: string, family: string): Promise<void> {
    const person = this.#find(id)
    const audit = ({ remoteAddress, userAgent }: SessionRow): AuditParts => ({
      action: 'user.sign-in-ended',
      target: targetOf(person),
      before: { remoteAddress, userAgent },
    })
    await this.#write(context, audit, [signInsEnded(id, [family])], async (tx) => {
      const found = (await sessionsOfUser(tx, id)).find((row) => row.family === family)
      if (!found) throw new AppError('NOT_FOUND')
      await deleteFamily(tx, family)
      return found
    })
  }

  /** Throws NOT_FOUND. */
  async endSignIns(context: RequestContext, id: string): Promise<void> {
    const audit = { action: 'user.sign-ins-ended', target: targetOf(this.#find(id)) } as const
    const changes = (ended: readonly string[]): Change[] => [signInsEnded(id, ended)]
    await this.#write(context, audit, changes, async (tx) => {
      const families = await familiesOf(tx, id)
      await deleteSignIns(tx, id)
      return families
    })
  }

  /** For a phone that is lost; ends every sign-in. Throws NOT_FOUND, OWN_ACCOUNT, TOTP_OFF or REAUTHENTICATION_REQUIRED. */
  async removeTotp(context: RequestContext, id: string): Promise<void> {
    const { twoFactor } = this.#options
    const person = this.#find(id)
    refuseOneself(context, person, 'authenticator app', 'POST /api/account/totp/disable')
    if (!twoFactor.isOn(id)) throw new AppError('TOTP_OFF')
    await this.#requireProof(context)
    const audit = { action: 'user.totp-removed', target: targetOf(person) } as const
    const changes = (ended: readonly string[]): Change[] => [totpChanged(id, false), signInsEnded(id, ended)]
    await this.#write(context, audit, changes, async (tx) => {
      if (!(await twoFactor.isOnIn(tx, id))) throw new AppError('TOTP_OFF')
      const families = await familiesOf(tx, id)
      await twoFactor.turnOff(tx, id)
      await this.#notice(tx, context, id, 'authenticator-removed')
      await deleteSignIns(tx, id)
      return families
    })
  }

  /** Forgets the failed sign-ins with either name of this person. Throws NOT_FOUND or OWN_ACCOUNT. */
  async unlock(context: RequestContext, id: string): Promise<void> {
    const person = this.#find(id)
    // On a page that was left open, somebody could go on guessing its password for ever.
    if (id === signedInCaller(context).userId) throw new AppError('OWN_ACCOUNT', { message: ownLockMessage })
    const { lockedUntil } = (await this.#options.standing.of([person]))(person)
    const before = lockedUntil === null ? null : { lockedUntil: new Date(lockedUntil).toISOString() }
    const audit = { action: 'user.unlocked', target: targetOf(person), before } as const
    const changes = [accountStatusChanged(id)]
    await this.#write(context, audit, changes, (tx) => this.#options.lockout.clear(tx, countersOf(person)))
  }

  /**
   * A page that was left open must not be enough to take over an account, be it by way of another administrator, whom it
   * made. Throws REAUTHENTICATION_REQUIRED.
   */
  async #requireProof(context: RequestContext): Promise<void> {
    await this.#options.identity.refuseOldProof(signedInCaller(context))
  }

  /** Throws UNAUTHORIZED or FORBIDDEN where the caller lost the right while a password was hashed for them. */
  #write<T>(
    context: RequestContext,
    parts: AuditParts | ((result: T) => AuditParts),
    changes: readonly Change[] | ((result: T) => readonly Change[]),
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    const audit = (result: T): AuditRecord =>
      auditRecord(context, typeof parts === 'function' ? parts(result) : parts)
    return this.#options.store.write({ audit, changes }, async (tx) => {
      const caller = await userById(tx, signedInCaller(context).userId)
      if (caller?.disabled !== false) throw new AppError('UNAUTHORIZED')
      if (!caller.admin) throw new AppError('FORBIDDEN')
      return work(tx)
    })
  }

  /** Changes an account, and leaves its person a notice where this changes how they sign in. */
  async #changeTelling(
    tx: Tx,
    context: RequestContext,
    id: string,
    changes: WrittenChanges,
    passwordHash: string | null,
  ): Promise<ChangedAccount> {
    const changed = await change(tx, id, changes, passwordHash)
    if (passwordHash !== null) await this.#notice(tx, context, id, 'password-changed')
    if (changed.before.email !== changed.user.email) await this.#notice(tx, context, id, 'email-changed')
    return changed
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
    return this.#view(person, (await this.#options.standing.of([person]))(person))
  }

  #view(person: Account, standing: AccountStatus): PersonView {
    const { id, email, username, displayName, admin, disabled, mustChangePassword, createdAt } = person
    const { hasPassword } = person
    const groupCount = this.#options.rights.groupCount(id)
    const names = { id, email, username, displayName }
    return { ...names, admin, disabled, mustChangePassword, createdAt, groupCount, hasPassword, ...standing }
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

/** Throws EMAIL_TAKEN or USERNAME_TAKEN where somebody other than `id` has that name. */
export async function refuseTaken(
  db: Parameters<typeof userByEmail>[0],
  id: string | null,
  { email, username }: Pick<Names, 'email' | 'username'>,
): Promise<void> {
  const isOther = (found: UserRow | undefined): boolean => found !== undefined && found.id !== id
  if (isOther(await userByEmail(db, email))) throw new AppError('EMAIL_TAKEN')
  if (isOther(await userByName(db, username))) throw new AppError('USERNAME_TAKEN')
}

/**
 * Administrators prove who they are before they change their own ways in, like everybody: else a page that was left open
 * would be enough to take the account over. Throws OWN_ACCOUNT.
 */
function refuseOneself(context: RequestContext, { id }: Account, what: string, route: string): void {
  if (id !== signedInCaller(context).userId) return
  const sentence = `This is your own account. Change its ${what} on your account page (${route}), which asks for your password.`
  throw new AppError('OWN_ACCOUNT', { message: sentence })
}

const ownLockMessage =
  'This is your own account. Another administrator can unlock it; without one, wait until the 15 minutes are over.'

/** Answers the account. Throws NOT_FOUND or LAST_ADMIN. */
async function refuseLastAdministrator(tx: Tx, id: string): Promise<UserRow> {
  const user = await userById(tx, id)
  if (!user) throw new AppError('NOT_FOUND')
  if (user.admin && !user.disabled && (await otherAdministrators(tx, id)) === 0)
    throw new AppError('LAST_ADMIN')
  return user
}

/** An account before a write and as that left it, with the sign-ins that this ended. */
interface ChangedAccount {
  readonly before: UserRow
  readonly user: UserRow
  readonly ended: readonly string[]
}

/** An account that a write deleted, and the sign-ins that ended with it. */
type RemovedAccount = Omit<ChangedAccount, 'before'>

function isPromotion({ before, user }: ChangedAccount): boolean {
  return user.admin && !before.admin
}

function changesOf({ before, user, ended }: ChangedAccount): readonly Change[] {
  return [accountChanged(user, before.admin && !user.admin), signInsEnded(user.id, ended)]
}

/** In one write, from the row as it is then. Access tokens lose their worth where a right or the password changed. */
async function change(
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
  const isAnew = isOut || wanted.admin !== before.admin || wanted.disabled !== before.disabled
  const user: UserRow = {
    ...wanted,
    ...(passwordHash !== null && { passwordHash, mustChangePassword: true, documentedPassword: false }),
    ...(wanted.email !== before.email && { emailVouched: true }),
    version: before.version + (isAnew ? 1 : 0),
  }
  const ended = isOut ? await familiesOf(tx, id) : []
  await updateUser(tx, id, user)
  if (isOut) await deleteSignIns(tx, id)
  return { before, user, ended }
}
