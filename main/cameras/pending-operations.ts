import { AltaProblem } from '../alta/alta-problem.ts'
import type { CallContext, ConfigObject } from '../alta/alta-types.ts'
import { deleteChannel, restoreChannel } from '../alta/channels.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import type { CameraStatusRegistry } from './camera-status-registry.ts'
import {
  cameraById,
  cameraDeleted,
  deleteCamera,
  deleteOperation,
  insertOperation,
  operationsOf,
  serversWithOperations,
} from './queries.ts'
import type { PendingOperationRow, NamedCameraRow } from './queries.ts'

export interface IntentsOptions {
  readonly store: Store
  readonly statuses: CameraStatusRegistry
  readonly bus: Bus
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly deskId: string
}

/**
 * What the desk is about to make or delete on Alta, written down before Alta is asked. Whatever ends the desk in
 * between, the next start finds it: imports are undone, removals are finished.
 */
export class PendingOperations {
  readonly #options: IntentsOptions
  /** Servers on which something was left. */
  readonly #leftOn = new Set<string>()
  readonly #settling = new Set<string>()

  constructor(options: IntentsOptions) {
    this.#options = options
  }

  /** Finds out on which servers an earlier run left something. */
  async start(): Promise<void> {
    for (const serverId of await this.#options.store.read(serversWithOperations)) this.#leftOn.add(serverId)
  }

  /** Writes one down; it must be on disk before Alta hears of it. */
  async note(operation: Omit<PendingOperationRow, 'id' | 'createdAt'>): Promise<PendingOperationRow> {
    const row = { ...operation, id: newId(), createdAt: this.#options.clock.now() }
    await this.#options.store.write({ audit: null }, (tx) => insertOperation(tx, row))
    return row
  }

  /** Takes an import back after a failure. Where that fails too it is left for later; never rejects. */
  async undo(connection: ServerConnection, operation: PendingOperationRow, call: CallContext): Promise<void> {
    try {
      await this.#takeBack(connection, operation, { ...call, retries: 1, timeoutMs: 5_000 })
      await this.forget(operation)
    } catch (error) {
      this.leave(operation)
      const { serverId, channelId } = operation
      const fields = { requestId: call.requestId, serverId, channelId, error }
      this.#options.logger.warn('an import is undone once its server answers', fields)
    }
  }

  /** What was begun could not be recorded: it is settled with one of the next rounds. */
  leave(operation: PendingOperationRow): void {
    this.#leftOn.add(operation.serverId)
  }

  async forget(operation: PendingOperationRow): Promise<void> {
    await this.#options.store.write({ audit: null }, (tx) => deleteOperation(tx, operation.id))
  }

  /** Undoes or finishes what was left on a server that answers; where it fails, the next round tries again. */
  async settle(connection: ServerConnection): Promise<void> {
    if (!this.#leftOn.has(connection.id) || this.#settling.has(connection.id)) return
    this.#settling.add(connection.id)
    const call = { requestId: newId(), retries: 0 }
    try {
      await connection.change(async () => {
        for (const operation of await this.#options.store.read((db) => operationsOf(db, connection.id)))
          await this.#settleOne(connection, operation, call)
      })
      this.#leftOn.delete(connection.id)
      connection.pollSoon()
    } catch (error) {
      const level = error instanceof AltaProblem ? 'info' : 'error'
      this.#options.logger[level]('what was left on a server could not be settled yet', {
        serverId: connection.id,
        requestId: call.requestId,
        error,
      })
    } finally {
      this.#settling.delete(connection.id)
    }
  }

  async #settleOne(
    connection: ServerConnection,
    operation: PendingOperationRow,
    call: CallContext,
  ): Promise<void> {
    const { store, logger, deskId } = this.#options
    const camera = await store.read((db) => cameraById(db, operation.cameraId))
    const { kind, channelId, serverId } = operation
    if (kind === 'import' && !camera) await this.#takeBack(connection, operation, call)
    if (kind === 'remove' && camera) {
      await deleteChannel(connection.client, call, deskId, channelId)
      await this.#finishRemoval(camera, operation, call.requestId)
    } else {
      await this.forget(operation)
    }
    logger.info('settled what an earlier run of the desk had begun', { kind, channelId, serverId })
  }

  async #takeBack(
    connection: ServerConnection,
    operation: PendingOperationRow,
    call: CallContext,
  ): Promise<void> {
    const { deskId } = this.#options
    const { channelId, previousChannel } = operation
    if (previousChannel === null) await deleteChannel(connection.client, call, deskId, channelId)
    else
      await restoreChannel(
        connection.client,
        call,
        deskId,
        channelId,
        JSON.parse(previousChannel) as ConfigObject,
      )
  }

  async #finishRemoval(
    camera: NamedCameraRow,
    operation: PendingOperationRow,
    requestId: string,
  ): Promise<void> {
    const { store, statuses, bus } = this.#options
    const audit: AuditRecord = {
      action: 'camera.removed',
      actorId: null,
      actorName: 'desk (finishing what was begun)',
      door: 'desk',
      remoteAddress: '',
      requestId,
      outcome: 'done',
      target: { kind: 'camera', id: camera.id, name: camera.name },
      before: null,
      after: null,
    }
    await store.write({ audit, changes: [cameraDeleted(camera.id, camera.serverId)] }, async (tx) => {
      await deleteOperation(tx, operation.id)
      await deleteCamera(tx, camera.id)
    })
    statuses.drop(camera.serverId, camera.id)
    bus.publish('camera.removed', { cameraId: camera.id, serverId: camera.serverId })
  }
}
