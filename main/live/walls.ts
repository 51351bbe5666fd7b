import type { Wall } from '../../shared/contract/live.ts'
import { wallLayout, wallLayoutIds } from '../../shared/domain/wall-layouts.ts'
import type { WallLayoutId } from '../../shared/domain/wall-layouts.ts'
import { existingCameras, firstCameraIds } from '../cameras/queries.ts'
import { groupById } from '../access/groups-queries.ts'
import type { Policy } from '../access/policy.ts'
import { userById } from '../accounts/queries.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Rights } from '../access/rights.ts'
import type { Clock } from '../platform/clock.ts'
import type { AuditRecord, ReadHandle, Store } from '../store/store-types.ts'
import { Overwritten } from './overwritten.ts'
import { deleteGroupWall, groupWallOf, saveGroupWall, saveWall, wallOf, wallsChanged } from './queries.ts'
import type { GroupWallRow, StoredWall } from './queries.ts'
import { AppError } from '../rpc/app-error.ts'

export interface WallsOptions {
  readonly store: Store
  readonly policy: Policy
  readonly rights: Rights
  readonly clock: Clock
}

/** The largest wall that is offered before anybody has saved one. */
const firstWallTiles = 16

/**
 * The wall each person left, and the wall of each group. A tile whose camera is gone, or not the reader's to see, is
 * empty; it is kept all the same, so that it returns with the right.
 */
export class Walls {
  readonly #options: WallsOptions
  readonly #overwritten: Overwritten<GroupWallRow>

  constructor(options: WallsOptions) {
    this.#options = options
    this.#overwritten = new Overwritten(options.clock)
  }

  /** The wall the caller left; before the first time, a wall of what there is. */
  async mine(context: RequestContext): Promise<Wall> {
    const caller = signedInCaller(context)
    const saved = await this.#options.store.read((db) => wallOf(db, caller.userId))
    return (saved && (await this.shown(caller, saved))) ?? this.#firstWall(this.#visibleTo(caller))
  }

  async saveMine(context: RequestContext, wall: Wall): Promise<Wall> {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const kept = await this.forPerson(caller, wall)
    const audit = auditRecord(context, {
      action: 'wall.saved',
      target: { kind: 'wall', id: caller.userId, name: caller.email },
      after: { ...kept },
    })
    const row = { userId: caller.userId, ...storedWall(kept), savedAt: clock.now() }
    await store.write({ audit }, async (tx) => {
      // Deleted meanwhile.
      if (!(await userById(tx, caller.userId))) throw new AppError('UNAUTHORIZED')
      await saveWall(tx, row)
    })
    return kept
  }

  /** The wall of a group; before an operator saved one, a wall of its cameras. */
  async ofGroup(context: RequestContext, groupId: string): Promise<Wall> {
    const { store, rights } = this.#options
    const saved = await store.read((db) => groupWallOf(db, groupId))
    const cameras = rights.camerasOfGroup(groupId)
    const wall = saved && (await this.shown(signedInCaller(context), saved))
    return wall ? this.#withOnly(cameras, wall) : this.#firstWall([...cameras])
  }

  async saveOfGroup(
    context: RequestContext,
    groupId: string,
    wall: Wall,
  ): Promise<Wall & { savedAt: number }> {
    const { store, clock } = this.#options
    const kept = await this.forGroup(groupId, wall)
    const row = { groupId, ...storedWall(kept), savedAt: clock.now() }
    const audit = ({ target }: SavedWall): AuditRecord =>
      auditRecord(context, { action: 'group.wall-saved', target, after: { ...kept } })
    const changes = [wallsChanged({ userId: null, groupId })]
    const { before } = await store.write({ audit, changes }, async (tx): Promise<SavedWall> => {
      const target = await targetOf(tx, groupId)
      const overwritten = (await groupWallOf(tx, groupId)) ?? null
      await saveGroupWall(tx, row)
      return { target, before: overwritten }
    })
    this.#overwritten.keep(groupId, row.savedAt, before)
    return { ...kept, savedAt: row.savedAt }
  }

