import { isDeepStrictEqual } from 'node:util'
import type { Camera, CameraStanding } from '../../shared/contract/cameras.ts'
import type { VariantName } from '../../shared/domain/statuses.ts'
import type { AltaReceiver } from '../alta/alta-types.ts'
import type { RecordedUntil } from '../alta/recording-status.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { serverUnavailableReason } from '../servers/server-view.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import { cameraStatus, streamProperties } from './camera-status.ts'
import type { StatusFacts } from './camera-status.ts'
import type { CameraRow, NamedCameraRow } from './queries.ts'
import { recordingVerdict } from './recording-state.ts'
import type { RecordingAnswer, RecordingFacts } from './recording-state.ts'
import { nextVariant, variantVerdict } from './variant-status.ts'
import type { VariantFacts } from './variant-status.ts'

/** A new camera may take so long until its first picture without being called broken. */
const confirmationMs = 20_000

interface Entry {
  row: CameraRow
  standing: CameraStanding
  /** When the camera got the storage that it has; when it was made, where that was before the desk started. */
  storageSinceAt: number
  /** What its server last said of its recording. */
  recorded: RecordingAnswer | undefined
  /** Seen streaming since the desk started. */
  confirmed: boolean
}

/** A camera that has a storage, and since when. */
export interface RecordedCamera {
  readonly id: string
  readonly serverId: string
  readonly channelId: string
  readonly storageSinceAt: number
}

export interface CameraBoardOptions {
  readonly registry: ServerRegistry
  readonly bus: Bus
  readonly clock: Clock
}

/** The status of every camera, kept in memory from what the rounds over the servers find. */
export class CameraStatusRegistry {
  readonly #options: CameraBoardOptions
  readonly #servers = new Map<string, Map<string, Entry>>()

  constructor(options: CameraBoardOptions) {
    this.#options = options
  }

  /** Takes in a camera, or its changed row; tells nobody. */
  put(row: CameraRow): void {
    const entries = this.#servers.get(row.serverId) ?? new Map<string, Entry>()
    this.#servers.set(row.serverId, entries)
    const known = entries.get(row.id)
    const entry: Entry = known
      ? { ...known, row }
      : {
          row,
          standing: this.#unjudged(),
          storageSinceAt: row.createdAt,
          recorded: undefined,
          confirmed: false,
        }
    // Of another receiver nothing is known yet.
    if (known && !sameReceivers(known.row, row)) entry.standing = { ...known.standing, variants: [] }
    if (known && known.row.storageId !== row.storageId) {
      entry.storageSinceAt = this.#options.clock.now()
      entry.recorded = undefined
    }
    entry.standing = this.#judge(entry)
    entries.set(row.id, entry)
  }

  drop(serverId: string, cameraId: string): void {
    this.#servers.get(serverId)?.delete(cameraId)
  }

  dropServer(serverId: string): void {
    this.#servers.delete(serverId)
  }

