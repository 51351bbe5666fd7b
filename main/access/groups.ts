import type { Group, GroupDetail } from '../../shared/contract/groups.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, ReadHandle, Store, Tx } from '../store/store-types.ts'
import {
  cameraNamed,
  camerasOfGroup,
  deleteGroup,
  deleteGroupCamera,
  deleteGroupMember,
  groupById,
  groupsByName,
  insertGroup,
  insertGroupCamera,
  membersOfGroup,
  putGroupMember,
  renameGroup,
  roleInGroup,
} from './groups-queries.ts'
import type { GroupRow } from './groups-queries.ts'
import type { Policy } from './policy.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { AuditParts, Caller, RequestContext } from '../rpc/request-context.ts'
import { userById } from '../accounts/queries.ts'
import type { Rights } from './rights.ts'
import { AppError } from '../rpc/app-error.ts'

export interface GroupsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly rights: Rights
  readonly policy: Policy
}

interface Page {
  readonly search?: string | undefined
  readonly page: number
  readonly pageSize: number
}

declare module '../store/change-feed.ts' {
  interface Changes {
    /** A group was made, or renamed. */
    readonly 'group.saved': { readonly groupId: string }
    readonly 'group.deleted': { readonly groupId: string }
    readonly 'group.camera-set': {
      readonly groupId: string
      readonly cameraId: string
      readonly isMember: boolean
    }
    /** `role` null: not a member any more. */
    readonly 'group.member-set': {
      readonly groupId: string
      readonly userId: string
      readonly role: GroupRole | null
    }
  }
}

/** Groups: who may see which cameras. Every change is in force, and announced, when its call answers. */
export class Groups {
  readonly #options: GroupsOptions

  constructor(options: GroupsOptions) {
    this.#options = options
  }

