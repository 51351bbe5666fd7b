import type { Camera } from '../../../shared/contract/cameras.ts'
import { isSourceLost } from '../../../shared/domain/statuses.ts'
import type { TileState } from '../../player/player-types.ts'

/** The colour family of a tile's mark; each comes with an icon and a word. */
export type TileTone = 'online' | 'degraded' | 'offline' | 'provisioning' | 'unknown'

/** A tone and its words. */
export interface LiveMark {
  readonly tone: TileTone
  readonly word: string
}

/** What the desk knows of a camera whose picture plays. */
export type PlayingCamera = Pick<Camera, 'serverResponding' | 'variants'> & { readonly isCurrent: boolean }

const live: LiveMark = { tone: 'online', word: 'Live' }
const notChanging: LiveMark = { tone: 'degraded', word: 'Picture not changing' }
const subOnly: LiveMark = { tone: 'degraded', word: 'Live (sub stream only)' }

/**
 * What a picture that plays is called: what is seen of it, and what the server says of it. Only what the server reports to
 * deliver is green. `camera`: null while the desk has not answered.
 */
export function playingMark(
  { pictureState, variant, unchanging }: Pick<TileState, 'pictureState' | 'variant' | 'unchanging'>,
  camera: PlayingCamera | null,
): LiveMark {
  if (pictureState === 'live') return variant === 'sub' && camera && isMainLost(camera) ? subOnly : live
  if (unchanging) return notChanging
  if (camera && !camera.isCurrent) return { tone: 'degraded', word: 'Playing; desk not responding' }
  if (camera && !camera.serverResponding) return { tone: 'degraded', word: 'Live; server not responding' }
  return { tone: 'unknown', word: 'Playing; status unknown' }
}

/**
 * What the list beside the wall says of a camera: what its tile says, where a picture of it plays there, so that the two cannot
 * contradict each other; else its status. `word`: null for the usual word of that status.
 */
export function listMark(
  camera: PlayingCamera & Pick<Camera, 'status'>,
  tile: LiveMark | null,
): { readonly tone: TileTone; readonly word: string | null } {
  const isUsual = tile === null || (tile.tone === 'online' && camera.status === 'online')
  if (!isUsual) return tile
  if (!camera.isCurrent) return { tone: 'unknown', word: null }
  const subPlays = camera.variants.some(({ name, status }) => name === 'sub' && status === 'online')
  if (subPlays && isMainLost(camera)) return subOnly
  return { tone: camera.status, word: null }
}

function isMainLost({ variants }: Pick<PlayingCamera, 'variants'>): boolean {
  return variants.some(({ name, status }) => name === 'main' && isSourceLost(status))
}
