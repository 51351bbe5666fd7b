import type { Camera } from '../../shared/contract/cameras.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import { serverUnavailableReason } from '../servers/server-view.ts'
import type { Fleet } from '../servers/fleet.ts'
import type { ServerLink } from '../servers/server-link.ts'
import { cameraStatus, streamProperties } from './camera-status.ts'
import type { StatusFacts, StatusVerdict } from './camera-status.ts'
import type { CameraRow, NamedCameraRow } from './queries.ts'

/** A new camera may take so long until its first picture without being called broken. */
const confirmationMs = 20_000

interface Entry {
  row: CameraRow
  verdict: StatusVerdict
  sinceAt: number
  /** Seen streaming since the desk started. */
  confirmed: boolean
}

export interface CameraBoardOptions {
  readonly fleet: Fleet
  readonly bus: Bus
  readonly clock: Clock
}

/** The status of every camera, kept in memory from what the rounds over the servers find. */
export class CameraBoard {
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
          verdict: { status: 'provisioning', reason: '' },
          sinceAt: this.#options.clock.now(),
          confirmed: false,
        }
    entry.verdict = this.#verdict(entry)
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
    const { bus, clock } = this.#options
    for (const entry of this.#servers.get(serverId)?.values() ?? []) {
      const { status, reason } = this.#verdict(entry)
      if (status === 'online') entry.confirmed = true
      const { verdict: before } = entry
      if (status === before.status && reason === before.reason) continue
      if (status !== before.status) entry.sinceAt = clock.now()
      entry.verdict = { status, reason }
      bus.publish('camera.changed', {
        cameraId: entry.row.id,
        serverId,
        status,
        statusReason: reason,
        statusSinceAt: entry.sinceAt,
      })
    }
  }

  /** The camera as the contract shows it. */
  view(row: NamedCameraRow): Camera {
    const entry = this.#entry(row)
    const figures = this.#options.fleet.link(row.serverId)?.state.figures
    const { storageId, subReceiverId } = row
    return {
      id: row.id,
      name: row.name,
      serverId: row.serverId,
      serverName: row.serverName,
      receiverId: row.receiverId,
      status: entry.verdict.status,
      statusReason: entry.verdict.reason,
      statusSinceAt: entry.sinceAt,
      recording: storageId !== null,
      storage: storageId === null ? null : { storageId, durationHours: row.storageDurationHours },
      streams: { main: row.receiverId, sub: subReceiverId },
      stream: streamProperties(figures?.get(row.receiverId)),
      subStream: subReceiverId === null ? null : streamProperties(figures?.get(subReceiverId)),
    }
  }

  statusOf(row: CameraRow): StatusVerdict {
    return this.#entry(row).verdict
  }

  #entry(row: CameraRow): Entry {
    const find = (): Entry | undefined => this.#servers.get(row.serverId)?.get(row.id)
    if (!find()) this.put(row)
    const entry = find()
    if (!entry) throw new Error('A camera that was just put on the board is not there.')
    return entry
  }

  #verdict(entry: Entry): StatusVerdict {
    const link = this.#options.fleet.link(entry.row.serverId)
    return link
      ? cameraStatus(this.#facts(entry, link))
      : { status: 'provisioning', reason: 'Waiting for the next answer of its server.' }
  }

  #facts({ row, confirmed }: Entry, link: ServerLink): StatusFacts {
    const { state } = link
    const { receiverId, channelId, subReceiverId, createdAt } = row
    const receiver = own(state.config?.receivers ?? {}, receiverId)
    const channel = own(state.config?.ott.channels ?? {}, channelId)
    return {
      receiverId,
      channelId,
      subReceiverId,
      server: {
        name: link.row.name,
        reached: state.reached && state.configAt !== null && state.configAt >= createdAt,
        unavailableReason: serverUnavailableReason(link),
        streamingClosed: state.streamingClosed && link.row.streamUrl === null,
      },
      receiver: receiver && { enable: receiver.enable !== false },
      channel: channel && { enable: channel.enable !== false },
      figures: state.figures.get(receiverId),
      subFigures: subReceiverId === null ? undefined : state.figures.get(subReceiverId),
      unconfirmed: !confirmed && this.#options.clock.now() - createdAt < confirmationMs,
    }
  }
}

function own<T>(table: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(table, id) ? table[id] : undefined
}
