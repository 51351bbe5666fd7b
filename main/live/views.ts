import type { Wall } from '../../shared/contract/live.ts'
import type { View } from '../../shared/contract/views.ts'
import { storedName } from '../identity/groups.ts'
import type { Policy } from '../identity/policy.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Rights } from '../identity/rights.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Store, Tx } from '../store/store-types.ts'
import { foldedText } from '../store/text-search.ts'
import { Overwritten } from './overwritten.ts'
import { deleteView, insertView, putSlot, slotsOf, updateView, viewById, viewsOf } from './queries.ts'
import type { ViewRow } from './queries.ts'
import { nothingToRestore, storedWall } from './walls.ts'
import type { Walls } from './walls.ts'
import { AppError } from '../rpc/app-error.ts'

export interface ViewsOptions {
  readonly store: Store
  readonly policy: Policy
  readonly rights: Rights
  readonly walls: Walls
  readonly clock: Clock
  readonly bus: Bus
}

/** So many views a person, or a group, can have. */
const mostViews = 200

type NewView = Wall & {
  readonly name: string
  readonly groupId?: string | null | undefined
  readonly slot?: number | null | undefined
}

/** Walls that were saved under a name: for oneself, or for a group by its operators; and the digits that open them. */
export class Views {
  readonly #options: ViewsOptions
  readonly #overwritten: Overwritten<ViewRow>

  constructor(options: ViewsOptions) {
    this.#options = options
    this.#overwritten = new Overwritten(options.clock)
  }

  /** The caller's own and those of their groups, by name. */
  list(context: RequestContext): { items: View[]; total: number } {
    const { store, rights } = this.#options
    const caller = signedInCaller(context)
    const groupIds = caller.admin ? null : rights.groupsOf(caller.userId)
    const slots = store.read((db) => slotsOf(db, caller.userId))
    const items = store
      .read((db) => viewsOf(db, caller.userId, groupIds))
      .map((row) => this.#view(caller, row, slots))
    return { items, total: items.length }
  }

  get(context: RequestContext, id: string): View {
    return this.#view(signedInCaller(context), this.#find(id))
  }

  /** Throws TOO_MANY_VIEWS or VIEW_EXISTS. */
  create(context: RequestContext, { slot = null, ...input }: NewView): View {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const groupId = input.groupId ?? null
    const owner = { groupId, userId: groupId === null ? caller.userId : null }
    const wall = this.#kept(caller, groupId, input)
    const row: ViewRow = {
      id: newId(),
      ...owner,
      name: storedName(input.name),
      ...storedWall(wall),
      savedAt: clock.now(),
    }
    const after = { name: row.name, groupId, slot, ...wall }
    const audit = auditRecord(context, { action: 'view.added', target: targetOf(row), after })
    store.write({ audit }, (tx) => {
      if (viewsOfOwner(tx, owner).length >= mostViews) throw new AppError('TOO_MANY_VIEWS')
      refuseTaken(tx, row)
      insertView(tx, row)
      if (slot !== null) putSlot(tx, caller.userId, row.id, slot)
    })
    this.#announce(row)
    return this.#view(caller, row)
  }

  /** Throws VIEW_EXISTS. */
  update(
    context: RequestContext,
    id: string,
    input: { name?: string | undefined; wall?: Wall | undefined },
  ): View {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const before = this.#find(id)
    const wall = input.wall && storedWall(this.#kept(caller, before.groupId, input.wall))
    const name = input.name === undefined ? before.name : storedName(input.name)
    const row = { ...before, name, ...wall, savedAt: clock.now() }
    const audit = auditRecord(context, { action: 'view.changed', ...changeOf(before, row) })
    store.write({ audit }, (tx) => {
      if (name !== before.name) refuseTaken(tx, row)
      updateView(tx, row)
    })
    this.#announce(row)
    if (wall) this.#overwritten.keep(id, row.savedAt, before)
    else this.#overwritten.forget(id)
    return this.#view(caller, row)
  }

  /** Puts back the wall that the view held before it was saved at `savedAt`. Throws NOTHING_TO_RESTORE. */
  restore(context: RequestContext, id: string, savedAt: number): View {
    const { store, clock } = this.#options
    const current = this.#find(id)
    const before = this.#overwritten.before(id, savedAt)
    if (!before || current.savedAt !== savedAt) throw nothingToRestore()
    const { layout, tiles } = before
    const row = { ...current, layout, tiles, savedAt: clock.now() }
    const audit = auditRecord(context, { action: 'view.restored', ...changeOf(current, row) })
    store.write({ audit }, (tx) => updateView(tx, row))
    this.#announce(row)
    this.#overwritten.forget(id)
    return this.#view(signedInCaller(context), row)
  }

  /** Puts a view on a digit of the caller's, or with null on none; what was on that digit is on none then. */
  setSlot(context: RequestContext, id: string, slot: number | null): View {
    const { store } = this.#options
    const caller = signedInCaller(context)
    const row = this.#find(id)
    const slots = store.read((db) => slotsOf(db, caller.userId))
    const [replacedId] = [...slots].find(([viewId, taken]) => taken === slot && viewId !== id) ?? []
    const replaced = replacedId === undefined ? undefined : store.read((db) => viewById(db, replacedId))
    const audit = auditRecord(context, {
      action: 'view.slot-set',
      target: targetOf(row),
      before: { slot: slots.get(id) ?? null },
      after: { slot, ...(replaced && { replaced: replaced.name }) },
    })
    store.write({ audit }, (tx) => putSlot(tx, caller.userId, id, slot))
    this.#announce({ userId: caller.userId, groupId: null })
    return this.#view(caller, row)
  }

  remove(context: RequestContext, id: string): void {
    const row = this.#find(id)
    const before = { name: row.name, groupId: row.groupId }
    const audit = auditRecord(context, { action: 'view.removed', target: targetOf(row), before })
    this.#options.store.write({ audit }, (tx) => deleteView(tx, id))
    this.#announce(row)
    this.#overwritten.forget(id)
  }

  #announce({ userId, groupId }: Pick<ViewRow, 'userId' | 'groupId'>): void {
    this.#options.bus.publish('walls.changed', { userId, groupId })
  }

  #kept(caller: Caller, groupId: string | null, wall: Wall): Wall {
    const { walls } = this.#options
    return groupId === null ? walls.forPerson(caller, wall) : walls.forGroup(groupId, wall)
  }

