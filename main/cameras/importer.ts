import { AltaProblem } from '../alta/alta-problem.ts'
import type { AltaConfig, CallContext } from '../alta/alta-types.ts'
import { createChannel, inspectChannel } from '../alta/channels.ts'
import { authorizerId, channelIdOf, wouldClearRecordings } from '../alta/ownership.ts'
import type { ChannelInspection } from '../alta/ownership-types.ts'
import { ensureAuthorizer } from '../alta/provisioning.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { newId } from '../platform/ids.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import type { Store } from '../store/store-types.ts'
import { auditView } from './audit-view.ts'
import { requireReceiver, requireStorage } from './requirements.ts'
import type { PendingOperations } from './pending-operations.ts'
import { cameraOfReceiver, insertCamera } from './queries.ts'
import type { CameraRow } from './queries.ts'
import { AppError } from '../rpc/app-error.ts'

export interface ImportInput {
  readonly serverId: string
  readonly receiverId: string
  readonly name?: string | undefined
  readonly subReceiverId?: string | null | undefined
  readonly storage?: { storageId: string; durationHours: number | null } | null | undefined
  readonly takeOver?: string | undefined
}

export interface ImporterOptions {
  readonly store: Store
  readonly operations: PendingOperations
  readonly clock: { now(): number }
  readonly deskId: string
}

const longestName = 100

/**
 * Imports receivers. The pending operation is on disk before Alta is asked, and is finished in the transaction that makes
 * the camera, so that whatever kills the desk in between, neither half a camera nor an orphan on Alta outlives the next start.
 */
export class Importer {
  readonly #options: ImporterOptions

  constructor(options: ImporterOptions) {
    this.#options = options
  }

  /** One import at a time on each server, so that the same receiver is never imported twice. */
  run(context: RequestContext, connection: ServerConnection, input: ImportInput): Promise<CameraRow> {
    return connection.change(async () => {
      const { store, deskId } = this.#options
      const channelId = channelIdOf(input.receiverId)
      if (await store.read((db) => cameraOfReceiver(db, connection.id, input.receiverId, channelId)))
        throw new AppError('CAMERA_EXISTS')
      // What is begun is finished or undone, even where the caller leaves meanwhile.
      const call: CallContext = { requestId: context.requestId }
      const config = await connection.client.config(call)
      requireReceiver(config, input.receiverId)
      const found = await inspectChannel(connection.client, call, deskId, channelId)
      const row = this.#newRow(input, config, channelId, found)
      this.#requireChannel(row, found, input.takeOver)
      if (!Object.hasOwn(config.ott.authorizers, authorizerId(deskId)))
        await ensureAuthorizer(connection.client, call, deskId, connection.authorization())
      await this.#make(context, connection, call, row, found)
      return row
    })
  }

  async #make(
    context: RequestContext,
    connection: ServerConnection,
    call: CallContext,
    row: CameraRow,
    { owner, found }: ChannelInspection,
  ): Promise<void> {
    const { store, operations, deskId } = this.#options
    const { serverId, channelId, id: cameraId } = row
    const previousChannel = found === null ? null : JSON.stringify(found)
    const operation = await operations.note({
      serverId,
      kind: 'import',
      channelId,
      cameraId,
      previousChannel,
    })
    try {
      const made = await createChannel(connection.client, call, deskId, row, { takeOver: owner !== 'free' })
      if (made.outcome === 'taken')
        throw new AltaProblem('ALTA_CHANNEL_TAKEN', { detail: `channel ${channelId}` })
      const audit = auditRecord(context, {
        action: 'camera.imported',
        target: { kind: 'camera', id: cameraId, name: row.name },
        before: owner === 'other-desk' ? { takenOverFrom: found?.['authorizer'] } : null,
        after: auditView(row),
      })
      await store.write({ audit }, async (tx) => {
        await insertCamera(tx, row)
        await operation.finish(tx)
      })
    } catch (error) {
      await operations.undo(connection, operation, call)
      throw error
    }
  }

  /** A path that is free, or ours with nothing to lose, may be used; others with the path typed out, or never. */
  #requireChannel(row: CameraRow, { owner, authorizer, found }: ChannelInspection, takeOver?: string): void {
    const { channelId } = row
    if (owner === 'foreign')
      throw new AltaProblem('ALTA_CHANNEL_TAKEN', {
        detail: `channel ${channelId}: ${authorizer ?? 'public'}`,
      })
    const atStake = owner === 'other-desk' || (found !== null && wouldClearRecordings(found, row))
    if (atStake && takeOver !== channelId)
      throw new AppError('TAKE_OVER_NEEDED', {
        params: {
          expected: channelId,
          authorizer: authorizer ?? '',
        },
      })
  }

  #newRow(input: ImportInput, config: AltaConfig, channelId: string, found: ChannelInspection): CameraRow {
    const { receiverId, serverId } = input
    const receiver = requireReceiver(config, receiverId)
    const name = input.name ?? (receiver.name?.trim().slice(0, longestName) || receiverId)
    return {
      id: newId(),
      name,
      serverId,
      receiverId,
      subReceiverId: subReceiver(input, config),
      channelId,
      ...storageOf(input, config, found),
      createdAt: this.#options.clock.now(),
    }
  }
}

/** What was asked for, or the receiver that looks like the sub stream. */
function subReceiver({ receiverId, subReceiverId }: ImportInput, config: AltaConfig): string | null {
  if (subReceiverId === null) return null
  if (subReceiverId !== undefined) {
    requireReceiver(config, subReceiverId)
    return subReceiverId
  }
  const guess = `${receiverId}-sub`
  return Object.hasOwn(config.receivers ?? {}, guess) ? guess : null
}

/**
 * What was asked for; else the storage a channel of a desk already records to, for another would clear its recordings;
 * else the server's first.
 */
function storageOf(
  { storage }: ImportInput,
  config: AltaConfig,
  { found }: ChannelInspection,
): Pick<CameraRow, 'storageId' | 'storageDurationHours'> {
  if (storage === null) return { storageId: null, storageDurationHours: null }
  if (storage !== undefined) {
    requireStorage(config, storage.storageId)
    return { storageId: storage.storageId, storageDurationHours: storage.durationHours }
  }
  const { archive, duration } = found ?? {}
  if (typeof archive === 'string' && Object.hasOwn(config.ott.archives, archive))
    return {
      storageId: archive,
      storageDurationHours: typeof duration === 'number' && duration > 0 ? duration : null,
    }
  return { storageId: Object.keys(config.ott.archives)[0] ?? null, storageDurationHours: null }
}
