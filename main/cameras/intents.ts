import { AltaProblem } from '../alta/alta-problem.ts'
import type { CallContext, ConfigObject } from '../alta/alta-types.ts'
import { deleteChannel, restoreChannel } from '../alta/channels.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ServerLink } from '../servers/server-link.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import type { CameraBoard } from './camera-board.ts'
import {
  cameraById,
  cameraDeleted,
  deleteCamera,
  deleteIntent,
  insertIntent,
  intentsOf,
  serversWithIntents,
} from './queries.ts'
import type { IntentRow, NamedCameraRow } from './queries.ts'

export interface IntentsOptions {
  readonly store: Store
  readonly board: CameraBoard
  readonly bus: Bus
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly deskId: string
}

/**
 * What the desk is about to make or delete on Alta, written down before Alta is asked. Whatever ends the desk in
 * between, the next start finds it: imports are undone, removals are finished.
 */
export class Intents {
  readonly #options: IntentsOptions
  /** Servers on which something was left. */
  readonly #leftOn = new Set<string>()
  readonly #settling = new Set<string>()

  constructor(options: IntentsOptions) {
    this.#options = options
  }

  /** Finds out on which servers an earlier run left something. */
  async start(): Promise<void> {
    for (const serverId of await this.#options.store.read(serversWithIntents)) this.#leftOn.add(serverId)
  }

  /** Writes one down; it must be on disk before Alta hears of it. */
  async note(intent: Omit<IntentRow, 'id' | 'createdAt'>): Promise<IntentRow> {
    const row = { ...intent, id: newId(), createdAt: this.#options.clock.now() }
    await this.#options.store.write({ audit: null }, (tx) => insertIntent(tx, row))
    return row
  }

  /** Takes an import back after a failure. Where that fails too it is left for later; never rejects. */
  async undo(link: ServerLink, intent: IntentRow, call: CallContext): Promise<void> {
    try {
      await this.#takeBack(link, intent, { ...call, retries: 1, timeoutMs: 5_000 })
      await this.forget(intent)
    } catch (error) {
      this.leave(intent)
      const { serverId, channelId } = intent
      const fields = { requestId: call.requestId, serverId, channelId, error }
      this.#options.logger.warn('an import is undone once its server answers', fields)
    }
  }

  /** What was begun could not be recorded: it is settled with one of the next rounds. */
  leave(intent: IntentRow): void {
    this.#leftOn.add(intent.serverId)
  }

  async forget(intent: IntentRow): Promise<void> {
    await this.#options.store.write({ audit: null }, (tx) => deleteIntent(tx, intent.id))
  }

  /** Undoes or finishes what was left on a server that answers; where it fails, the next round tries again. */
  async settle(link: ServerLink): Promise<void> {
    if (!this.#leftOn.has(link.id) || this.#settling.has(link.id)) return
    this.#settling.add(link.id)
    const call = { requestId: newId(), retries: 0 }
    try {
      await link.change(async () => {
        for (const intent of await this.#options.store.read((db) => intentsOf(db, link.id)))
          await this.#settleOne(link, intent, call)
      })
      this.#leftOn.delete(link.id)
      link.lookSoon()
    } catch (error) {
      const level = error instanceof AltaProblem ? 'info' : 'error'
      this.#options.logger[level]('what was left on a server could not be settled yet', {
        serverId: link.id,
        requestId: call.requestId,
        error,
      })
    } finally {
      this.#settling.delete(link.id)
    }
  }

  async #settleOne(link: ServerLink, intent: IntentRow, call: CallContext): Promise<void> {
    const { store, logger, deskId } = this.#options
    const camera = await store.read((db) => cameraById(db, intent.cameraId))
    const { kind, channelId, serverId } = intent
    if (kind === 'import' && !camera) await this.#takeBack(link, intent, call)
    if (kind === 'remove' && camera) {
      await deleteChannel(link.client, call, deskId, channelId)
      await this.#finishRemoval(camera, intent, call.requestId)
    } else {
      await this.forget(intent)
    }
    logger.info('settled what an earlier run of the desk had begun', { kind, channelId, serverId })
  }

  async #takeBack(link: ServerLink, intent: IntentRow, call: CallContext): Promise<void> {
    const { deskId } = this.#options
    const { channelId, previousChannel } = intent
    if (previousChannel === null) await deleteChannel(link.client, call, deskId, channelId)
    else
      await restoreChannel(link.client, call, deskId, channelId, JSON.parse(previousChannel) as ConfigObject)
  }

  async #finishRemoval(camera: NamedCameraRow, intent: IntentRow, requestId: string): Promise<void> {
    const { store, board, bus } = this.#options
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
      await deleteIntent(tx, intent.id)
      await deleteCamera(tx, camera.id)
    })
    board.drop(camera.serverId, camera.id)
    bus.publish('camera.removed', { cameraId: camera.id, serverId: camera.serverId })
  }
}
