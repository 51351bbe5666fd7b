import { roleCovers } from '../../shared/domain/roles.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'

/** A group, some cameras or the administrator's role that a person had until `at` (ms of a clock that never jumps). */
interface Loss {
  readonly at: number
  readonly userId: string
  readonly role: GroupRole
  /** Null where no group was lost, only cameras of one. */
  readonly groupId: string | null
  readonly cameraIds: ReadonlySet<string>
  readonly administrator: boolean
}

/**
 * How long a request for something that was just withdrawn counts as innocent: the page learns of the loss within a
 * second, but what it asked meanwhile, or over a slow network, is already on its way.
 */
export const lossGraceMs = 10_000

const noCameras: ReadonlySet<string> = new Set()

/**
 * What was withdrawn from whom within the last seconds. It gives nobody access: it only tells a request that was
 * overtaken by a change of rights from an attempt to reach what was never that person's.
 */
export class RecentLosses {
  readonly #now: () => number
  /** In the order of time; what is older than the grace is dropped whenever something is added. */
  readonly #losses: Loss[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  noteCameras(userId: string, role: GroupRole, cameraIds: ReadonlySet<string>): void {
    this.#add({ userId, role, groupId: null, cameraIds, administrator: false })
  }

  /** `cameraIds` are the group's, as a set that nobody changes any more. */
  noteGroup(userId: string, role: GroupRole, groupId: string, cameraIds: ReadonlySet<string>): void {
    this.#add({ userId, role, groupId, cameraIds, administrator: false })
  }

  noteAdministrator(userId: string): void {
    this.#add({ userId, role: 'operator', groupId: null, cameraIds: noCameras, administrator: true })
  }

  /** Whether this person had `needed` for the camera or group until a moment ago. */
  had(userId: string, kind: 'camera' | 'group', id: string, needed: GroupRole): boolean {
    return this.#recent(userId).some(
      ({ role, groupId, cameraIds, administrator }) =>
        administrator ||
        (roleCovers(role, needed) && (kind === 'group' ? groupId === id : cameraIds.has(id))),
    )
  }

  /** Whether this person was an administrator until a moment ago. */
  wasAdministrator(userId: string): boolean {
    return this.#recent(userId).some(({ administrator }) => administrator)
  }

  #recent(userId: string): Loss[] {
    const since = this.#now() - lossGraceMs
    return this.#losses.filter((loss) => loss.userId === userId && loss.at > since)
  }

  #add(loss: Omit<Loss, 'at'>): void {
    const at = this.#now()
    while (this.#losses[0] && this.#losses[0].at <= at - lossGraceMs) this.#losses.shift()
    this.#losses.push({ at, ...loss })
  }
}
