import { describe, expect, it } from 'vitest'
import { tileSize } from '../../../../renderer/features/live/tile-size.ts'

describe('which stream a tile plays', () => {
  it('is the sub stream for sixteen tiles on a small screen', () => {
    expect(tileSize(1 / 4, 1_000)).toBe('small')
  })

  it('is the main stream for the large tile of 1+5 even on a small screen', () => {
    expect(tileSize(2 / 3, 900)).toBe('large')
    expect(tileSize(1, 600)).toBe('large')
  })

  it('is the main stream where a sub stream would be stretched: nine tiles on a 4K screen', () => {
    expect(tileSize(1 / 3, 3_500)).toBe('large')
  })
})
