import type { Wall } from '../../shared/contract/live.ts'
import type { View } from '../../shared/contract/views.ts'
import { storedName } from '../access/groups.ts'
import { groupById } from '../access/groups-queries.ts'
import type { Policy } from '../access/policy.ts'
import { userById } from '../accounts/queries.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Rights } from '../access/rights.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, ReadHandle, Store, Tx } from '../store/store-types.ts'
import { foldedText } from '../store/text-search.ts'
import { Overwritten } from './overwritten.ts'
import {
  deleteView,
  insertView,
  putSlot,
  slotsOf,
  updateView,
  viewById,
  viewsOf,
  wallsChanged,
} from './queries.ts'
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
  async list(context: RequestContext): Promise<{ items: View[]; total: number }> {
    const { store, rights } = this.#options
    const caller = signedInCaller(context)
    const groupIds = caller.admin ? null : rights.groupsOf(caller.userId)
    const { slots, rows } = await store.read(async (db) => ({
      slots: await slotsOf(db, caller.userId),
      rows: await viewsOf(db, caller.userId, groupIds),
    }))
    const items: View[] = []
    for (const row of rows) items.push(await this.#view(caller, row, slots))
    return { items, total: items.length }
  }

  async get(context: RequestContext, id: string): Promise<View> {
    return this.#shown(signedInCaller(context), await this.#options.store.read((db) => find(db, id)))
  }

  /** Throws TOO_MANY_VIEWS or VIEW_EXISTS. */
  async create(context: RequestContext, { slot = null, ...input }: NewView): Promise<View> {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const groupId = input.groupId ?? null
    const owner = { groupId, userId: groupId === null ? caller.userId : null }
    const wall = await this.#kept(caller, groupId, input)
    const row: ViewRow = {
      id: newId(),
      ...owner,
      name: storedName(input.name),
      ...storedWall(wall),
      savedAt: clock.now(),
    }
    const after = { name: row.name, groupId, slot, ...wall }
    const audit = auditRecord(context, { action: 'view.added', target: targetOf(row), after })
    await store.write({ audit, changes: [wallsChanged(row)] }, async (tx) => {
      // Deleted meanwhile.
      if (!(await userById(tx, caller.userId))) throw new AppError('UNAUTHORIZED')
      if (groupId !== null && !(await groupById(tx, groupId))) throw new AppError('NOT_FOUND')
      if ((await viewsOfOwner(tx, owner)).length >= mostViews) throw new AppError('TOO_MANY_VIEWS')
      await refuseTaken(tx, row)
      await insertView(tx, row)
      if (slot !== null) await putSlot(tx, caller.userId, row.id, slot)
    })
    return this.#shown(caller, row)
  }

  /** Throws VIEW_EXISTS. */
  async update(
    context: RequestContext,
    id: string,
    input: { name?: string | undefined; wall?: Wall | undefined },
  ): Promise<View> {
    const { store, clock } = this.#options
    const caller = signedInCaller(context)
    const { groupId } = await store.read((db) => find(db, id))
    const wall = input.wall && storedWall(await this.#kept(caller, groupId, input.wall))
    const { before, row } = await this.#write(context, 'view.changed', async (tx) => {
      const current = await find(tx, id)
      const name = input.name === undefined ? current.name : storedName(input.name)
      const next = { ...current, name, ...wall, savedAt: clock.now() }
      if (name !== current.name) await refuseTaken(tx, next)
      await updateView(tx, next)
      return { before: current, row: next }
    })
    if (wall) this.#overwritten.keep(id, row.savedAt, before)
    else this.#overwritten.forget(id)
    return this.#shown(caller, row)
  }

  /** Puts back the wall that the view held before it was saved at `savedAt`. Throws NOTHING_TO_RESTORE. */
  async restore(context: RequestContext, id: string, savedAt: number): Promise<View> {
    const { clock } = this.#options
    const before = this.#overwritten.before(id, savedAt)
    const { row } = await this.#write(context, 'view.restored', async (tx) => {
      const current = await find(tx, id)
      if (!before || current.savedAt !== savedAt) throw nothingToRestore()
      const { layout, tiles } = before
      const next = { ...current, layout, tiles, savedAt: clock.now() }
      await updateView(tx, next)
      return { before: current, row: next }
    })
    this.#overwritten.forget(id)
    return this.#shown(signedInCaller(context), row)
  }

  /** Puts a view on a digit of the caller's, or with null on none; what was on that digit is on none then. */
  async setSlot(context: RequestContext, id: string, slot: number | null): Promise<View> {
    const { store } = this.#options
    const caller = signedInCaller(context)
    const audit = ({ row, taken, replaced }: PlacedView): AuditRecord =>
      auditRecord(context, {
        action: 'view.slot-set',
        target: targetOf(row),
        before: { slot: taken },
        after: { slot, ...(replaced && { replaced: replaced.name }) },
      })
    const changes = [wallsChanged({ userId: caller.userId, groupId: null })]
    const { row } = await store.write({ audit, changes }, async (tx): Promise<PlacedView> => {
      const found = await find(tx, id)
      const slots = await slotsOf(tx, caller.userId)
      const [replacedId] = [...slots].find(([viewId, taken]) => taken === slot && viewId !== id) ?? []
      const replaced = replacedId === undefined ? undefined : await viewById(tx, replacedId)
      await putSlot(tx, caller.userId, id, slot)
      return { row: found, taken: slots.get(id) ?? null, replaced }
    })
    return this.#shown(caller, row)
  }

  async remove(context: RequestContext, id: string): Promise<void> {
    const audit = (row: ViewRow): AuditRecord => {
      const before = { name: row.name, groupId: row.groupId }
      return auditRecord(context, { action: 'view.removed', target: targetOf(row), before })
    }
    const changes = (row: ViewRow): Change[] => [wallsChanged(row)]
    await this.#options.store.write({ audit, changes }, async (tx) => {
      const found = await find(tx, id)
      await deleteView(tx, id)
      return found
    })
    this.#overwritten.forget(id)
  }

  /** Changes a view in one write, records both sides, and announces it. */
  async #write(
    context: RequestContext,
    action: 'view.changed' | 'view.restored',
    change: (tx: Tx) => Promise<ChangedView>,
  ): Promise<ChangedView> {
    const audit = ({ before, row }: ChangedView): AuditRecord =>
      auditRecord(context, { action, ...changeOf(before, row) })
    const changes = ({ row }: ChangedView): Change[] => [wallsChanged(row)]
    return this.#options.store.write({ audit, changes }, change)
  }

  #kept(caller: Caller, groupId: string | null, wall: Wall): Promise<Wall> {
    const { walls } = this.#options
    return groupId === null ? walls.forPerson(caller, wall) : walls.forGroup(groupId, wall)
  }

  async #shown(caller: Caller, row: ViewRow): Promise<View> {
    return this.#view(caller, row, await this.#options.store.read((db) => slotsOf(db, caller.userId)))
  }

  async #view(caller: Caller, row: ViewRow, slots: ReadonlyMap<string, number>): Promise<View> {
    const { walls, policy } = this.#options
    const { id, name, groupId, savedAt } = row
    const wall = (await walls.shown(caller, row)) ?? { layout: '1', tiles: [null] }
    const canChange = policy.ownedRole(caller, row) === 'operator'
    return { id, name, groupId, savedAt, canChange, slot: slots.get(id) ?? null, ...wall }
  }
}

