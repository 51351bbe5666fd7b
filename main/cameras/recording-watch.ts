import { AltaProblem } from '../alta/alta-problem.ts'
import { RecordingStatus } from '../alta/recording-status.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { ServerConnection } from '../servers/server-connection.ts'
import type { CameraStatusRegistry, RecordedCamera } from './camera-status-registry.ts'

export interface RecordingTimes {
  /** From one question about a camera to the next. */
  readonly everyMs: number
  /** A camera is asked about so long after it was given a storage. */
  readonly firstMs: number
  /** A server whose streaming port cannot be reached is left alone for so long. */
  readonly pauseMs: number
  /** How often it is looked who is due. */
  readonly tickMs: number
}

export interface RecordingWatchOptions {
  readonly registry: ServerRegistry
  readonly statuses: CameraStatusRegistry
  readonly clock: Clock
  readonly logger: AreaLogger
  readonly times?: RecordingTimes | undefined
}

const recordingTimes: RecordingTimes = { everyMs: 30_000, firstMs: 10_000, pauseMs: 10_000, tickMs: 1_000 }
/** Questions in flight to one server. */
const atOnce = 4

/** One server's questions. Servers share nothing: one that hangs costs the others nothing. */
interface Round {
  readonly streamOrigin: string
  readonly status: RecordingStatus
  /** By camera and storage: when it is to be asked next, monotonic milliseconds. */
  readonly dueMs: Map<string, number>
  /** Cameras, with the storage they were asked about. */
  readonly asking: Set<string>
  pausedUntilMs: number
}

/** Asks each server of every camera with a storage whether it is being recorded, spread over the time between two questions. */
export class RecordingWatch implements Service {
  readonly name = 'recordings'
  readonly #options: RecordingWatchOptions
  readonly #times: RecordingTimes
  readonly #cycles = new Map<string, Round>()
  readonly #abort = new AbortController()
  #ticker: NodeJS.Timeout | undefined

  constructor(options: RecordingWatchOptions) {
    this.#options = options
    this.#times = options.times ?? recordingTimes
  }

  start(): void {
    this.#ticker = setInterval(() => this.#tick(), this.#times.tickMs)
  }

  /** Ends every question that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#ticker)
    this.#abort.abort()
    await Promise.all([...this.#cycles.values()].map(({ status }) => status.stop()))
  }

  #tick(): void {
    const connections = this.#options.registry.connections()
    for (const id of this.#cycles.keys())
      if (!connections.some((connection) => connection.id === id)) this.#drop(id)
    for (const connection of connections) this.#ask(connection)
  }

  #ask(connection: ServerConnection): void {
    const cycle = this.#cycleOf(connection)
    if (!cycle || this.#abort.signal.aborted) return
    const nowMs = this.#options.clock.monotonicMs()
    const rows = this.#options.statuses.recordedOn(connection.id)
    this.#plan(cycle, rows, nowMs)
    if (nowMs < cycle.pausedUntilMs) return
    const isDue = (turn: string): boolean => (cycle.dueMs.get(turn) ?? Infinity) <= nowMs
    const due = rows
      .map((row) => ({ row, turn: turnOf(row) }))
      .filter(({ turn }) => !cycle.asking.has(turn) && isDue(turn))
    for (const { row } of due.slice(0, atOnce - cycle.asking.size)) void this.#askOne(connection, cycle, row)
  }

  /** A camera that is new here gets its turn somewhere in the next round, so that not all are asked at once. */
  #plan({ dueMs }: Round, rows: readonly RecordedCamera[], nowMs: number): void {
    const present = new Set(rows.map(turnOf))
    for (const turn of dueMs.keys()) if (!present.has(turn)) dueMs.delete(turn)
    const spreadMs = Math.min(this.#times.everyMs, rows.length * this.#times.tickMs)
    for (const row of rows) {
      // A camera that was given its storage just now has nothing recorded yet.
      const earlyMs = Math.max(0, row.storageSinceAt + this.#times.firstMs - this.#options.clock.now())
      const turn = turnOf(row)
      if (!dueMs.has(turn)) dueMs.set(turn, nowMs + Math.max(earlyMs, Math.random() * spreadMs))
    }
  }

  async #askOne(connection: ServerConnection, cycle: Round, row: RecordedCamera): Promise<void> {
    const { clock, statuses, logger } = this.#options
    const { id, serverId, channelId } = row
    const turn = turnOf(row)
    cycle.asking.add(turn)
    cycle.dueMs.set(turn, clock.monotonicMs() + this.#times.everyMs)
    try {
      const viewing = { personId: 'desk', signInId: '', cameraId: id, channelId, remoteAddress: 'desktop' }
      const { token } = await connection.token(viewing)
      const call = { requestId: newId(), signal: this.#abort.signal }
      const recordedUntil = await cycle.status.read(
        call,
        channelId,
        token,
        connection.state.clockOffsetMs ?? 0,
      )
      statuses.noteRecording(row, recordedUntil)
    } catch (error) {
      if (this.#abort.signal.aborted) return
      if (error instanceof AltaProblem && error.code === 'ALTA_UNREACHABLE') this.#rest(cycle, serverId)
      else statuses.noteRecording(row, 'unknown')
      logger.debug('the recordings of a camera could not be read', { serverId, channelId, error })
    } finally {
      cycle.asking.delete(turn)
    }
    if (this.#cycles.get(connection.id) === cycle) this.#ask(connection)
  }

  /** Nothing is known of any camera of a server that cannot be reached. */
  #rest(cycle: Round, serverId: string): void {
    cycle.pausedUntilMs = this.#options.clock.monotonicMs() + this.#times.pauseMs
    this.#options.statuses.forgetRecordings(serverId)
  }

  #cycleOf(connection: ServerConnection): Round | null {
    const { streamOrigin } = connection.state
    const known = this.#cycles.get(connection.id)
    if (known && known.streamOrigin === streamOrigin) return known
    if (known) this.#drop(connection.id)
    if (streamOrigin === null) return null
    const { clock } = this.#options
    const cycle: Round = {
      streamOrigin,
      status: new RecordingStatus({ streamOrigin, clock, connections: atOnce }),
      dueMs: new Map(),
      asking: new Set(),
      pausedUntilMs: 0,
    }
    this.#cycles.set(connection.id, cycle)
    return cycle
  }

  #drop(serverId: string): void {
    void this.#cycles.get(serverId)?.status.stop()
    this.#cycles.delete(serverId)
    this.#options.statuses.forgetRecordings(serverId)
  }
}

/** A camera whose storage has changed is asked about at once, even while a request about the old storage is in flight. */
function turnOf({ id, storageSinceAt }: RecordedCamera): string {
  return `${id} ${storageSinceAt}`
}
