import { AltaProblem } from '../alta/alta-problem.ts'
import { RecordingStatus } from '../alta/recording-status.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Part } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Fleet } from '../servers/fleet.ts'
import type { ServerLink } from '../servers/server-link.ts'
import type { CameraBoard, RecordedCamera } from './camera-board.ts'

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
  readonly fleet: Fleet
  readonly board: CameraBoard
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
export class RecordingWatch implements Part {
  readonly name = 'recordings'
  readonly #options: RecordingWatchOptions
  readonly #times: RecordingTimes
  readonly #rounds = new Map<string, Round>()
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
    await Promise.all([...this.#rounds.values()].map(({ status }) => status.stop()))
  }

  #tick(): void {
    const links = this.#options.fleet.links()
    for (const id of this.#rounds.keys()) if (!links.some((link) => link.id === id)) this.#drop(id)
    for (const link of links) this.#ask(link)
  }

  #ask(link: ServerLink): void {
    const round = this.#roundOf(link)
    if (!round || this.#abort.signal.aborted) return
    const nowMs = this.#options.clock.monotonicMs()
    const rows = this.#options.board.recordedOn(link.id)
    this.#plan(round, rows, nowMs)
    if (nowMs < round.pausedUntilMs) return
    const isDue = (turn: string): boolean => (round.dueMs.get(turn) ?? Infinity) <= nowMs
    const due = rows
      .map((row) => ({ row, turn: turnOf(row) }))
      .filter(({ turn }) => !round.asking.has(turn) && isDue(turn))
    for (const { row } of due.slice(0, atOnce - round.asking.size)) void this.#askOne(link, round, row)
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

  async #askOne(link: ServerLink, round: Round, row: RecordedCamera): Promise<void> {
    const { clock, board, logger } = this.#options
    const { id, serverId, channelId } = row
    const turn = turnOf(row)
    round.asking.add(turn)
    round.dueMs.set(turn, clock.monotonicMs() + this.#times.everyMs)
    try {
      const viewing = { personId: 'desk', signInId: '', cameraId: id, channelId, remoteAddress: 'desktop' }
      const { token } = await link.token(viewing)
      const call = { requestId: newId(), signal: this.#abort.signal }
      const recordedUntil = await round.status.read(call, channelId, token, link.state.clockOffsetMs ?? 0)
      board.noteRecording(row, recordedUntil)
    } catch (error) {
      if (this.#abort.signal.aborted) return
      if (error instanceof AltaProblem && error.code === 'ALTA_UNREACHABLE') this.#rest(round, serverId)
      else board.noteRecording(row, 'unknown')
      logger.debug('the recordings of a camera could not be read', { serverId, channelId, error })
    } finally {
      round.asking.delete(turn)
    }
    if (this.#rounds.get(link.id) === round) this.#ask(link)
  }

  /** Nothing is known of any camera of a server that cannot be reached. */
  #rest(round: Round, serverId: string): void {
    round.pausedUntilMs = this.#options.clock.monotonicMs() + this.#times.pauseMs
    this.#options.board.forgetRecordings(serverId)
  }

  #roundOf(link: ServerLink): Round | null {
    const { streamOrigin } = link.state
    const known = this.#rounds.get(link.id)
    if (known && known.streamOrigin === streamOrigin) return known
    if (known) this.#drop(link.id)
    if (streamOrigin === null) return null
    const { clock } = this.#options
    const round: Round = {
      streamOrigin,
      status: new RecordingStatus({ streamOrigin, clock, connections: atOnce }),
      dueMs: new Map(),
      asking: new Set(),
      pausedUntilMs: 0,
    }
    this.#rounds.set(link.id, round)
    return round
  }

  #drop(serverId: string): void {
    void this.#rounds.get(serverId)?.status.stop()
    this.#rounds.delete(serverId)
    this.#options.board.forgetRecordings(serverId)
  }
}

/** A camera whose storage has changed is asked about at once, even while a request about the old storage is in flight. */
function turnOf({ id, storageSinceAt }: RecordedCamera): string {
  return `${id} ${storageSinceAt}`
}
