import { describe, expect, it } from 'vitest'
import { movedBy, wholePicture, zoomedAt } from '../../../../renderer/features/live/zoom-view.ts'

describe('digital zoom', () => {
  it('keeps the point under the pointer where it is', () => {
    const view = zoomedAt(wholePicture, 2, 100, 50, 800, 450)
    // The point p of the picture is drawn at p * scale + shift.
    expect(100 * view.scale + view.x).toBeCloseTo(100 + 100 * (view.scale - 1) + view.x, 6)
    expect(view).toEqual({ scale: 2, x: -100, y: -50 })
  })

  it('never shows what lies beside the picture', () => {
    const view = movedBy({ scale: 2, x: 0, y: 0 }, 10_000, -10_000, 800, 450)
    expect(view).toEqual({ scale: 2, x: 400, y: -225 })
  })

  it('comes back to the whole picture exactly, so that dragging a tile works again', () => {
    let view = zoomedAt(wholePicture, 1.2, 30, 30, 800, 450)
    view = zoomedAt(view, 1 / 1.2, -200, 10, 800, 450)
    expect(view).toEqual(wholePicture)
  })

  it('has an end', () => {
    expect(zoomedAt(wholePicture, 1_000, 0, 0, 800, 450).scale).toBe(8)
  })
})
