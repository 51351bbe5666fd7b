import type { Camera } from '../../shared/contract/cameras.ts'
import type { CameraStatus } from '../../shared/domain/statuses.ts'
import { cameraStatuses } from '../../shared/domain/statuses.ts'
import { AltaProblem } from '../alta/alta-problem.ts'
import type { AltaConfig, CallContext } from '../alta/alta-types.ts'
import { deleteChannel, inspectChannel, updateChannel } from '../alta/channels.ts'
import { wouldClearRecordings } from '../alta/ownership.ts'
import type { Policy } from '../access/policy.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Bus } from '../platform/bus.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import type { Store } from '../store/store-types.ts'
import { auditView } from './audit-view.ts'
import { withoutServer } from './member-view.ts'
import { changesOf } from './camera-changes.ts'
import type { CameraUpdate } from './camera-changes.ts'
import type { CameraStatusRegistry } from './camera-status-registry.ts'
import { requireReceiver, requireStorage } from './requirements.ts'
import { Importer } from './importer.ts'
import type { ImportInput } from './importer.ts'
import type { PendingOperation, PendingOperations } from './pending-operations.ts'
import {
  cameraById,
  cameraOfReceiver,
  deleteCamera,
  matchingCameras,
  pageOfCameras,
  updateCamera,
  cameraDeleted,
  existingCameras,
} from './queries.ts'
import type { CameraChanges, CameraFilter, CameraOrder, CameraRow, NamedCameraRow } from './queries.ts'
import { AppError, invalidField } from '../rpc/app-error.ts'

export interface CamerasOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly statuses: CameraStatusRegistry
  readonly operations: PendingOperations
  readonly policy: Policy
  readonly bus: Bus
  readonly clock: { now(): number }
  readonly logger: AreaLogger
  readonly deskId: string
}

export type CameraSort = CameraOrder | 'status' | '-status'

export interface ListInput {
  readonly search?: string | undefined
  readonly serverId?: string | undefined
  readonly status?: CameraStatus | undefined
  readonly sort: CameraSort
  readonly page: number
  readonly pageSize: number
}

/** How long a removal by force waits for an Alta that may be dead. */
const forcedCall = { retries: 0, timeoutMs: 3_000 } as const

/** The rules of listing, importing, changing and removing cameras. */
export class CamerasService {
  readonly #options: CamerasOptions
  readonly #importer: Importer

  constructor(options: CamerasOptions) {
    this.#options = options
    this.#importer = new Importer(options)
  }

