import type { ResourceKind } from '../../shared/contract/procedure.ts'
import { roleCovers } from '../../shared/domain/roles.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Person } from './people.ts'
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
  readonly viewOwner: (viewId: string) => ViewOwner | undefined
  readonly person: (userId: string) => Person | undefined
}

const nobody: PolicyParts = {
  rights: new Rights(),
  viewOwner: () => undefined,
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
  roleFor(caller: Caller, kind: ResourceKind, id: string): GroupRole | null {
    const { rights, viewOwner } = this.#parts
    if (kind === 'view') return this.#viewRole(caller, viewOwner(id))
    if (kind === 'group' && !rights.hasGroup(id)) return null
    if (caller.admin) return 'operator'
    if (kind === 'camera') return rights.heldBy(caller.userId).get(id) ?? null
    return rights.roleInGroup(caller.userId, id)
  }

  may(caller: Caller, kind: ResourceKind, id: string, needed: GroupRole): boolean {
    const held = this.roleFor(caller, kind, id)
    return held !== null && roleCovers(held, needed)
  }

  /** The groups a person may see: all of them, or exactly these. */
  visibleGroups(caller: Caller): 'all' | ReadonlySet<string> {
    return caller.admin ? 'all' : new Set(this.#parts.rights.groupsOf(caller.userId))
  }

  /**
   * Whether the caller had this access until a moment ago: then a request that is refused was overtaken by a change of
   * their rights, and is nobody's attempt at anything.
   */
  hadJustNow(caller: Caller, kind: ResourceKind, id: string, needed: GroupRole): boolean {
    const { rights, viewOwner } = this.#parts
    if (kind !== 'view') return rights.losses.had(caller.userId, kind, id, needed)
    const groupId = viewOwner(id)?.groupId ?? null
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

  /** A view of one's own is nobody else's, not even an administrator's. */
  #viewRole(caller: Caller, owner: ViewOwner | undefined): GroupRole | null {
    if (!owner) return null
    if (owner.groupId !== null) return this.roleFor(caller, 'group', owner.groupId)
    return owner.userId === caller.userId ? 'operator' : null
  }
}
