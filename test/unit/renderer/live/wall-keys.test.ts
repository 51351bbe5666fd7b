import { describe, expect, it } from 'vitest'
import { wallCommand } from '../../../../renderer/features/live/wall-keys.ts'

const plain = { ctrlKey: false, shiftKey: false, altKey: false, metaKey: false }

describe('keys of the wall', () => {
  it('move, swap and look with the same arrows', () => {
    expect(wallCommand({ ...plain, key: 'ArrowLeft' })).toEqual({ kind: 'move', direction: 'left' })
    expect(wallCommand({ ...plain, key: 'ArrowLeft', ctrlKey: true })).toEqual({
      kind: 'swap',
      direction: 'left',
    })
    expect(wallCommand({ ...plain, key: 'ArrowLeft', shiftKey: true })).toEqual({
      kind: 'look',
      direction: 'left',
    })
  })

  it('select by digit from one', () => {
    expect(wallCommand({ ...plain, key: '1' })).toEqual({ kind: 'select', index: 0 })
    expect(wallCommand({ ...plain, key: '0' })).toBeNull()
  })

  it('work with caps lock on', () => {
    expect(wallCommand({ ...plain, key: 'F' })).toEqual({ kind: 'full-screen' })
  })

  it('leave the keys of the browser and the system alone', () => {
    expect(wallCommand({ ...plain, key: 'r', ctrlKey: true })).toBeNull()
    expect(wallCommand({ ...plain, key: 'F5' })).toBeNull()
    expect(wallCommand({ ...plain, key: 'ArrowLeft', altKey: true })).toBeNull()
  })
})