  #view(
    caller: Caller,
    row: ViewRow,
    slots = this.#options.store.read((db) => slotsOf(db, caller.userId)),
  ): View {
    const { walls, policy } = this.#options
    const { id, name, groupId, savedAt } = row
    const wall = walls.shown(caller, row) ?? { layout: '1', tiles: [null] }
    const canChange = policy.may(caller, 'view', id, 'operator')
    return { id, name, groupId, savedAt, canChange, slot: slots.get(id) ?? null, ...wall }
  }

  #find(id: string): ViewRow {
    const row = this.#options.store.read((db) => viewById(db, id))
    if (!row) throw new AppError('NOT_FOUND')
    return row
  }
}

function viewsOfOwner(tx: Tx, { userId, groupId }: Pick<ViewRow, 'userId' | 'groupId'>): ViewRow[] {
  return viewsOf(tx, userId ?? '', groupId === null ? [] : [groupId])
}

/** Case does not make two names of one, whatever the alphabet; an owner has few enough views to look through. */
function refuseTaken(tx: Tx, row: ViewRow): void {
  const wanted = foldedText(row.name)
  const isTaken = viewsOfOwner(tx, row).some(({ id, name }) => id !== row.id && foldedText(name) === wanted)
  if (isTaken) throw new AppError('VIEW_EXISTS', { params: { field: 'name' } })
}

function targetOf({ id, name }: ViewRow): { kind: string; id: string; name: string } {
  return { kind: 'view', id, name }
}

function changeOf(before: ViewRow, after: ViewRow) {
  const side = ({ name, layout, tiles }: ViewRow) => ({ name, layout, tiles })
  return { target: targetOf(after), before: side(before), after: side(after) }
}