  /** One page of the cameras that are the caller's to see; searches and statuses are looked up apart. */
  async list(context: RequestContext, input: ListInput): Promise<{ items: Camera[]; total: number }> {
    const { store, statuses } = this.#options
    const { status, pageSize } = input
    const offset = (input.page - 1) * pageSize
    const caller = signedInCaller(context)
    const filter = this.#filter(caller, input)
    const sort = caller.admin ? input.sort : sortWithoutServers(input.sort)
    const byStatus = sort === 'status' || sort === '-status'
    if (filter.search === null && status === undefined && !byStatus) {
      const { rows, total } = await store.read((db) => pageOfCameras(db, filter, sort, pageSize, offset))
      return { items: rows.map((row) => this.#shown(caller, row)), total }
    }
    const rows = await matchingCameras(store, filter, byStatus ? 'name' : sort)
    const wanted = status ? rows.filter((row) => statuses.standingOf(row).status === status) : rows
    const sorted = byStatus ? this.#sortedByStatus(wanted, sort) : wanted
    const page = sorted.slice(offset, offset + pageSize)
    return { items: page.map((row) => this.#shown(caller, row)), total: wanted.length }
  }

  /** One camera as this caller may see it. */
  async show(context: RequestContext, id: string): Promise<Camera> {
    return this.#shown(signedInCaller(context), (await this.#find(id)).row)
  }

  async get(id: string): Promise<Camera> {
    return this.#options.statuses.view((await this.#find(id)).row)
  }

  /** Makes the receiver's channel on Alta and the camera; one without the other never stays. */
  async create(context: RequestContext, input: ImportInput): Promise<Camera> {
    const { registry, statuses, bus } = this.#options
    const connection = registry.connection(input.serverId)
    if (!connection) throw new AppError('NOT_FOUND')
    const row = await this.#importer.run(context, connection, input)
    statuses.put(row)
    bus.publish('camera.added', { cameraId: row.id, serverId: row.serverId })
    connection.pollSoon()
    return this.get(row.id)
  }

  /** Changes the channel on Alta, then the camera; recordings go only with the camera's name typed out. */
  async update(context: RequestContext, id: string, input: CameraUpdate): Promise<Camera> {
    const { store, statuses, bus } = this.#options
    const { connection } = await this.#find(id)
    await connection.change(async () => {
      const { row } = await this.#find(id)
      const changes = changesOf(row, input)
      const call = { requestId: context.requestId }
      await this.#requireUsable(connection, call, row, changes)
      await this.#changeChannel(connection, call, row, { ...row, ...changes }, input.confirmName)
      const audit = auditRecord(context, {
        action: 'camera.changed',
        target: { kind: 'camera', id, name: changes.name ?? row.name },
        before: auditView(row),
        after: auditView({ ...row, ...changes }),
      })
      await store.write({ audit }, (tx) => updateCamera(tx, id, changes))
    })
    const { row } = await this.#find(id)
    statuses.put(row)
    bus.publish('camera.changed', {
      cameraId: id,
      serverId: row.serverId,
      standing: statuses.standingOf(row),
    })
    connection.pollSoon()
    return this.get(id)
  }

  /** Answers once Alta has confirmed; `force` forgets the camera even where Alta does not answer. */
  async remove(context: RequestContext, id: string, force: boolean): Promise<void> {
    const { operations, statuses, bus } = this.#options
    const { connection } = await this.#find(id)
    const row = await connection.change(async () => {
      const { row: camera } = await this.#find(id)
      const { serverId, channelId } = camera
      const operation = await operations.note({
        serverId,
        kind: 'remove',
        channelId,
        cameraId: id,
        previousChannel: null,
      })
      try {
        await this.#deleteChannel(context, connection, channelId, force)
      } catch (error) {
        await operations.forget(operation)
        throw error
      }
      await this.#recordRemoval(context, camera, operation)
      return camera
    })
    statuses.drop(row.serverId, id)
    bus.publish('camera.removed', { cameraId: id, serverId: row.serverId })
    connection.pollSoon()
  }

  /** What a camera is called, undefined where there is none; for the guard. */
  async nameOf(id: string): Promise<string | undefined> {
    return (await this.#options.store.read((db) => cameraById(db, id)))?.name
  }

  /** Those of these cameras that there are and the caller may see; nobody is refused for asking. */
  async visible(context: RequestContext, ids: readonly string[]): Promise<{ ids: string[] }> {
    const { store, policy } = this.#options
    const caller = signedInCaller(context)
    const mine = [...new Set(ids)].filter((id) => policy.canSeeCamera(caller, id))
    const known = await store.read((db) => existingCameras(db, mine))
    return { ids: mine.filter((id) => known.has(id)) }
  }

  #filter(caller: Caller, input: ListInput): CameraFilter {
    const visible = this.#options.policy.visibleCameras(caller)
    return {
      visibleIds: visible === 'all' ? null : [...visible.keys()],
      searchesServers: caller.admin,
      serverId: input.serverId ?? null,
      search: input.search?.trim() || null,
    }
  }

  /** Which Alta serves it, and how, is for administrators. */
  #shown(caller: Caller, row: NamedCameraRow): Camera {
    const camera = this.#options.statuses.view(row)
    return caller.admin ? camera : withoutServer(camera)
  }

  #sortedByStatus(rows: readonly NamedCameraRow[], sort: 'status' | '-status'): NamedCameraRow[] {
    const rank = (row: NamedCameraRow): number =>
      cameraStatuses.indexOf(this.#options.statuses.standingOf(row).status)
    const direction = sort === 'status' ? 1 : -1
    return rows.toSorted((a, b) => direction * (rank(a) - rank(b)))
  }

  async #find(id: string): Promise<{ row: NamedCameraRow; connection: ServerConnection }> {
    const row = await this.#options.store.read((db) => cameraById(db, id))
    const connection = row && this.#options.registry.connection(row.serverId)
    if (!row || !connection) throw new AppError('NOT_FOUND')
    return { row, connection }
  }

  async #requireUsable(
    connection: ServerConnection,
    call: CallContext,
    row: CameraRow,
    changes: CameraChanges,
  ): Promise<void> {
    const { receiverId, subReceiverId, storageId } = changes
    if (receiverId === undefined && subReceiverId === undefined && storageId === undefined) return
    const config: AltaConfig = await connection.client.config(call)
    if (storageId) requireStorage(config, storageId)
    if (subReceiverId) requireReceiver(config, subReceiverId)
    if (receiverId === undefined) return
    requireReceiver(config, receiverId)
    const other = await this.#options.store.read((db) => cameraOfReceiver(db, row.serverId, receiverId, ''))
    if (other && other.id !== row.id)
      throw invalidField('streams.main', `This receiver is the camera ${other.name} already.`)
  }

  async #changeChannel(
    connection: ServerConnection,
    call: CallContext,
    before: CameraRow,
    after: CameraRow,
    confirmName: string | undefined,
  ): Promise<void> {
    const { deskId } = this.#options
    const { found } = await inspectChannel(connection.client, call, deskId, before.channelId)
    const clears = found !== null && wouldClearRecordings(found, after)
    if (clears && confirmName !== before.name)
      throw new AppError('CONFIRMATION_NEEDED', {
        params: { expected: before.name, reason: `Alta deletes the recordings of ${before.name} by this.` },
      })
    await updateChannel(connection.client, call, deskId, after, { mayClearRecordings: clears })
  }

  async #recordRemoval(
    context: RequestContext,
    camera: CameraRow,
    operation: PendingOperation,
  ): Promise<void> {
    const { store } = this.#options
    const audit = auditRecord(context, {
      action: 'camera.removed',
      target: { kind: 'camera', id: camera.id, name: camera.name },
      before: auditView(camera),
    })
    try {
      await store.write({ audit, changes: [cameraDeleted(camera.id, camera.serverId)] }, async (tx) => {
        await operation.finish(tx)
        await deleteCamera(tx, camera.id)
      })
    } catch (error) {
      await operation.release()
      throw error
    }
  }

  async #deleteChannel(
    context: RequestContext,
    connection: ServerConnection,
    channelId: string,
    force: boolean,
  ): Promise<void> {
    const { deskId, logger } = this.#options
    const { requestId } = context
    try {
      await deleteChannel(connection.client, { requestId, ...(force && forcedCall) }, deskId, channelId)
    } catch (error) {
      if (!force || !(error instanceof AltaProblem)) throw error
      const fields = { serverId: connection.id, channelId, requestId, code: error.code }
      logger.warn('a camera was removed by force; its channel stays on Alta', fields)
    }
  }
}

function sortWithoutServers(sort: CameraSort): CameraSort {
  return sort === 'server' || sort === '-server' ? 'name' : sort
}
