import type { CallContext, ConfigObject } from '../alta/alta-types.ts'
import { deleteChannel, restoreChannel } from '../alta/channels.ts'
import { jobsQueued } from '../jobs/job-changes.ts'
import { doublingBackoff } from '../jobs/job-kinds.ts'
import type { HeldJob, RunningJob } from '../jobs/job-kinds.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Bus } from '../platform/bus.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import { serverLane } from '../servers/server-lane.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import type { CameraStatusRegistry } from './camera-status-registry.ts'
import { cameraById, cameraDeleted, cameraOfReceiver, deleteCamera } from './queries.ts'
import type { NamedCameraRow } from './queries.ts'

export interface PendingOperationsOptions {
  readonly store: Store
  readonly jobs: JobQueue
  readonly registry: ServerRegistry
  readonly statuses: CameraStatusRegistry
  readonly bus: Bus
  readonly logger: AreaLogger
  readonly deskId: string
}

/** What is about to be made or deleted on Alta. The migration `pending-jobs` writes the same. */
interface Operation {
  readonly kind: 'import' | 'remove'
  readonly serverId: string
  readonly channelId: string
  readonly cameraId: string
  /** The channel before a take-over (JSON), to be restored; null where there was none. */
  readonly previousChannel: string | null
}

/** An operation that a request is about to do. */
export type PendingOperation = Operation & HeldJob

const kind = 'cameras.pending-operation'

/**
 * What the desk is about to make or delete on Alta, written down as a job before Alta is asked. Whatever ends the desk in
 * between, the next one finds it: imports are undone, removals are finished, in their order on each server.
 */
export class PendingOperations {
  readonly #options: PendingOperationsOptions
  /** Servers on which something could not be done yet. */
  readonly #waitingOn = new Set<string>()

  constructor(options: PendingOperationsOptions) {
    this.#options = options
    options.jobs.register<Operation>({
      name: kind,
      // One server that takes long holds up few others.
      concurrency: 8,
      mostAttempts: Infinity,
      // A server that answers again has it tried at once (`retryOn`).
      backoffMs: doublingBackoff(1_000, 600_000),
      run: (job) => this.#run(job),
    })
  }

  /** Writes one down; it must be on disk before Alta hears of it. */
  async note(operation: Operation): Promise<PendingOperation> {
    const lane = serverLane(operation.serverId)
    const job = await this.#options.jobs.hold({ kind, payload: operation, lane })
    return { ...operation, ...job }
  }

  /** Takes an import back after a failure. Where that fails too it is left for later; never rejects. */
  async undo(connection: ServerConnection, operation: PendingOperation, call: CallContext): Promise<void> {
    try {
      await this.#takeBack(connection, operation, { ...call, retries: 1, timeoutMs: 5_000 })
      await this.forget(operation)
    } catch (error) {
      const { serverId, channelId } = operation
      const fields = { requestId: call.requestId, serverId, channelId, error }
      this.#options.logger.warn('an import is undone once its server answers', fields)
      await operation.release()
    }
  }

  async forget(operation: PendingOperation): Promise<void> {
    await this.#options.store.write({ audit: null }, (tx) => operation.finish(tx))
  }

  /** Tries again what could not be done on a server that answers now. Never rejects. */
  async retryOn(serverId: string): Promise<void> {
    if (!this.#waitingOn.delete(serverId)) return
    const { store, jobs, logger } = this.#options
    try {
      await store.write({ audit: null, durable: false, changes: [jobsQueued(kind)] }, (tx) =>
        jobs.makeLaneDue(tx, serverLane(serverId)),
      )
    } catch (error) {
      logger.warn('what is left to do on a server is tried again later', { serverId, error })
    }
  }

  async #run(job: RunningJob<Operation>): Promise<void> {
    const { serverId } = job.payload
    const connection = this.#options.registry.connection(serverId)
    // It was removed, with everything that was to be done on it.
    if (!connection) return
    try {
      if (!connection.state.reached || connection.state.problem)
        throw new Error('The server does not answer yet.')
      await connection.change(async () => {
        job.signal.throwIfAborted()
        await this.#settle(connection, job)
      })
    } catch (error) {
      this.#waitingOn.add(serverId)
      throw error
    }
    connection.pollSoon()
  }

  /** Undoes or finishes what a request, or an earlier run of the desk, has begun. */
  async #settle(connection: ServerConnection, job: RunningJob<Operation>): Promise<void> {
    const { store, logger, deskId } = this.#options
    const { kind: begun, channelId, cameraId, serverId } = job.payload
    const call = { requestId: newId(), retries: 0, signal: job.signal }
    const { camera, user } = await store.read(async (db) => ({
      camera: await cameraById(db, cameraId),
      user: await cameraOfReceiver(db, serverId, '', channelId),
    }))
    // Another import may have made the channel its own since.
    if (begun === 'import' && !user) await this.#takeBack(connection, job.payload, call)
    if (begun === 'remove' && camera) {
      await deleteChannel(connection.client, call, deskId, channelId)
      await this.#finishRemoval(camera, job, call.requestId)
    }
    logger.info('settled what was begun on a server', { kind: begun, channelId, serverId })
  }

  async #takeBack(connection: ServerConnection, operation: Operation, call: CallContext): Promise<void> {
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

  async #finishRemoval(camera: NamedCameraRow, job: RunningJob<Operation>, requestId: string): Promise<void> {
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
      await job.finish(tx)
      await deleteCamera(tx, camera.id)
    })
    statuses.drop(camera.serverId, camera.id)
    bus.publish('camera.removed', { cameraId: camera.id, serverId: camera.serverId })
  }
}
