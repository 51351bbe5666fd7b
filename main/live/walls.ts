import type { Wall } from '../../shared/contract/live.ts'
import { wallLayout, wallLayoutIds } from '../../shared/domain/wall-layouts.ts'
import type { WallLayoutId } from '../../shared/domain/wall-layouts.ts'
import { cameraById, firstCameraIds } from '../cameras/queries.ts'
import { groupById } from '../identity/groups-queries.ts'
import type { Policy } from '../identity/policy.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Rights } from '../identity/rights.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../store/store-types.ts'
import { Overwritten } from './overwritten.ts'
import { deleteGroupWall, groupWallOf, saveGroupWall, saveWall, wallOf } from './queries.ts'
import type { GroupWallRow, StoredWall } from './queries.ts'
import { AppError } from '../rpc/app-error.ts'

export interface WallsOptions {
  readonly store: Store
  readonly policy: Policy
  readonly rights: Rights
  readonly clock: Clock
  readonly bus: Bus
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
  mine(context: RequestContext): Wall {
    const caller = signedInCaller(context)
    const saved = this.#options.store.read((db) => wallOf(db, caller.userId))
    return (saved && this.shown(caller, saved)) ?? this.#firstWall(this.#visibleTo(caller))
  }

  saveMine(context: RequestContext, wall: Wall): Wall {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const kept = this.forPerson(caller, wall)
    const audit = auditRecord(context, {
      action: 'wall.saved',
      target: { kind: 'wall', id: caller.userId, name: caller.email },
      after: { ...kept },
    })
    const row = { userId: caller.userId, ...storedWall(kept), savedAt: clock.now() }
    store.write({ audit }, (tx) => saveWall(tx, row))
    return kept
  }

  /** The wall of a group; before an operator saved one, a wall of its cameras. */
  ofGroup(context: RequestContext, groupId: string): Wall {
    const { store, rights } = this.#options
    const saved = store.read((db) => groupWallOf(db, groupId))
    const cameras = rights.camerasOfGroup(groupId)
    const wall = saved && this.shown(signedInCaller(context), saved)
    return wall ? this.#withOnly(cameras, wall) : this.#firstWall([...cameras])
  }

  saveOfGroup(context: RequestContext, groupId: string, wall: Wall): Wall & { savedAt: number } {
    const { store, clock, bus } = this.#options
    const kept = this.forGroup(groupId, wall)
    const row = { groupId, ...storedWall(kept), savedAt: clock.now() }
    const audit = auditRecord(context, {
      action: 'group.wall-saved',
      target: this.#targetOf(groupId),
      after: { ...kept },
    })
    const before = store.write({ audit }, (tx) => {
      const overwritten = groupWallOf(tx, groupId) ?? null
      saveGroupWall(tx, row)
      return overwritten
    })
    bus.publish('walls.changed', { userId: null, groupId })
    this.#overwritten.keep(groupId, row.savedAt, before)
    return { ...kept, savedAt: row.savedAt }
  }

  /** Puts back the wall that the group had before it was saved at `savedAt`. Throws NOTHING_TO_RESTORE. */
  restoreOfGroup(context: RequestContext, groupId: string, savedAt: number): Wall {
    const { store, clock, bus } = this.#options
    const before = this.#overwritten.before(groupId, savedAt)
    const current = store.read((db) => groupWallOf(db, groupId))
    if (before === undefined || current?.savedAt !== savedAt) throw nothingToRestore()
    const audit = auditRecord(context, {
      action: 'group.wall-restored',
      target: this.#targetOf(groupId),
      before: { layout: current.layout, tiles: current.tiles },
      after: before && { layout: before.layout, tiles: before.tiles },
    })
    store.write({ audit }, (tx) => {
      if (before) saveGroupWall(tx, { ...before, savedAt: clock.now() })
      else deleteGroupWall(tx, groupId)
    })
    bus.publish('walls.changed', { userId: null, groupId })
    this.#overwritten.forget(groupId)
    return this.ofGroup(context, groupId)
  }

  /** Throws NOT_FOUND. */
  #targetOf(groupId: string): { kind: string; id: string; name: string } {
    const group = this.#options.store.read((db) => groupById(db, groupId))
    if (!group) throw new AppError('NOT_FOUND')
    return { kind: 'group', id: groupId, name: group.name }
  }

  /** What a person may keep in a wall of their own: cameras that exist and are theirs to see. */
  forPerson(caller: Caller, { layout, tiles }: Wall): Wall {
    return this.#tiles(layout, tiles, (id) => this.#options.policy.canSeeCamera(caller, id))
  }

  /** What stands in a wall of a group: its own cameras, so that every member sees the same. */
  forGroup(groupId: string, wall: Wall): Wall {
    return this.#withOnly(this.#options.rights.camerasOfGroup(groupId), wall)
  }

  /** A stored wall as this caller may see it; undefined where its layout is not known any more. */
  shown(caller: Caller, { layout: name, tiles }: StoredWall): Wall | undefined {
    const layout = wallLayoutIds.find((id) => id === name)
    return layout && this.forPerson(caller, { layout, tiles: JSON.parse(tiles) as (string | null)[] })
  }

  #withOnly(cameras: ReadonlySet<string>, { layout, tiles }: Wall): Wall {
    return this.#tiles(layout, tiles, (id) => cameras.has(id))
  }

  #tiles(layout: WallLayoutId, tiles: Wall['tiles'], mayStay: (cameraId: string) => boolean): Wall {
    const kept = this.#options.store.read((db) =>
      wallLayout(layout).tiles.map((_cell, index) => {
        const id = tiles[index] ?? null
        return id !== null && mayStay(id) && cameraById(db, id) ? id : null
      }),
    )
    return { layout, tiles: kept }
  }

  /** Null means every camera there is. */
  #visibleTo(caller: Caller): readonly string[] | null {
    const visible = this.#options.policy.visibleCameras(caller)
    return visible === 'all' ? null : [...visible.keys()]
  }

  #firstWall(cameraIds: readonly string[] | null): Wall {
    const ids = this.#options.store.read((db) => firstCameraIds(db, cameraIds, firstWallTiles))
    const layout: WallLayoutId = ids.length <= 1 ? '1' : ids.length <= 4 ? '4' : ids.length <= 9 ? '9' : '16'
    return { layout, tiles: wallLayout(layout).tiles.map((_cell, index) => ids[index] ?? null) }
  }
}

/** A wall as it stands in the database. */
export function storedWall({ layout, tiles }: Wall): StoredWall {
  return { layout, tiles: JSON.stringify(tiles) }
}

/** What was overwritten is not known any more, or something else was saved since. */
export function nothingToRestore(): AppError {
  return new AppError('NOTHING_TO_RESTORE')
}
