import type { Server } from '../../shared/contract/servers.ts'
import { altaProblems } from '../../shared/domain/alta-problems.ts'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import type { ServerState } from '../../shared/domain/statuses.ts'
import { isClockOff } from '../alta/verify.ts'
import { readPageOrigins } from './addresses.ts'
import type { ServerRow } from './queries.ts'
import type { ServerConnection } from './server-connection.ts'

/** A server's state as people see it: unavailable outweighs drift. */
export function serverState({ state }: ServerConnection): ServerState {
  if (state.problem || !state.reached) return 'unavailable'
  return state.drift.length > 0 ? 'drift' : 'healthy'
}

/** Why the server is unavailable; null while it answers, and before it was first asked. */
export function serverUnavailableReason({ state }: ServerConnection): string | null {
  return state.problem?.sentence ?? null
}

function reasonOf(connection: ServerConnection): string {
  const { state } = connection
  if (state.problem) return state.problem.sentence
  if (!state.reached) return 'The desk has just started and has not reached this server yet.'
  if (state.drift.length === 0) return 'Alta answers, and everything of the desk on it is in place.'
  const objects = new Set(state.drift.map(({ object }) => object)).size
  return objects === 1
    ? '1 object of the desk on Alta differs from what the desk expects. Repair puts it back.'
    : `${objects} objects of the desk on Alta differ from what the desk expects. Repair puts them back.`
}

/** Troubles that leave the server usable, each with what to do. */
function warningsOf(connection: ServerConnection): Server['warnings'] {
  const { state, row } = connection
  const warnings: Server['warnings'] = []
  const known = (code: AltaProblemCode) => warnings.push({ code, message: altaProblems[code] })
  if (isClockOff(state.clockOffsetMs)) known('ALTA_CLOCK_OFF')
  if (state.reached && state.streamOrigin === null) known('ALTA_NO_OTT')
  if (state.streamingClosed) known('ALTA_OTT_CLOSED')
  if (state.writesRefused || state.diskReportedFull) known('ALTA_DISK_FULL')
  const securePage = readPageOrigins(row.pageOrigins).find(({ origin }) => origin.startsWith('https:'))
  if (securePage && state.streamOrigin?.startsWith('http:'))
    warnings.push({
      code: 'STREAM_NOT_SECURE',
      message: `Browsers that open the desk at ${securePage.origin} refuse streams from ${state.streamOrigin}. Type an https streaming URL.`,
    })
  if (row.authorizationMode === 'securetoken')
    warnings.push({
      code: 'SECURETOKEN_NAMES_NOBODY',
      message: 'Alta asks for a securetoken, which names no person: Alta cannot tell who watches.',
    })
  if (state.statusByPlaylists)
    warnings.push({
      code: 'STATUS_BY_PLAYLISTS',
      message:
        'This Alta has no status call: the desk reads playlists instead, a few cameras at a time, so a status can be minutes old.',
    })
  return warnings
}

/** The server as the contract shows it; nothing secret is in it. */
export function serverView(row: ServerRow, connection: ServerConnection, cameraCount: number): Server {
  const { state } = connection
  return {
    id: row.id,
    name: row.name,
    baseUrl: row.baseUrl,
    streamUrl: row.streamUrl,
    streamOrigin: state.streamOrigin,
    login: row.login,
    state: serverState(connection),
    reason: reasonOf(connection),
    drift: [...state.drift],
    authorization: { mode: row.authorizationMode, reason: row.authorizationReason },
    callbackOrigin: connection.callbackOrigin,
    version: state.config?.version ?? null,
    clockOffsetMs: state.clockOffsetMs === null ? null : Math.round(state.clockOffsetMs),
    whepPath: row.whepPath,
    viewerAddress: row.viewerAddress,
    cameraCount,
    warnings: warningsOf(connection),
    checkedAt: state.checkedAt,
    unavailableSinceAt: state.unavailableSinceAt,
  }
}

/** Equal as long as a person sees the same; it begins with the state. Times of checks and small clock steps are left out. */
export function serverDigest(connection: ServerConnection): string {
  const {
    checkedAt: _checkedAt,
    clockOffsetMs: _clockOffsetMs,
    ...seen
  } = serverView(connection.row, connection, 0)
  return `${seen.state} ${JSON.stringify(seen)}`
}
