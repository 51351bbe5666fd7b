import { strongerRole } from '../../shared/domain/roles.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import { RecentLosses } from './recent-losses.ts'

/** What stands in the tables of groups, as rights are made of it. */
export interface GroupFacts {
  readonly groupIds: readonly string[]
  readonly cameras: readonly { readonly groupId: string; readonly cameraId: string }[]
  readonly members: readonly {
    readonly groupId: string
    readonly userId: string
    readonly role: GroupRole
  }[]
}

interface Group {
  readonly cameras: Set<string>
  readonly members: Map<string, GroupRole>
}

/** The cameras of one person, and the strongest role they have for each. Never changed: a change makes a new one. */
export type HeldRoles = ReadonlyMap<string, GroupRole>

const nothing: HeldRoles = new Map()

/**
 * Groups in memory, and for each person who asked the cameras they add up to, so that a check is two look-ups and no
 * query. `follow` keeps it right.
 */
export class Rights {
  readonly #groups = new Map<string, Group>()
  readonly #groupsOf = new Map<string, Set<string>>()
  readonly #held = new Map<string, HeldRoles>()
  /** What was withdrawn within the last seconds. */
  readonly losses: RecentLosses

  /** `nowMs` is a clock that never jumps; the time it counts from does not matter. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.losses = new RecentLosses(nowMs)
  }

  /** Takes up every change of groups, people and cameras; `announce` is told whose rights are others now. */
  follow(feed: ChangeFeed, announce: (userIds: readonly string[]) => void): void {
    feed.on('group.saved', ({ data: { groupId } }) => announce(this.addGroup(groupId)))
    feed.on('group.deleted', ({ data: { groupId } }) => announce(this.dropGroup(groupId)))
    feed.on('group.camera-set', ({ data: { groupId, cameraId, isMember } }) =>
      announce(isMember ? this.putCamera(groupId, cameraId) : this.dropCamera(groupId, cameraId)),
    )
    feed.on('group.member-set', ({ data: { groupId, userId, role } }) =>
      announce(role ? this.putMember(groupId, userId, role) : this.dropMember(groupId, userId)),
    )
    feed.on('account.changed', ({ data: { person, lostAdmin } }) => {
      if (lostAdmin) this.losses.noteAdministrator(person.id)
    })
    feed.on('account.deleted', ({ data: { userId } }) => this.dropPerson(userId))
    feed.on('camera.deleted', ({ data: { cameraId } }) => announce(this.dropCameraEverywhere(cameraId)))
  }

  /** Forgets everything and takes `facts` instead. */
  load(facts: GroupFacts): void {
    this.#groups.clear()
    this.#groupsOf.clear()
    this.#held.clear()
    for (const groupId of facts.groupIds) this.addGroup(groupId)
    for (const { groupId, cameraId } of facts.cameras) this.#groups.get(groupId)?.cameras.add(cameraId)
    for (const { groupId, userId, role } of facts.members) this.putMember(groupId, userId, role)
  }

  /** The same object until something changes for this person. */
  heldBy(userId: string): HeldRoles {
    const known = this.#held.get(userId)
    if (known) return known
    const held = this.#addUp(userId)
    this.#held.set(userId, held)
    return held
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  roleInGroup(userId: string, groupId: string): GroupRole | null {
    return this.#groups.get(groupId)?.members.get(userId) ?? null
  }

  groupsOf(userId: string): readonly string[] {
    return [...(this.#groupsOf.get(userId) ?? [])]
  }

  groupCount(userId: string): number {
    return this.#groupsOf.get(userId)?.size ?? 0
  }

  membersOf(groupId: string): readonly string[] {
    return [...(this.#groups.get(groupId)?.members.keys() ?? [])]
  }

  camerasOfGroup(groupId: string): ReadonlySet<string> {
    return this.#groups.get(groupId)?.cameras ?? new Set()
  }

  /** Knows a group from now on; of one that is known, answers whom it concerns, as the changes below do. */
  addGroup(groupId: string): string[] {
    const known = this.#groups.get(groupId)
    if (!known) this.#groups.set(groupId, { cameras: new Set(), members: new Map() })
    return [...(known?.members.keys() ?? [])]
  }

  dropGroup(groupId: string): string[] {
    const group = this.#groups.get(groupId)
    const members = [...(group?.members ?? [])]
    this.#groups.delete(groupId)
    for (const [userId, role] of members) {
      this.#groupsOf.get(userId)?.delete(groupId)
      if (group) this.losses.noteGroup(userId, role, groupId, group.cameras)
    }
    return this.#forget(members.map(([userId]) => userId))
  }

  putCamera(groupId: string, cameraId: string): string[] {
    const group = this.#groups.get(groupId)
    group?.cameras.add(cameraId)
    return this.#forget(group?.members.keys() ?? [])
  }

  dropCamera(groupId: string, cameraId: string): string[] {
    const group = this.#groups.get(groupId)
    if (!group?.cameras.delete(cameraId)) return []
    const lost = new Set([cameraId])
    for (const [userId, role] of group.members) this.losses.noteCameras(userId, role, lost)
    return this.#forget(group.members.keys())
  }

  /** A camera that is gone leaves every group. */
  dropCameraEverywhere(cameraId: string): string[] {
    const concerned = new Set<string>()
    for (const groupId of this.#groups.keys())
      for (const userId of this.dropCamera(groupId, cameraId)) concerned.add(userId)
    return [...concerned]
  }

  putMember(groupId: string, userId: string, role: GroupRole): string[] {
    this.#groups.get(groupId)?.members.set(userId, role)
    const groups = this.#groupsOf.get(userId) ?? new Set()
    this.#groupsOf.set(userId, groups.add(groupId))
    return this.#forget([userId])
  }

  dropMember(groupId: string, userId: string): string[] {
    this.#noteLoss(groupId, userId)
    this.#groups.get(groupId)?.members.delete(userId)
    this.#groupsOf.get(userId)?.delete(groupId)
    return this.#forget([userId])
  }

  /** A person who is gone leaves every group. */
  dropPerson(userId: string): void {
    for (const groupId of this.groupsOf(userId)) this.dropMember(groupId, userId)
    this.#groupsOf.delete(userId)
    this.#held.delete(userId)
  }

  #noteLoss(groupId: string, userId: string): void {
    const group = this.#groups.get(groupId)
    const role = group?.members.get(userId)
    if (group && role) this.losses.noteGroup(userId, role, groupId, new Set(group.cameras))
  }

  #addUp(userId: string): HeldRoles {
    const groups = this.#groupsOf.get(userId)
    if (!groups || groups.size === 0) return nothing
    const held = new Map<string, GroupRole>()
    for (const groupId of groups) {
      const group = this.#groups.get(groupId)
      const role = group?.members.get(userId)
      if (!group || !role) continue
      for (const cameraId of group.cameras) held.set(cameraId, strongerRole(held.get(cameraId), role))
    }
    return held
  }

  #forget(userIds: Iterable<string>): string[] {
    const concerned = [...userIds]
    for (const userId of concerned) this.#held.delete(userId)
    return concerned
  }
}