  /** The caller's groups, or all of them for an administrator; a search is for a part of the name. */
  async list(
    context: RequestContext,
    { search, page, pageSize }: Page,
  ): Promise<{ items: Group[]; total: number }> {
    const { store, rights } = this.#options
    const caller = signedInCaller(context)
    const mine = caller.admin ? null : rights.groupsOf(caller.userId)
    const wanted = search?.trim().toLowerCase() ?? ''
    const rows = (await store.read((db) => groupsByName(db, mine))).filter(({ name }) =>
      name.toLowerCase().includes(wanted),
    )
    const shown = rows.slice((page - 1) * pageSize, page * pageSize)
    return { items: shown.map((row) => this.#view(caller, row)), total: rows.length }
  }

  get(context: RequestContext, id: string): Promise<GroupDetail> {
    const { store } = this.#options
    const caller = signedInCaller(context)
    return store.read(async (db) => ({
      ...this.#view(caller, await find(db, id)),
      cameras: await camerasOfGroup(db, id),
      members: caller.admin ? await membersOfGroup(db, id) : [],
    }))
  }

  /** Throws GROUP_EXISTS. */
  async create(context: RequestContext, name: string): Promise<Group> {
    const row: GroupRow = { id: newId(), name: storedName(name), createdAt: this.#options.clock.now() }
    await this.#write(context, async (tx) => {
      await this.#refuseTaken(tx, row)
      await insertGroup(tx, row)
      return {
        parts: { action: 'group.added', target: targetOf(row), after: { name: row.name } },
        change: { name: 'group.saved', data: { groupId: row.id } },
      }
    })
    return this.#view(signedInCaller(context), row)
  }

  /** Throws GROUP_EXISTS or NOT_FOUND. */
  async rename(context: RequestContext, id: string, name: string | undefined): Promise<Group> {
    const { row } = await this.#write(context, async (tx) => {
      const before = await find(tx, id)
      const after = { ...before, name: storedName(name ?? before.name) }
      await this.#refuseTaken(tx, after)
      await renameGroup(tx, id, after.name)
      const sides = { before: { name: before.name }, after: { name: after.name } }
      return {
        row: after,
        parts: { action: 'group.changed', target: targetOf(after), ...sides },
        change: { name: 'group.saved', data: { groupId: id } },
      }
    })
    return this.#view(signedInCaller(context), row)
  }

  /** Throws NOT_FOUND, as everything below does where one of the two does not exist. */
  async remove(context: RequestContext, id: string): Promise<void> {
    await this.#write(context, async (tx) => {
      const row = await find(tx, id)
      const before = {
        name: row.name,
        cameras: (await camerasOfGroup(tx, id)).map(({ name }) => name),
        members: (await membersOfGroup(tx, id)).map(({ email, role }) => ({ email, role })),
      }
      await deleteGroup(tx, id)
      return {
        parts: { action: 'group.removed', target: targetOf(row), before },
        change: { name: 'group.deleted', data: { groupId: id } },
      }
    })
  }

  async addCamera(context: RequestContext, id: string, cameraId: string): Promise<void> {
    await this.#write(context, async (tx) => {
      const group = await find(tx, id)
      const camera = await findCamera(tx, cameraId)
      await insertGroupCamera(tx, id, cameraId)
      return {
        parts: {
          action: 'group.camera-added',
          target: targetOf(group),
          after: { camera: camera.name, cameraId },
        },
        change: { name: 'group.camera-set', data: { groupId: id, cameraId, isMember: true } },
      }
    })
  }

  async removeCamera(context: RequestContext, id: string, cameraId: string): Promise<void> {
    await this.#write(context, async (tx) => {
      const group = await find(tx, id)
      const camera = await findCamera(tx, cameraId)
      if (!(await deleteGroupCamera(tx, id, cameraId))) throw new AppError('NOT_FOUND')
      return {
        parts: {
          action: 'group.camera-removed',
          target: targetOf(group),
          before: { camera: camera.name, cameraId },
        },
        change: { name: 'group.camera-set', data: { groupId: id, cameraId, isMember: false } },
      }
    })
  }

  async setMember(context: RequestContext, id: string, userId: string, role: GroupRole): Promise<void> {
    await this.#write(context, async (tx) => {
      const group = await find(tx, id)
      const person = await userById(tx, userId)
      if (!person) throw new AppError('NOT_FOUND')
      const member = { person: person.email, userId }
      const held = await roleInGroup(tx, id, userId)
      await putGroupMember(tx, id, userId, role)
      const before = held && { ...member, role: held }
      return {
        parts: { action: 'group.member-set', target: targetOf(group), before, after: { ...member, role } },
        change: { name: 'group.member-set', data: { groupId: id, userId, role } },
      }
    })
  }

  async removeMember(context: RequestContext, id: string, userId: string): Promise<void> {
    await this.#write(context, async (tx) => {
      const group = await find(tx, id)
      const role = await roleInGroup(tx, id, userId)
      if (role === null) throw new AppError('NOT_FOUND')
      const person = (await userById(tx, userId))?.email ?? userId
      await deleteGroupMember(tx, id, userId)
      return {
        parts: {
          action: 'group.member-removed',
          target: targetOf(group),
          before: { person, userId, role },
        },
        change: { name: 'group.member-set', data: { groupId: id, userId, role: null } },
      }
    })
  }

  #write<T extends Written>(context: RequestContext, work: (tx: Tx) => Promise<T>): Promise<T> {
    const audit = ({ parts }: T): AuditRecord => auditRecord(context, parts)
    const changes = ({ change }: T): Change[] => [change]
    return this.#options.store.write({ audit, changes }, work)
  }

  #view(caller: Caller, { id, name }: GroupRow): Group {
    const { policy, rights } = this.#options
    return {
      id,
      name,
      role: policy.groupRole(caller, id) ?? 'viewer',
      cameraCount: rights.camerasOfGroup(id).size,
      memberCount: caller.admin ? rights.membersOf(id).length : null,
    }
  }

  /** Case does not make two names of one, whatever the alphabet; groups are few enough to be looked through. */
  async #refuseTaken(tx: Tx, row: GroupRow): Promise<void> {
    const wanted = row.name.toLowerCase()
    const other = (await groupsByName(tx, null)).find(
      ({ id, name }) => id !== row.id && name.toLowerCase() === wanted,
    )
    if (other) throw new AppError('GROUP_EXISTS')
  }
}

/** What a write of groups leaves behind it. */
interface Written {
  readonly parts: AuditParts
  readonly change: Change
}

async function find(db: ReadHandle, id: string): Promise<GroupRow> {
  const row = await groupById(db, id)
  if (!row) throw new AppError('NOT_FOUND')
  return row
}

async function findCamera(db: ReadHandle, cameraId: string): Promise<{ id: string; name: string }> {
  const camera = await cameraNamed(db, cameraId)
  if (!camera) throw new AppError('NOT_FOUND')
  return camera
}

/** As the database keeps it, so that two names that look the same there are found to be one. */
export function storedName(name: string): string {
  return name.toWellFormed().normalize('NFC').replace(/\s+/g, ' ')
}

function targetOf({ id, name }: GroupRow): { kind: string; id: string; name: string } {
  return { kind: 'group', id, name }
}
