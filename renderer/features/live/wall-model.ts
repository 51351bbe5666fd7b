import type { Wall } from '../../../shared/contract/live.ts'
import { maxTiles, wallLayout } from '../../../shared/domain/wall-layouts.ts'
import type { TileCell, WallLayoutId } from '../../../shared/domain/wall-layouts.ts'

export type Direction = 'left' | 'right' | 'up' | 'down'

/**
 * A wall with one place per tile the largest layout has; what a smaller layout hides comes back with a larger one.
 * A camera that a script put on it twice stays once.
 */
export function fullWall(wall: Wall): Wall {
  const once = wall.tiles.map((id, index) => (wall.tiles.indexOf(id) === index ? id : null))
  const tiles = Array.from({ length: maxTiles }, (_, index) => once[index] ?? null)
  return { layout: wall.layout, tiles }
}

/** The cameras of the tiles that the layout shows. */
export function shownTiles(wall: Wall): (string | null)[] {
  return wallLayout(wall.layout).tiles.map((_, index) => wall.tiles[index] ?? null)
}

/** Another layout; the cameras keep their order. */
export function withLayout(wall: Wall, layout: WallLayoutId): Wall {
  return { ...wall, layout }
}

/** Puts a camera on a tile. A camera is on a wall once: where it was before, the camera of this tile goes. */
export function withCamera(wall: Wall, index: number, cameraId: string): Wall {
  const from = wall.tiles.indexOf(cameraId)
  if (from === index) return wall
  if (from >= 0 && from < shownTiles(wall).length) return withSwapped(wall, from, index)
  const tiles = wall.tiles.map((id) => (id === cameraId ? null : id))
  return { ...wall, tiles: tiles.with(index, cameraId) }
}

/** Exchanges two tiles. */
export function withSwapped(wall: Wall, a: number, b: number): Wall {
  const tiles = wall.tiles.with(a, wall.tiles[b] ?? null).with(b, wall.tiles[a] ?? null)
  return { ...wall, tiles }
}

/** Empties a tile. */
export function withEmpty(wall: Wall, index: number): Wall {
  return { ...wall, tiles: wall.tiles.with(index, null) }
}

/** Empties every tile. */
export function withoutCameras(wall: Wall): Wall {
  return { ...wall, tiles: wall.tiles.map(() => null) }
}

/** The tile that a newly chosen camera goes to: the selected one if it is empty, else the first empty one, else the selected one. */
export function placeForNext(wall: Wall, selected: number): number {
  const shown = shownTiles(wall)
  const firstFree = shown.indexOf(null)
  return shown[selected] === null || firstFree < 0 ? selected : firstFree
}

/** True where both show the same cameras on the same tiles. */
export function isSameWall(one: Wall, other: Wall): boolean {
  const [a, b] = [fullWall(one).tiles, fullWall(other).tiles]
  return one.layout === other.layout && a.every((id, index) => id === b[index])
}

/** What a change took from a wall, for whoever may want it back; null where no picture was lost. */
export function lossText(before: Wall, after: Wall): string | null {
  if (before.layout !== after.layout) return 'Layout changed.'
  const shown = shownTiles(after)
  const lost = shownTiles(before).flatMap((id, index) => (id !== null && !shown.includes(id) ? [index] : []))
  const [first] = lost
  if (first === undefined) return null
  if (shown.every((id) => id === null))
    return lost.length === 1 ? `Tile ${first + 1} cleared.` : 'Wall cleared.'
  if (lost.length > 1) return 'Wall changed.'
  return shown[first] === null ? `Tile ${first + 1} cleared.` : `Camera on tile ${first + 1} replaced.`
}

/** Puts cameras that are not on the wall on its empty tiles, in the order given. */
export function withFilled(wall: Wall, cameraIds: readonly string[]): Wall {
  const shown = shownTiles(wall)
  const waiting = cameraIds.filter((id) => !shown.includes(id))
  const tiles = shown.map((id) => id ?? waiting.shift() ?? null)
  const hidden = wall.tiles.slice(shown.length).map((id) => (id !== null && tiles.includes(id) ? null : id))
  return { ...wall, tiles: [...tiles, ...hidden] }
}

/** The tile one meets when going from `index` in a direction, or `index` itself at the rim. */
export function neighbour(layout: WallLayoutId, index: number, direction: Direction): number {
  const { tiles } = wallLayout(layout)
  const from = tiles[index]
  if (!from) return 0
  const candidates = tiles
    .map((cell, at) => ({ at, gap: gap(from, cell, direction), shift: shift(from, cell, direction) }))
    .filter((candidate) => candidate.at !== index && candidate.gap >= 0)
  candidates.sort((a, b) => a.shift - b.shift || a.gap - b.gap || a.at - b.at)
  return candidates[0]?.at ?? index
}

/** Cells between two tiles in a direction; negative when the other lies elsewhere. */
function gap(from: TileCell, to: TileCell, direction: Direction): number {
  if (direction === 'left') return from.column - (to.column + to.columnSpan)
  if (direction === 'right') return to.column - (from.column + from.columnSpan)
  if (direction === 'up') return from.row - (to.row + to.rowSpan)
  return to.row - (from.row + from.rowSpan)
}

/** How far the other tile is off the line that leads in the direction, seen from the first row or column of `from`. */
function shift(from: TileCell, to: TileCell, direction: Direction): number {
  const [at, start, span] =
    direction === 'left' || direction === 'right'
      ? [from.row, to.row, to.rowSpan]
      : [from.column, to.column, to.columnSpan]
  if (at < start) return start - at
  return Math.max(0, at - (start + span - 1))
}