  /** Judges all cameras of a server anew and announces those that changed. */
  refresh(serverId: string): void {
    for (const entry of this.#servers.get(serverId)?.values() ?? []) this.#rejudge(entry)
  }

  /** The cameras of a server that have a storage. */
  recordedOn(serverId: string): RecordedCamera[] {
    const entries = [...(this.#servers.get(serverId)?.values() ?? [])]
    return entries.flatMap(({ row, storageSinceAt }) => {
      const { id, channelId, storageId } = row
      return storageId === null ? [] : [{ id, serverId, channelId, storageSinceAt }]
    })
  }

  /** What a server has just said of a camera's recording. An answer about a storage that the camera has no more says nothing. */
  noteRecording({ id, serverId, storageSinceAt }: RecordedCamera, recordedUntil: RecordedUntil): void {
    const entry = this.#servers.get(serverId)?.get(id)
    if (!entry || entry.storageSinceAt !== storageSinceAt) return
    entry.recorded = { recordedUntil, answeredAt: this.#options.clock.now() }
    this.#rejudge(entry)
  }

  /** Nothing is known any more of what a server records. */
  forgetRecordings(serverId: string): void {
    for (const entry of this.#servers.get(serverId)?.values() ?? []) {
      if (entry.recorded === undefined) continue
      entry.recorded = undefined
      this.#rejudge(entry)
    }
  }

  /** The camera as the contract shows it. */
  view(row: NamedCameraRow): Camera {
    const entry = this.#entry(row)
    const stats = this.#options.registry.connection(row.serverId)?.state.stats
    const { storageId, subReceiverId } = row
    return {
      id: row.id,
      name: row.name,
      serverId: row.serverId,
      serverName: row.serverName,
      receiverId: row.receiverId,
      ...entry.standing,
      recording: storageId !== null,
      storage: storageId === null ? null : { storageId, durationHours: row.storageDurationHours },
      streams: { main: row.receiverId, sub: subReceiverId },
      stream: streamProperties(stats?.get(row.receiverId)),
      subStream: subReceiverId === null ? null : streamProperties(stats?.get(subReceiverId)),
    }
  }

  standingOf(row: CameraRow): CameraStanding {
    return this.#entry(row).standing
  }

  #entry(row: CameraRow): Entry {
    const find = (): Entry | undefined => this.#servers.get(row.serverId)?.get(row.id)
    if (!find()) this.put(row)
    const entry = find()
    if (!entry) throw new Error('A camera that was just put on the board is not there.')
    return entry
  }

  #rejudge(entry: Entry): void {
    const standing = this.#judge(entry)
    if (standing.status === 'online') entry.confirmed = true
    if (isDeepStrictEqual(standing, entry.standing)) return
    entry.standing = standing
    const { id: cameraId, serverId } = entry.row
    this.#options.bus.publish('camera.changed', { cameraId, serverId, standing })
  }

  #unjudged(): CameraStanding {
    return {
      status: 'provisioning',
      statusReason: 'Waiting for the next answer of its server.',
      statusSinceAt: this.#options.clock.now(),
      serverResponding: true,
      variants: [],
      recordingState: 'unknown',
      recordingReason: '',
    }
  }

  #judge(entry: Entry): CameraStanding {
    const { standing: before } = entry
    const connection = this.#options.registry.connection(entry.row.serverId)
    if (!connection) return before
    const facts = this.#facts(entry, connection)
    const { status, reason } = cameraStatus(facts)
    const now = this.#options.clock.now()
    const serverResponding = facts.server.unavailableReason === null && !facts.server.isStatusOld
    const streams = facts.sub ? [facts.main, facts.sub] : [facts.main]
    return {
      status,
      statusReason: reason,
      statusSinceAt: status === before.status ? before.statusSinceAt : now,
      serverResponding,
      variants: streams.map((stream) =>
        nextVariant(
          before.variants.find(({ name }) => name === stream.name),
          stream.name,
          variantVerdict(stream, facts),
          now,
        ),
      ),
      ...recordingVerdict(this.#recordingFacts(entry, connection)),
    }
  }

  #recordingFacts({ row, storageSinceAt, recorded }: Entry, connection: ServerConnection): RecordingFacts {
    const { config, configAt, writesRefused, diskReportedFull } = connection.state
    const channel = own(config?.ott.channels ?? {}, row.channelId)
    const isConfigOlder = configAt === null || configAt < storageSinceAt
    return {
      hasStorage: row.storageId !== null,
      hasStorageOnAlta: isConfigOlder || channel === undefined || channel.archive !== undefined,
      storageSinceAt,
      diskFull: writesRefused || diskReportedFull,
      answer: recorded,
      segmentMs: connection.segmentMs(row.channelId),
      now: this.#options.clock.now(),
    }
  }

  #facts({ row, confirmed }: Entry, connection: ServerConnection): StatusFacts {
    const { state } = connection
    const { receiverId, channelId, subReceiverId, createdAt } = row
    const channel = own(state.config?.ott.channels ?? {}, channelId)
    const stream = (name: VariantName, ownReceiverId: string): VariantFacts => {
      const id = channel?.variants?.[name]?.receiver ?? ownReceiverId
      const receiver = own<AltaReceiver>(state.config?.receivers ?? {}, id)
      return {
        name,
        receiverId: id,
        receiver: receiver && { enable: receiver.enable !== false },
        stats: state.stats.get(id),
      }
    }
    return {
      channelId,
      main: stream('main', receiverId),
      sub: subReceiverId === null ? null : stream('sub', subReceiverId),
      server: {
        name: connection.row.name,
        reached: state.reached && state.configAt !== null && state.configAt >= createdAt,
        unavailableReason: serverUnavailableReason(connection),
        isStatusOld: state.isStatusOld,
        statusByPlaylists: state.statusByPlaylists,
        streamingClosed: state.streamingClosed && connection.row.streamUrl === null,
      },
      channel: channel && { enable: channel.enable !== false },
      unconfirmed: !confirmed && this.#options.clock.now() - createdAt < confirmationMs,
    }
  }
}

function sameReceivers(left: CameraRow, right: CameraRow): boolean {
  return left.receiverId === right.receiverId && left.subReceiverId === right.subReceiverId
}

function own<T>(table: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(table, id) ? table[id] : undefined
}
