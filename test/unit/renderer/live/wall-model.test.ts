import { describe, expect, it } from 'vitest'
import {
  fullWall,
  isSameWall,
  lossText,
  neighbour,
  placeForNext,
  shownTiles,
  withCamera,
  withEmpty,
  withFilled,
  withLayout,
  withoutCameras,
  withSwapped,
} from '../../../../renderer/features/live/wall-model.ts'
import { wallLayoutIds, wallLayout } from '../../../../shared/domain/wall-layouts.ts'

const four = fullWall({ layout: '4', tiles: ['a', 'b', null, null] })

describe('cameras on a wall', () => {
  it('keeps what a smaller layout hides, so that going back loses nothing', () => {
    const nine = fullWall({ layout: '9', tiles: ['a', 'b', 'c', 'd', 'e'] })
    const back = withLayout(withLayout(nine, '1'), '9')
    expect(shownTiles(back).slice(0, 5)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('swaps when a camera that is shown is put on another tile, instead of showing it twice', () => {
    expect(shownTiles(withCamera(four, 1, 'a'))).toEqual(['b', 'a', null, null])
  })

  it('takes a camera out of a hidden place when it is put on a tile', () => {
    const hidden = fullWall({ layout: '1', tiles: ['a', 'b'] })
    expect(withCamera(hidden, 0, 'b').tiles.filter((id) => id === 'b')).toHaveLength(1)
  })

  it('shows a camera once that a script saved twice: two tiles would share one key', () => {
    expect(shownTiles(fullWall({ layout: '4', tiles: ['a', 'a', null, 'b'] }))).toEqual([
      'a',
      null,
      null,
      'b',
    ])
  })

  it('swaps a camera with an empty tile', () => {
    expect(shownTiles(withSwapped(four, 0, 3))).toEqual([null, 'b', null, 'a'])
  })

  it('fills empty tiles only, with cameras that are not on the wall', () => {
    expect(shownTiles(withFilled(four, ['a', 'b', 'c', 'd', 'e']))).toEqual(['a', 'b', 'c', 'd'])
  })

  it('never puts a camera of a hidden place on the wall twice when filling', () => {
    const wall = fullWall({ layout: '4', tiles: ['a', null, null, null, 'c'] })
    const filled = withFilled(wall, ['c', 'd'])
    expect(filled.tiles.filter((id) => id === 'c')).toHaveLength(1)
  })

  // Would catch: a camera of the list that takes the place of a picture though other tiles are empty.
  it('goes to the selected tile if it is empty, else to the first empty one, and replaces on a full wall alone', () => {
    expect(placeForNext(four, 0)).toBe(2)
    expect(placeForNext(withEmpty(four, 0), 1)).toBe(0)
    expect(placeForNext(withEmpty(four, 0), 3)).toBe(3)
    expect(placeForNext(fullWall({ layout: '1', tiles: ['a'] }), 0)).toBe(0)
  })
})

describe('what a change takes from a wall', () => {
  it('is told where a picture was lost, and only there', () => {
    const full = withFilled(four, ['c', 'd'])
    expect(lossText(four, withoutCameras(four))).toBe('Wall cleared.')
    expect(lossText(four, withLayout(four, '9'))).toBe('Layout changed.')
    expect(lossText(full, withCamera(full, 1, 'e'))).toBe('Camera on tile 2 replaced.')
    expect(lossText(four, withEmpty(four, 1))).toBe('Tile 2 cleared.')
    expect(lossText(four, withCamera(four, 2, 'c'))).toBeNull()
    expect(lossText(four, withSwapped(four, 0, 1))).toBeNull()
    expect(lossText(four, withFilled(four, ['c']))).toBeNull()
    expect(lossText(withoutCameras(four), withoutCameras(four))).toBeNull()
  })

  it('is nothing where both are the same, however many tiles each says', () => {
    expect(isSameWall({ layout: '4', tiles: ['a', 'b'] }, four)).toBe(true)
    expect(isSameWall({ layout: '9', tiles: ['a', 'b'] }, four)).toBe(false)
    expect(isSameWall(withSwapped(four, 0, 1), four)).toBe(false)
  })
})

describe('arrow keys', () => {
  it('go to the tile beside, not to the next in reading order', () => {
    expect(neighbour('9', 4, 'left')).toBe(3)
    expect(neighbour('9', 4, 'up')).toBe(1)
    expect(neighbour('9', 4, 'down')).toBe(7)
  })

  it('stay at the rim', () => {
    expect(neighbour('4', 0, 'left')).toBe(0)
    expect(neighbour('4', 3, 'down')).toBe(3)
  })

  it('leave the large tile of 1+5 to each side and come back to it', () => {
    expect(neighbour('1+5', 0, 'right')).toBe(1)
    expect(neighbour('1+5', 0, 'down')).toBe(3)
    expect(neighbour('1+5', 2, 'left')).toBe(0)
    expect(neighbour('1+5', 4, 'up')).toBe(0)
  })

  it.each(wallLayoutIds)('reach every tile of %s', (layout) => {
    const reached = new Set([0])
    for (const index of reached) {
      for (const direction of ['left', 'right', 'up', 'down'] as const) {
        reached.add(neighbour(layout, index, direction))
      }
    }
    expect(reached.size).toBe(wallLayout(layout).tiles.length)
  })
})
