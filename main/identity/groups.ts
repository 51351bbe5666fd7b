import type { Group, GroupDetail } from '../../shared/contract/groups.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Part } from '../platform/lifecycle.ts'
import type { Store, Tx } from '../store/store-types.ts'
import {
  cameraNamed,
  camerasOfGroup,
  deleteGroup,
  deleteGroupCamera,
  deleteGroupMember,
  groupById,
  groupFacts,
  groupsByName,
  insertGroup,
  insertGroupCamera,
  membersOfGroup,
  putGroupMember,
  renameGroup,
} from './groups-queries.ts'
import type { GroupRow } from './groups-queries.ts'
import type { People } from './people.ts'
import type { Policy } from './policy.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { AuditParts, Caller, RequestContext } from '../rpc/request-context.ts'
import type { Rights } from './rights.ts'
import { AppError } from '../rpc/app-error.ts'

export interface GroupsOptions {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly people: People
  readonly rights: Rights
  readonly policy: Policy
}

interface Page {
  readonly search?: string | undefined
  readonly page: number
  readonly pageSize: number
}

/** Groups: who may see which cameras. Every change is in force, and announced, when its call answers. */
export class Groups implements Part {
  readonly name = 'groups'
  readonly #options: GroupsOptions
  #endings: (() => void)[] = []

  constructor(options: GroupsOptions) {
    this.#options = options
  }

