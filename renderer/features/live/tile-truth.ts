import type { Camera } from '../../../shared/contract/cameras.ts'
import { isSourceLost } from '../../../shared/domain/statuses.ts'
import { deskTimeOf } from '../../app/ticking-clock.ts'
import type { TileReason, TileState } from '../../player/player-types.ts'
import { playingMark } from './playing-truth.ts'
import type { PlayingCamera, TileTone } from './playing-truth.ts'

/** What a tile says, in words. */
export interface TileTruth {
  readonly tone: TileTone
  /** The state in one or two words, always shown or read out. */
  readonly word: string
  /** The large word over the picture, or null while the picture speaks for itself. */
  readonly headline: string | null
  /** The sentence under it. */
  readonly detail: string | null
  /** Since when the headline holds, milliseconds since the epoch by the desk's clock; null where it is not known. */
  readonly sinceAt: number | null
  readonly dimmed: boolean
  readonly spinner: boolean
  /** A remark in the corner while the picture plays: a lesser source, a codec that was passed over. */
  readonly remark: string | null
}

/** The camera as far as the desk tells this person; null while the desk has not answered. */
export type TileCamera = PlayingCamera &
  Pick<Camera, 'name' | 'status' | 'statusReason' | 'statusSinceAt' | 'recording'>

const reasonSentences: Record<TileReason, string> = {
  'desk-unreachable': 'The desk does not answer.',
  'not-available': 'This camera is gone, or not yours to see.',
  'page-refused':
    'The server does not allow this page. An administrator can repair the server in the settings.',
  'server-unreachable': 'The streaming server does not answer.',
  'ticket-refused': 'The server refuses to show it. Ask an administrator to look at the server.',
  'whep-absent': 'Using HLS (no WebRTC for this stream at the moment).',
  'not-live-yet': 'The server has no picture of it yet.',
  'server-busy': 'The server is busy.',
  'server-refused': 'The server refused the connection.',
  'no-connection': 'No WebRTC connection: UDP may be blocked.',
  'connection-lost': 'The connection was lost.',
  'no-data': 'Connected, but nothing arrives.',
  'no-frames': 'Data arrives, but no picture.',
  'decoder-error': 'The browser cannot decode it.',
  'codec-not-playable': 'This browser does not play its codec.',
  'receiver-stopped': 'No video from camera (reported by Alta).',
}

const notChanging = 'The camera may have stopped; no status from the server.'

const calm = { headline: null, detail: null, sinceAt: null, dimmed: false, spinner: false, remark: null }

/** Turns what the player and the desk know into what the tile says. */
export function tileTruth(state: TileState, camera: TileCamera | null): TileTruth {
  switch (state.phase) {
    case 'no-signal':
      return state.picture === 'none' ? noSignal(camera) : frozen(state, camera)
    case 'frozen':
      return frozen(state, camera)
    case 'not-playable':
      return notPlayable(state)
    case 'blocked':
      return blocked(state)
    case 'hidden':
    case 'closed':
      return { ...calm, tone: 'unknown', word: 'Paused' }
    default:
      return state.stale && state.picture !== 'none' ? frozen(state, camera) : moving(state, camera)
  }
}

/** Names of codecs as people know them. */
function codecName(codec: string): string {
  const known: Record<string, string> = {
    h264: 'H.264',
    h265: 'H.265',
    hevc: 'H.265',
    mjpeg: 'MJPEG',
    av1: 'AV1',
  }
  return known[codec.toLowerCase()] ?? codec.toUpperCase()
}

function moving(state: TileState, camera: TileCamera | null): TileTruth {
  if (state.phase === 'playing' || state.phase === 'fallback') return playing(state, camera)
  if (state.phase === 'stalled')
    return { ...calm, tone: 'degraded', word: 'Stalled', remark: sentence(state) }
  // Between tries the large word stays: a wall of tiles that flip with every try is not calm.
  if (state.phase === 'retry-wait' || (state.reason !== null && state.picture === 'none'))
    return noPicture(state)
  return {
    ...calm,
    tone: 'provisioning',
    word: 'Connecting',
    headline: 'Connecting',
    detail: sentence(state),
    dimmed: state.picture !== 'none',
    spinner: true,
  }
}