  /** Puts back the wall that the group had before it was saved at `savedAt`. Throws NOTHING_TO_RESTORE. */
  async restoreOfGroup(context: RequestContext, groupId: string, savedAt: number): Promise<Wall> {
    const { store, clock } = this.#options
    const before = this.#overwritten.before(groupId, savedAt)
    if (before === undefined) throw nothingToRestore()
    const audit = ({ target, before: { layout, tiles } }: RestoredWall): AuditRecord =>
      auditRecord(context, {
        action: 'group.wall-restored',
        target,
        before: { layout, tiles },
        after: before && { layout: before.layout, tiles: before.tiles },
      })
    const changes = [wallsChanged({ userId: null, groupId })]
    await store.write({ audit, changes }, async (tx): Promise<RestoredWall> => {
      const target = await targetOf(tx, groupId)
      const current = await groupWallOf(tx, groupId)
      if (current?.savedAt !== savedAt) throw nothingToRestore()
      if (before) await saveGroupWall(tx, { ...before, savedAt: clock.now() })
      else await deleteGroupWall(tx, groupId)
      return { target, before: current }
    })
    this.#overwritten.forget(groupId)
    return this.ofGroup(context, groupId)
  }

  /** What a person may keep in a wall of their own: cameras that exist and are theirs to see. */
  forPerson(caller: Caller, { layout, tiles }: Wall): Promise<Wall> {
    return this.#tiles(layout, tiles, (id) => this.#options.policy.canSeeCamera(caller, id))
  }

  /** What stands in a wall of a group: its own cameras, so that every member sees the same. */
  forGroup(groupId: string, wall: Wall): Promise<Wall> {
    return this.#withOnly(this.#options.rights.camerasOfGroup(groupId), wall)
  }

  /** A stored wall as this caller may see it; undefined where its layout is not known any more. */
  async shown(caller: Caller, { layout: name, tiles }: StoredWall): Promise<Wall | undefined> {
    const layout = wallLayoutIds.find((id) => id === name)
    return layout && (await this.forPerson(caller, { layout, tiles: JSON.parse(tiles) as (string | null)[] }))
  }

  #withOnly(cameras: ReadonlySet<string>, { layout, tiles }: Wall): Promise<Wall> {
    return this.#tiles(layout, tiles, (id) => cameras.has(id))
  }

  async #tiles(
    layout: WallLayoutId,
    tiles: Wall['tiles'],
    mayStay: (cameraId: string) => boolean,
  ): Promise<Wall> {
    const wanted = wallLayout(layout).tiles.map((_cell, index) => {
      const id = tiles[index] ?? null
      return id !== null && mayStay(id) ? id : null
    })
    const known = await this.#options.store.read((db) =>
      existingCameras(
        db,
        wanted.filter((id) => id !== null),
      ),
    )
    return { layout, tiles: wanted.map((id) => (id !== null && known.has(id) ? id : null)) }
  }

  /** Null means every camera there is. */
  #visibleTo(caller: Caller): readonly string[] | null {
    const visible = this.#options.policy.visibleCameras(caller)
    return visible === 'all' ? null : [...visible.keys()]
  }

  async #firstWall(cameraIds: readonly string[] | null): Promise<Wall> {
    const ids = await this.#options.store.read((db) => firstCameraIds(db, cameraIds, firstWallTiles))
    const layout: WallLayoutId = ids.length <= 1 ? '1' : ids.length <= 4 ? '4' : ids.length <= 9 ? '9' : '16'
    return { layout, tiles: wallLayout(layout).tiles.map((_cell, index) => ids[index] ?? null) }
  }
}

type Target = NonNullable<AuditRecord['target']>

/** The wall of a group that was saved, and what it overwrote. */
interface SavedWall {
  readonly target: Target
  readonly before: GroupWallRow | null
}

/** The wall of a group that was undone. */
interface RestoredWall {
  readonly target: Target
  readonly before: StoredWall
}

/** Throws NOT_FOUND. */
async function targetOf(db: ReadHandle, groupId: string): Promise<Target> {
  const group = await groupById(db, groupId)
  if (!group) throw new AppError('NOT_FOUND')
  return { kind: 'group', id: groupId, name: group.name }
}

/** A wall as it stands in the database. */
export function storedWall({ layout, tiles }: Wall): StoredWall {
  return { layout, tiles: JSON.stringify(tiles) }
}

/** What was overwritten is not known any more, or something else was saved since. */
export function nothingToRestore(): AppError {
  return new AppError('NOTHING_TO_RESTORE')
}