  /** Cameras that are removed leave their groups by the database's own rule; here the index follows. */
  start(): void {
    const { bus, rights, store } = this.#options
    this.#endings = [
      bus.subscribe('camera.removed', ({ cameraId }) =>
        this.#announce(rights.dropCameraEverywhere(cameraId)),
      ),
      bus.subscribe('server.removed', () => {
        const facts = store.read(groupFacts)
        rights.load(facts)
        this.#announce([...new Set(facts.members.map(({ userId }) => userId))])
      }),
    ]
  }

  stop(): void {
    for (const end of this.#endings) end()
  }

  /** The caller's groups, or all of them for an administrator; a search is for a part of the name. */
  list(context: RequestContext, { search, page, pageSize }: Page): { items: Group[]; total: number } {
    const { store, rights } = this.#options
    const caller = signedInCaller(context)
    const mine = caller.admin ? null : rights.groupsOf(caller.userId)
    const wanted = search?.trim().toLowerCase() ?? ''
    const rows = store
      .read((db) => groupsByName(db, mine))
      .filter(({ name }) => name.toLowerCase().includes(wanted))
    const shown = rows.slice((page - 1) * pageSize, page * pageSize)
    return { items: shown.map((row) => this.#view(caller, row)), total: rows.length }
  }

  get(context: RequestContext, id: string): GroupDetail {
    const { store } = this.#options
    const caller = signedInCaller(context)
    return store.read((db) => ({
      ...this.#view(caller, this.#find(id)),
      cameras: camerasOfGroup(db, id),
      members: caller.admin ? membersOfGroup(db, id) : [],
    }))
  }

  /** Throws GROUP_EXISTS. */
  create(context: RequestContext, name: string): Group {
    const { rights, clock } = this.#options
    const row: GroupRow = { id: newId(), name: storedName(name), createdAt: clock.now() }
    this.#write(
      context,
      { action: 'group.added', target: targetOf(row), after: { name: row.name } },
      (tx) => {
        this.#refuseTaken(tx, row)
        insertGroup(tx, row)
      },
    )
    rights.addGroup(row.id)
    return this.#view(signedInCaller(context), row)
  }

  /** Throws GROUP_EXISTS or NOT_FOUND. */
  rename(context: RequestContext, id: string, name: string | undefined): Group {
    const before = this.#find(id)
    const row = { ...before, name: storedName(name ?? before.name) }
    const sides = { before: { name: before.name }, after: { name: row.name } }
    this.#write(context, { action: 'group.changed', target: targetOf(row), ...sides }, (tx) => {
      this.#refuseTaken(tx, row)
      renameGroup(tx, id, row.name)
    })
    this.#announce(this.#options.rights.membersOf(id))
    return this.#view(signedInCaller(context), row)
  }

  /** Throws NOT_FOUND, as everything below does where one of the two does not exist. */
  remove(context: RequestContext, id: string): void {
    const row = this.#find(id)
    const { rights, store } = this.#options
    const before = store.read((db) => ({
      name: row.name,
      cameras: camerasOfGroup(db, id).map(({ name }) => name),
      members: membersOfGroup(db, id).map(({ email, role }) => ({ email, role })),
    }))
    this.#write(context, { action: 'group.removed', target: targetOf(row), before }, (tx) =>
      deleteGroup(tx, id),
    )
    this.#announce(rights.dropGroup(id))
  }

  addCamera(context: RequestContext, id: string, cameraId: string): void {
    const { group, camera } = this.#findCamera(id, cameraId)
    const parts = { target: targetOf(group), after: { camera: camera.name, cameraId } }
    this.#write(context, { action: 'group.camera-added', ...parts }, (tx) =>
      insertGroupCamera(tx, id, cameraId),
    )
    this.#announce(this.#options.rights.putCamera(id, cameraId))
  }

  removeCamera(context: RequestContext, id: string, cameraId: string): void {
    const { group, camera } = this.#findCamera(id, cameraId)
    const { rights } = this.#options
    if (!rights.camerasOfGroup(id).has(cameraId)) throw new AppError('NOT_FOUND')
    const parts = { target: targetOf(group), before: { camera: camera.name, cameraId } }
    this.#write(context, { action: 'group.camera-removed', ...parts }, (tx) =>
      deleteGroupCamera(tx, id, cameraId),
    )
    this.#announce(rights.dropCamera(id, cameraId))
  }

  setMember(context: RequestContext, id: string, userId: string, role: GroupRole): void {
    const { people, rights } = this.#options
    const group = this.#find(id)
    const person = people.get(userId)
    if (!person) throw new AppError('NOT_FOUND')
    const member = { person: person.email, userId }
    const held = rights.roleInGroup(userId, id)
    const before = held && { ...member, role: held }
    const parts = { target: targetOf(group), before, after: { ...member, role } }
    this.#write(context, { action: 'group.member-set', ...parts }, (tx) =>
      putGroupMember(tx, id, userId, role),
    )
    this.#announce(rights.putMember(id, userId, role))
  }

  removeMember(context: RequestContext, id: string, userId: string): void {
    const { people, rights } = this.#options
    const group = this.#find(id)
    const role = rights.roleInGroup(userId, id)
    if (role === null) throw new AppError('NOT_FOUND')
    const before = { person: people.get(userId)?.email ?? userId, userId, role }
    this.#write(context, { action: 'group.member-removed', target: targetOf(group), before }, (tx) =>
      deleteGroupMember(tx, id, userId),
    )
    this.#announce(rights.dropMember(id, userId))
  }

  #write(context: RequestContext, parts: AuditParts, change: (tx: Tx) => void): void {
    this.#options.store.write({ audit: auditRecord(context, parts) }, change)
  }

  #announce(userIds: readonly string[]): void {
    if (userIds.length > 0) this.#options.bus.publish('rights.changed', { userIds })
  }

  #view(caller: Caller, { id, name }: GroupRow): Group {
    const { policy, rights } = this.#options
    return {
      id,
      name,
      role: policy.roleFor(caller, 'group', id) ?? 'viewer',
      cameraCount: rights.camerasOfGroup(id).size,
      memberCount: caller.admin ? rights.membersOf(id).length : null,
    }
  }

  #find(id: string): GroupRow {
    const row = this.#options.store.read((db) => groupById(db, id))
    if (!row) throw new AppError('NOT_FOUND')
    return row
  }

  #findCamera(id: string, cameraId: string): { group: GroupRow; camera: { id: string; name: string } } {
    const group = this.#find(id)
    const camera = this.#options.store.read((db) => cameraNamed(db, cameraId))
    if (!camera) throw new AppError('NOT_FOUND')
    return { group, camera }
  }

  /** Case does not make two names of one, whatever the alphabet; groups are few enough to be looked through. */
  #refuseTaken(tx: Tx, row: GroupRow): void {
    const wanted = row.name.toLowerCase()
    const other = groupsByName(tx, null).find(
      ({ id, name }) => id !== row.id && name.toLowerCase() === wanted,
    )
    if (other) throw new AppError('GROUP_EXISTS')
  }
}

/** As the database keeps it, so that two names that look the same there are found to be one. */
export function storedName(name: string): string {
  return name.toWellFormed().normalize('NFC').replace(/\s+/g, ' ')
}

function targetOf({ id, name }: GroupRow): { kind: string; id: string; name: string } {
  return { kind: 'group', id, name }
}