function playing(state: TileState, camera: TileCamera | null): TileTruth {
  const remark = passedOver(state) ?? (state.phase === 'fallback' ? sentence(state) : null)
  if (state.unchanging) return { ...calm, ...playingMark(state, camera), remark: notChanging }
  if (state.weak && state.pictureState === 'live')
    return { ...calm, tone: 'degraded', word: 'Weak', remark: remark ?? 'Frames are dropped.' }
  return { ...calm, ...playingMark(state, camera), remark }
}

/** The picture is old: no new frame comes, or the server says that its source has stopped. */
function frozen(state: TileState, camera: TileCamera | null): TileTruth {
  const lost = lostVariants(camera).find(({ name }) => state.variant === null || name === state.variant)
  return {
    ...calm,
    tone: 'offline',
    word: 'Frozen',
    headline: 'FROZEN',
    detail: lost?.statusReason ?? sentence(state) ?? 'No new video.',
    sinceAt: state.lastFrameAt === null ? null : deskTimeOf(state.lastFrameAt),
    dimmed: true,
  }
}

function lostVariants(camera: TileCamera | null): TileCamera['variants'] {
  return camera?.variants.filter(({ status }) => isSourceLost(status)) ?? []
}

function noPicture(state: TileState): TileTruth {
  return {
    ...calm,
    tone: 'offline',
    word: 'No picture',
    headline: 'NO PICTURE',
    detail: [sentence(state), nextTry(state) ?? 'Trying again.'].filter(Boolean).join(' '),
    dimmed: true,
  }
}

function noSignal(camera: TileCamera | null): TileTruth {
  const [first] = lostVariants(camera)
  const since = lostVariants(camera).map(({ statusSinceAt }) => statusSinceAt)
  return {
    ...calm,
    tone: 'offline',
    word: 'No signal',
    headline: 'NO SIGNAL',
    detail: first?.statusReason ?? reasonSentences['receiver-stopped'],
    // Since the last of its streams was lost.
    sinceAt: since.length === 0 ? null : Math.max(...since),
    dimmed: true,
  }
}

function notPlayable(state: TileState): TileTruth {
  const codecs = [...new Set(state.unplayable.map((source) => codecName(source.codec)))].join(', ')
  return {
    ...calm,
    tone: 'offline',
    word: 'Not playable',
    headline: codecs === '' ? 'NOT PLAYABLE' : codecs,
    detail: 'This browser does not play this codec, and the camera offers no other. Add an H.264 sub stream.',
    dimmed: true,
  }
}

function blocked(state: TileState): TileTruth {
  if (state.reason === 'not-available') return notAvailable
  return {
    ...calm,
    tone: 'offline',
    word: 'Refused',
    headline: 'REFUSED',
    detail: [sentence(state), nextTry(state)].filter(Boolean).join(' '),
    dimmed: true,
  }
}

/** A camera that is gone or not this person's to see: no name, no id. */
export const notAvailable: TileTruth = {
  ...calm,
  tone: 'unknown',
  word: 'Not available',
  headline: 'NOT AVAILABLE',
  detail: 'This camera was removed, or is not yours to see.',
}

function sentence(state: TileState): string | null {
  return state.reason === null ? null : reasonSentences[state.reason]
}

function nextTry(state: TileState): string | null {
  return state.retryInMs === null ? null : `Next try in ${Math.ceil(state.retryInMs / 1_000)} s.`
}

function passedOver(state: TileState): string | null {
  const [first] = state.unplayable
  if (!first) return null
  return `${codecName(first.codec)} is not played by this browser: showing the ${state.variant ?? 'other'} stream.`
}
