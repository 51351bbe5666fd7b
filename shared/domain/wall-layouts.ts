/** One tile of a layout, in grid cells; `column` and `row` count from 0. */
export interface TileCell {
  readonly column: number
  readonly row: number
  readonly columnSpan: number
  readonly rowSpan: number
}

/** A wall layout: a square grid of `size` by `size` cells and its tiles in reading order. */
export interface WallLayout {
  readonly id: WallLayoutId
  readonly size: number
  readonly tiles: readonly TileCell[]
}

/** The layouts a person can choose, in the order they are offered. */
export const wallLayoutIds = ['1', '4', '9', '16', '25', '1+5', '1+7'] as const
export type WallLayoutId = (typeof wallLayoutIds)[number]

/** The most tiles any layout has; a remembered wall never holds more cameras than this. */
export const maxTiles = 25

function square(id: WallLayoutId, size: number): WallLayout {
  const tiles = Array.from({ length: size * size }, (_, index) => ({
    column: index % size,
    row: Math.floor(index / size),
    columnSpan: 1,
    rowSpan: 1,
  }))
  return { id, size, tiles }
}

/** One large tile at the top left, small ones down its right side and along its foot. */
function hero(id: WallLayoutId, size: number): WallLayout {
  const large = size - 1
  const right = Array.from({ length: size }, (_, row) => ({ column: large, row, columnSpan: 1, rowSpan: 1 }))
  const foot = Array.from({ length: large }, (_, column) => ({
    column,
    row: large,
    columnSpan: 1,
    rowSpan: 1,
  }))
  const inReadingOrder = [...right, ...foot].sort((a, b) => a.row - b.row || a.column - b.column)
  return { id, size, tiles: [{ column: 0, row: 0, columnSpan: large, rowSpan: large }, ...inReadingOrder] }
}

const layouts: Record<WallLayoutId, WallLayout> = {
  '1': square('1', 1),
  '4': square('4', 2),
  '9': square('9', 3),
  '16': square('16', 4),
  '25': square('25', 5),
  '1+5': hero('1+5', 3),
  '1+7': hero('1+7', 4),
}

/** The geometry of a layout. */
export function wallLayout(id: WallLayoutId): WallLayout {
  return layouts[id]
}
