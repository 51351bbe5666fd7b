import type { TileSize } from '../../player/player-types.ts'

/** From this width on, in device pixels, a usual sub stream (640 by 360) looks soft. */
const largeFromPx = 960
/** A tile that takes half of the wall's side is what the guard looks at, however small the screen. */
const largeFromShare = 0.5

/** Whether a tile that takes `share` of a wall of `wallPx` device pixels plays the main stream. */
export function tileSize(share: number, wallPx: number): TileSize {
  return share > largeFromShare || share === 1 || share * wallPx >= largeFromPx ? 'large' : 'small'
}
