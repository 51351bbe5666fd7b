import type { GroupRole } from '../../shared/domain/roles.ts'
import type { Account } from '../accounts/account-cache.ts'
import type { Caller } from '../rpc/request-context.ts'
import { Rights } from './rights.ts'
import type { HeldRoles } from './rights.ts'

/** The cameras a person may see: all of them, or exactly the keys of this map. */
export type VisibleCameras = 'all' | HeldRoles

/** Whose something is; exactly one of the two is set. */
export interface Owner {
  readonly userId: string | null
  readonly groupId: string | null
}

export interface PolicyParts {
  readonly rights: Rights
  readonly person: (userId: string) => Account | undefined
}

const nobody: PolicyParts = {
  rights: new Rights(),
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

  /** What the caller may do with a camera; null where it does not exist for them. */
  cameraRole(caller: Caller, cameraId: string): GroupRole | null {
    return caller.admin ? 'operator' : (this.#parts.rights.heldBy(caller.userId).get(cameraId) ?? null)
  }

  /** What the caller may do with a group; null where it does not exist for them. */
  groupRole(caller: Caller, groupId: string): GroupRole | null {
    const { rights } = this.#parts
    if (!rights.hasGroup(groupId)) return null
    return caller.admin ? 'operator' : rights.roleInGroup(caller.userId, groupId)
  }

  /** What the caller may do with what belongs to this owner. One's own is nobody else's, not even an administrator's. */
  ownedRole(caller: Caller, { userId, groupId }: Owner): GroupRole | null {
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
  hadJustNow(caller: Caller, kind: 'camera' | 'group', id: string, needed: GroupRole): boolean {
    return this.#parts.rights.losses.had(caller.userId, kind, id, needed)
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
}
