import type { Wall } from '../../shared/contract/live.ts'
import type { View } from '../../shared/contract/views.ts'
import type { Policy } from '../identity/policy.ts'
import { auditRecord, signedInCaller } from '../identity/request-context.ts'
import type { Caller, RequestContext } from '../identity/request-context.ts'
import type { Rights } from '../identity/rights.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { notFound, Refusal } from '../servers/refusals.ts'
import type { Store } from '../store/store-types.ts'
import { deleteView, insertView, updateView, viewById, viewsOf } from './queries.ts'
import type { ViewRow } from './queries.ts'
import { storedWall } from './walls.ts'
import type { Walls } from './walls.ts'

export interface ViewsOptions {
  readonly store: Store
  readonly policy: Policy
  readonly rights: Rights
  readonly walls: Walls
  readonly clock: Clock
}

/** So many views a person, or a group, can have. */
const mostViews = 200

/** Walls that were saved under a name: for oneself, or for a group by its operators. */
export class Views {
  readonly #options: ViewsOptions

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** The caller's own and those of their groups, by name. */
  list(context: RequestContext): { items: View[]; total: number } {
    const { store, rights } = this.#options
    const caller = signedInCaller(context)
    const groupIds = caller.admin ? null : rights.groupsOf(caller.userId)
    const items = store
      .read((db) => viewsOf(db, caller.userId, groupIds))
      .map((row) => this.#view(caller, row))
    return { items, total: items.length }
  }

  get(context: RequestContext, id: string): View {
    return this.#view(signedInCaller(context), this.#find(id))
  }

  /** Throws TOO_MANY_VIEWS. */
  create(context: RequestContext, input: Wall & { name: string; groupId?: string | null | undefined }): View {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const groupId = input.groupId ?? null
    const owner = { groupId, userId: groupId === null ? caller.userId : null }
    const wall = this.#kept(caller, groupId, input)
    const row: ViewRow = {
      id: newId(),
      ...owner,
      name: input.name,
      ...storedWall(wall),
      savedAt: clock.now(),
    }
    const after = { name: row.name, groupId, ...wall }
    const audit = auditRecord(context, { action: 'view.added', target: targetOf(row), after })
    store.write({ audit }, (tx) => {
      const theirs = viewsOf(tx, owner.userId ?? '', groupId === null ? [] : [groupId])
      if (theirs.length >= mostViews) throw new Refusal('TOO_MANY_VIEWS', tooManyViews)
      insertView(tx, row)
    })
    return this.#view(caller, row)
  }

  update(
    context: RequestContext,
    id: string,
    input: { name?: string | undefined; wall?: Wall | undefined },
  ): View {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const before = this.#find(id)
    const wall = input.wall && storedWall(this.#kept(caller, before.groupId, input.wall))
    const row = { ...before, name: input.name ?? before.name, ...wall, savedAt: clock.now() }
    const audit = auditRecord(context, {
      action: 'view.changed',
      target: targetOf(row),
      before: { name: before.name, layout: before.layout, tiles: before.tiles },
      after: { name: row.name, layout: row.layout, tiles: row.tiles },
    })
    store.write({ audit }, (tx) => updateView(tx, row))
    return this.#view(caller, row)
  }

  remove(context: RequestContext, id: string): void {
    const row = this.#find(id)
    const before = { name: row.name, groupId: row.groupId }
    const audit = auditRecord(context, { action: 'view.removed', target: targetOf(row), before })
    this.#options.store.write({ audit }, (tx) => deleteView(tx, id))
  }

  #kept(caller: Caller, groupId: string | null, wall: Wall): Wall {
    const { walls } = this.#options
    return groupId === null ? walls.forPerson(caller, wall) : walls.forGroup(groupId, wall)
  }

  #view(caller: Caller, row: ViewRow): View {
    const { walls, policy } = this.#options
    const { id, name, groupId, savedAt } = row
    const wall = walls.shown(caller, row) ?? { layout: '1', tiles: [null] }
    return { id, name, groupId, savedAt, canChange: policy.may(caller, 'view', id, 'operator'), ...wall }
  }

  #find(id: string): ViewRow {
    const row = this.#options.store.read((db) => viewById(db, id))
    if (!row) throw notFound()
    return row
  }
}

const tooManyViews = { status: 409, message: 'There are 200 views already. Delete one first.' } as const

function targetOf({ id, name }: ViewRow): { kind: string; id: string; name: string } {
  return { kind: 'view', id, name }
}
