import type { ResourceKind } from '../../shared/contract/procedure.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Account } from '../accounts/account-cache.ts'
import type { Caller } from '../rpc/request-context.ts'
import { Rights } from './rights.ts'
import type { HeldRoles } from './rights.ts'

/** The cameras a person may see: all of them, or exactly the keys of this map. */
export type VisibleCameras = 'all' | HeldRoles

/** Whose a view is; exactly one of the two is set. */
export interface ViewOwner {
  readonly userId: string | null
  readonly groupId: string | null
}

export interface PolicyParts {
  readonly rights: Rights
  /** Whose this view is; undefined where there is none. */
  readonly viewOwner: (viewId: string) => Promise<ViewOwner | undefined>
  readonly person: (userId: string) => Account | undefined
}

const nobody: PolicyParts = {
  rights: new Rights(),
  viewOwner: () => Promise.resolve(undefined),
  person: () => undefined,
}

/**
 * Who may see and do what, decided in this one place. Administrators are operators of everything; other people have the
 * cameras of their groups, each in the strongest role that any of those groups gives them.
 */
export class Policy {
  readonly #parts: PolicyParts

  constructor(parts: PolicyParts = nobody) {
    this.#parts = parts
  }

  /** Lists, counts, searches and streams hold nothing outside this; the same object until the person's rights change. */
  visibleCameras(caller: Caller): VisibleCameras {
    return caller.admin ? 'all' : this.#parts.rights.heldBy(caller.userId)
  }

  canSeeCamera(caller: Caller, cameraId: string): boolean {
    return caller.admin || this.#parts.rights.heldBy(caller.userId).has(cameraId)
  }

  /** What the caller may do with something; null where it does not exist for them. */
  roleFor(caller: Caller, kind: ResourceKind, id: string): GroupRole | null | Promise<GroupRole | null> {
    if (kind === 'view') return this.#roleForView(caller, id)
    return kind === 'group' ? this.groupRole(caller, id) : this.#cameraRole(caller, id)
  }

  /** What the caller may do with a group; null where it does not exist for them. */
  groupRole(caller: Caller, groupId: string): GroupRole | null {
    const { rights } = this.#parts
    if (!rights.hasGroup(groupId)) return null
    return caller.admin ? 'operator' : rights.roleInGroup(caller.userId, groupId)
  }

  /** What the caller may do with a view of this owner. One of one's own is nobody else's, not even an administrator's. */
  viewRole(caller: Caller, { userId, groupId }: ViewOwner): GroupRole | null {
    if (groupId !== null) return this.groupRole(caller, groupId)
    return userId === caller.userId ? 'operator' : null
  }

  /** The groups a person may see: all of them, or exactly these. */
  visibleGroups(caller: Caller): 'all' | ReadonlySet<string> {
    return caller.admin ? 'all' : new Set(this.#parts.rights.groupsOf(caller.userId))
  }

  /**
   * Whether the caller had this access until a moment ago: then a request that is refused was overtaken by a change of
   * their rights, and is nobody's attempt at anything.
   */
  async hadJustNow(caller: Caller, kind: ResourceKind, id: string, needed: GroupRole): Promise<boolean> {
    const { rights, viewOwner } = this.#parts
    if (kind !== 'view') return rights.losses.had(caller.userId, kind, id, needed)
    const groupId = (await viewOwner(id))?.groupId ?? null
    return groupId !== null && rights.losses.had(caller.userId, 'group', groupId, needed)
  }

  wasAdministratorJustNow(caller: Caller): boolean {
    return this.#parts.rights.losses.wasAdministrator(caller.userId)
  }

  /** Whether a person may watch a camera at this moment, whatever they were allowed when they got their ticket. */
  mayStillWatch(userId: string, cameraId: string): boolean {
    const person = this.#parts.person(userId)
    if (!person || person.disabled) return false
    return person.admin || this.#parts.rights.heldBy(userId).has(cameraId)
  }

  #cameraRole(caller: Caller, cameraId: string): GroupRole | null {
    return caller.admin ? 'operator' : (this.#parts.rights.heldBy(caller.userId).get(cameraId) ?? null)
  }

  async #roleForView(caller: Caller, viewId: string): Promise<GroupRole | null> {
    const owner = await this.#parts.viewOwner(viewId)
    return owner ? this.viewRole(caller, owner) : null
  }
}
