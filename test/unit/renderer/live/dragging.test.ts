import { describe, expect, it } from 'vitest'
import { parseDragged } from '../../../../renderer/features/live/dragging.ts'

describe('what is dropped on a tile', () => {
  it('is what was dragged', () => {
    expect(parseDragged('{"kind":"camera","cameraId":"c1"}')).toEqual({ kind: 'camera', cameraId: 'c1' })
    expect(parseDragged('{"kind":"tile","index":3}')).toEqual({ kind: 'tile', index: 3 })
  })

  it.each([
    '',
    'x',
    'null',
    '[]',
    '{"kind":"camera"}',
    '{"kind":"tile","index":1.5}',
    '{"kind":"file","index":1}',
  ])('is nothing when another page made it up: %s', (text) => {
    expect(parseDragged(text)).toBeNull()
  })
})