/** A view before and after a write. */
interface ChangedView {
  readonly before: ViewRow
  readonly row: ViewRow
}

/** A view that was put on a digit: on which it was, and what it replaced there. */
interface PlacedView {
  readonly row: ViewRow
  readonly taken: number | null
  readonly replaced: ViewRow | undefined
}

async function find(db: ReadHandle, id: string): Promise<ViewRow> {
  const row = await viewById(db, id)
  if (!row) throw new AppError('NOT_FOUND')
  return row
}

function viewsOfOwner(tx: Tx, { userId, groupId }: Pick<ViewRow, 'userId' | 'groupId'>): Promise<ViewRow[]> {
  return viewsOf(tx, userId ?? '', groupId === null ? [] : [groupId])
}

/** Case does not make two names of one, whatever the alphabet; an owner has few enough views to look through. */
async function refuseTaken(tx: Tx, row: ViewRow): Promise<void> {
  const wanted = foldedText(row.name)
  const isTaken = (await viewsOfOwner(tx, row)).some(
    ({ id, name }) => id !== row.id && foldedText(name) === wanted,
  )
  if (isTaken) throw new AppError('VIEW_EXISTS', { params: { field: 'name' } })
}

function targetOf({ id, name }: ViewRow): { kind: string; id: string; name: string } {
  return { kind: 'view', id, name }
}

function changeOf(before: ViewRow, after: ViewRow) {
  const side = ({ name, layout, tiles }: ViewRow) => ({ name, layout, tiles })
  return { target: targetOf(after), before: side(before), after: side(after) }
}
