import type { Server } from '../../shared/contract/servers.ts'
import { webOrigin } from '../../shared/domain/web-origins.ts'
import { AltaProblem } from '../alta/alta-problem.ts'
import type { CallContext } from '../alta/alta-types.ts'
import { planRepair } from '../alta/ownership.ts'
import { releaseServer, repairServer } from '../alta/provisioning.ts'
import { auditRecord } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import type { Bus } from '../platform/bus.ts'
import type { Change } from '../store/change-feed.ts'
import { normalBaseUrl, readPageOrigins, withAdded } from './addresses.ts'
import { auditView } from './audit-view.ts'
import {
  cameraCounts,
  deleteServer,
  expectedCameras,
  pageOfServers,
  serverById,
  updateServer,
} from './queries.ts'
import type { ExpectedCamera, ServerRow } from './queries.ts'
import { receiverViews } from './receivers.ts'
import type { ReceiverView } from './receivers.ts'
import { refuseDuplicate, Registration } from './registration.ts'
import type { RegistrationOptions, ServerInput } from './registration.ts'
import type { ServerConnection } from './server-connection.ts'
import { serverLane } from './server-lane.ts'
import { serverView } from './server-view.ts'
import { AppError } from '../rpc/app-error.ts'

export interface ServersOptions extends RegistrationOptions {
  readonly bus: Bus
}

export type ServerUpdate = { readonly [Field in keyof ServerInput]?: ServerInput[Field] | undefined }

interface Page<Item> {
  readonly items: Item[]
  readonly total: number
}

/** How long a removal by force waits for an Alta that may be dead. */
const forcedCall = { retries: 0, timeoutMs: 3_000 } as const

/** The rules of adding, changing, repairing and removing Alta servers. */
export class ServersService {
  readonly #options: ServersOptions
  readonly #registration: Registration

  constructor(options: ServersOptions) {
    this.#options = options
    this.#registration = new Registration(options)
  }

  async list(page: { search?: string | undefined; page: number; pageSize: number }): Promise<Page<Server>> {
    const { store, registry } = this.#options
    const { search, pageSize } = page
    const window = { search, limit: pageSize, offset: (page.page - 1) * pageSize }
    const { rows, total, counts } = await store.read(async (db) => ({
      ...(await pageOfServers(db, window)),
      counts: await cameraCounts(db),
    }))
    const items = rows.flatMap((row) => {
      const connection = registry.connection(row.id)
      return connection ? [serverView(row, connection, counts.get(row.id) ?? 0)] : []
    })
    return { items, total }
  }

  async get(id: string): Promise<Server> {
    const { row, connection } = await this.#find(id)
    return serverView(row, connection, (await this.#options.store.read(cameraCounts)).get(id) ?? 0)
  }

  /** Verifies first; where anything fails, nothing of ours stays on Alta or in the database. */
  async create(context: RequestContext, input: ServerInput): Promise<Server> {
    const connection = await this.#registration.add(context, input)
    await connection.pollNow()
    this.#options.bus.publish('server.added', { serverId: connection.id })
    return this.get(connection.id)
  }

  /** Verifies where the address or the account changes; a new name alone asks Alta nothing. */
  async update(context: RequestContext, id: string, changes: ServerUpdate): Promise<Server> {
    const found = await this.#find(id)
    const needsProof = await found.connection.change(async () => {
      const { row, connection } = await this.#find(id)
      const next = this.#changedRow(row, changes)
      await this.#options.store.read((db) => refuseDuplicate(db, next.name, next.baseUrl, id))
      if (new URL(next.baseUrl).origin !== new URL(row.baseUrl).origin && changes.password === undefined)
        throw new AppError('PASSWORD_NEEDED', { params: { field: 'password' } })
      const account =
        next.baseUrl !== row.baseUrl || next.login !== row.login || changes.password !== undefined
      if (!account && next.streamUrl === row.streamUrl) {
        await this.#saveChange(context, row, next)
        this.#options.registry.adopt(next, null)
        return false
      }
      await this.#saveProved(context, connection, next, changes.password)
      return true
    })
    if (needsProof) await found.connection.pollNow()
    return this.get(id)
  }

  /** Takes everything of ours off Alta, then forgets the server; `force` forgets it even where Alta does not answer. */
  async remove(context: RequestContext, id: string, force: boolean): Promise<void> {
    const { registry, bus, store, jobs } = this.#options
    const found = await this.#find(id)
    const cameras = await found.connection.change(async () => {
      const { row, connection } = await this.#find(id)
      const known = await store.read((db) => expectedCameras(db, id))
      await this.#release(context, connection, known, force)
      const audit = auditRecord(context, {
        action: 'server.removed',
        target: { kind: 'server', id, name: row.name },
        before: { ...auditView(row), cameras: known.map(({ name }) => name) },
      })
      const changes = known.map(({ id: cameraId }): Change => ({
        name: 'camera.deleted',
        data: { cameraId, serverId: id },
      }))
      await store.write(
        { audit, changes: (cancelled: readonly Change[]) => [...changes, ...cancelled] },
        async (tx) => {
          await deleteServer(tx, id)
          return jobs.cancelLane(tx, serverLane(id))
        },
      )
      return known
    })
    await registry.drop(id)
    for (const camera of cameras) bus.publish('camera.removed', { cameraId: camera.id, serverId: id })
    bus.publish('server.removed', { serverId: id })
  }

  /** Puts our objects back; where that costs recordings, only with the server's name typed out. */
  async repair(context: RequestContext, id: string, confirmName: string | undefined): Promise<Server> {
    const { connection } = await this.#find(id)
    await connection.change(async () => {
      const { row } = await this.#find(id)
      const call = { requestId: context.requestId }
      const expectation = await connection.expectation()
      const steps = planRepair(await connection.client.config(call), expectation)
      const atStake = steps.filter(({ clearsRecordings }) => clearsRecordings).map((step) => step.id)
      if (atStake.length > 0 && confirmName !== row.name)
        throw new AppError('CONFIRMATION_NEEDED', {
          params: {
            expected: row.name,
            reason: `Alta deletes the recordings of ${atStake.join(', ')}.`,
          },
        })
      const may = { mayClearRecordings: atStake.length > 0 }
      const { addedOrigins } = await repairServer(connection.client, call, expectation, may)
      const repaired = { ...row, pageOrigins: withAdded(row.pageOrigins, addedOrigins) }
      const audit = auditRecord(context, {
        action: 'server.repaired',
        target: { kind: 'server', id, name: row.name },
        before: { drift: connection.state.drift },
        after: { steps },
      })
      await this.#options.store.write({ audit }, (tx) =>
        updateServer(tx, id, { pageOrigins: repaired.pageOrigins }),
      )
      this.#options.registry.adopt(repaired, null)
    })
    connection.noteCallbackDoubtful(true)
    await connection.pollNow()
    return this.get(id)
  }

  /** What can be imported, asked of Alta now. */
  async receivers(
    context: RequestContext,
    id: string,
    search: string | undefined,
  ): Promise<Page<ReceiverView>> {
    const { connection } = await this.#find(id)
    const call: CallContext = { requestId: context.requestId, signal: context.signal }
    const [config, status] = await Promise.all([
      connection.client.config(call),
      connection.client.status(call),
    ])
    if (!config.receivers) throw new AltaProblem('ALTA_TOO_OLD')
    const stats = status ? new Map(Object.entries(status.receivers)) : connection.state.stats
    const cameras = await this.#options.store.read((db) => expectedCameras(db, id))
    const imported = new Map(cameras.map((camera) => [camera.receiverId, camera.id]))
    const wanted = search?.trim().toLocaleLowerCase() ?? ''
    const items = receiverViews(config.receivers, stats, imported).filter((receiver) =>
      [receiver.id, receiver.name, receiver.source].some((text) => text.toLocaleLowerCase().includes(wanted)),
    )
    return { items, total: items.length }
  }

  /** Where cameras of this server can record to, asked of Alta now. */
  async storages(
    context: RequestContext,
    id: string,
  ): Promise<Page<{ id: string; durationHours: number | null }>> {
    const { connection } = await this.#find(id)
    const config = await connection.client.config({ requestId: context.requestId, signal: context.signal })
    const items = Object.entries(config.ott.archives).map(([storageId, archive]) => ({
      id: storageId,
      durationHours: archive.duration ?? null,
    }))
    return { items, total: items.length }
  }

  async #find(id: string): Promise<{ row: ServerRow; connection: ServerConnection }> {
    const row = await this.#options.store.read((db) => serverById(db, id))
    const connection = this.#options.registry.connection(id)
    if (!row || !connection) throw new AppError('NOT_FOUND')
    return { row, connection }
  }

  #changedRow(row: ServerRow, changes: ServerUpdate): ServerRow {
    const { baseUrl, streamUrl, password, viewerAddress } = changes
    return {
      ...row,
      name: changes.name ?? row.name,
      baseUrl: baseUrl === undefined ? row.baseUrl : normalBaseUrl(baseUrl),
      streamUrl: streamUrl === undefined ? row.streamUrl : webOrigin(streamUrl),
      login: changes.login ?? row.login,
      passwordSealed:
        password === undefined ? row.passwordSealed : this.#options.registry.sealPassword(row.id, password),
      whepPath: changes.whepPath ?? row.whepPath,
      viewerAddress: viewerAddress === undefined ? row.viewerAddress : viewerAddress,
    }
  }

  async #saveProved(
    context: RequestContext,
    connection: ServerConnection,
    next: ServerRow,
    password: string | undefined,
  ): Promise<void> {
    const { row, client, known } = await this.#registration.prove(context, connection, next, password)
    try {
      await this.#saveChange(context, connection.row, row)
    } catch (error) {
      await client.stop()
      throw error
    }
    this.#options.registry.adopt(row, { client, known })
  }

  async #saveChange(context: RequestContext, row: ServerRow, next: ServerRow): Promise<void> {
    const passwordChanged = next.passwordSealed !== row.passwordSealed
    const audit = auditRecord(context, {
      action: 'server.changed',
      target: { kind: 'server', id: row.id, name: next.name },
      before: auditView(row),
      after: { ...auditView(next), ...(passwordChanged && { password: 'changed' }) },
    })
    await this.#options.store.write({ audit }, async (tx) => {
      // Once more, inside: another server may have got this name while this one was proven.
      await refuseDuplicate(tx, next.name, next.baseUrl, row.id)
      await updateServer(tx, row.id, next)
    })
  }

  async #release(
    context: RequestContext,
    connection: ServerConnection,
    cameras: readonly ExpectedCamera[],
    force: boolean,
  ): Promise<void> {
    const { deskId, logger } = this.#options
    const { requestId } = context
    const ours = {
      deskId,
      channelIds: cameras.map(({ channelId }) => channelId),
      origins: readPageOrigins(connection.row.pageOrigins).flatMap(({ origin, added }) =>
        added ? [origin] : [],
      ),
    }
    try {
      await releaseServer(connection.client, { requestId, ...(force && forcedCall) }, ours)
    } catch (error) {
      if (!force || !(error instanceof AltaProblem)) throw error
      logger.warn('a server was removed by force; what the desk made on it stays there', {
        serverId: connection.id,
        requestId,
        code: error.code,
      })
    }
  }
}
