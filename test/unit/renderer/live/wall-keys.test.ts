import { describe, expect, it } from 'vitest'
import { wallCommand } from '../../../../renderer/features/live/wall-keys.ts'

const plain = { code: '', ctrlKey: false, shiftKey: false, altKey: false, metaKey: false }

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

  it('call views by digit, and select tiles by the same digit with Shift, whatever the keyboard writes', () => {
    expect(wallCommand({ ...plain, key: '1', code: 'Digit1' })).toEqual({ kind: 'view', index: 0 })
    expect(wallCommand({ ...plain, key: '!', code: 'Digit1', shiftKey: true })).toEqual({
      kind: 'select',
      index: 0,
    })
    // A French keyboard writes digits with Shift only.
    expect(wallCommand({ ...plain, key: '&', code: 'Digit1' })).toEqual({ kind: 'view', index: 0 })
    expect(wallCommand({ ...plain, key: '9', code: 'Numpad9' })).toEqual({ kind: 'view', index: 8 })
    expect(wallCommand({ ...plain, key: '0', code: 'Digit0' })).toBeNull()
  })

  it('do not take the End key of a number block for a view', () => {
    expect(wallCommand({ ...plain, key: 'End', code: 'Numpad1' })).toBeNull()
  })

  it('work with caps lock on', () => {
    expect(wallCommand({ ...plain, key: 'F' })).toEqual({ kind: 'full-screen' })
  })

  it('undo with Ctrl or Cmd and Z, wherever the keyboard has it, and with nothing else', () => {
    expect(wallCommand({ ...plain, key: 'z', code: 'KeyZ', ctrlKey: true })).toEqual({ kind: 'undo' })
    expect(wallCommand({ ...plain, key: 'z', code: 'KeyZ', metaKey: true })).toEqual({ kind: 'undo' })
    // A German keyboard has Z where others have Y; a Russian one writes something else there.
    expect(wallCommand({ ...plain, key: 'z', code: 'KeyY', ctrlKey: true })).toEqual({ kind: 'undo' })
    expect(wallCommand({ ...plain, key: 'я', code: 'KeyZ', ctrlKey: true })).toEqual({ kind: 'undo' })
    expect(wallCommand({ ...plain, key: 'y', code: 'KeyZ', ctrlKey: true })).toBeNull()
    expect(wallCommand({ ...plain, key: 'Z', code: 'KeyZ', ctrlKey: true, shiftKey: true })).toBeNull()
    expect(wallCommand({ ...plain, key: 'z', code: 'KeyZ' })).toBeNull()
  })

  // Would catch: a guard with a Russian keyboard for whom F, M and V do nothing, and a German one for whom / selects tile 7.
  it('work on keyboards of other alphabets and languages', () => {
    expect(wallCommand({ ...plain, key: 'а', code: 'KeyF' })).toEqual({ kind: 'full-screen' })
    expect(wallCommand({ ...plain, key: 'Ь', code: 'KeyM', shiftKey: true })).toEqual({ kind: 'sound' })
    expect(wallCommand({ ...plain, key: 'ω', code: 'KeyV' })).toEqual({ kind: 'save-view' })
    // A French keyboard has the comma where others have M.
    expect(wallCommand({ ...plain, key: ',', code: 'KeyM' })).toBeNull()
    expect(wallCommand({ ...plain, key: ';', code: 'KeyZ', ctrlKey: true })).toBeNull()
    expect(wallCommand({ ...plain, key: '/', code: 'Digit7', shiftKey: true })).toEqual({ kind: 'search' })
    expect(wallCommand({ ...plain, key: '&', code: 'Digit7', shiftKey: true })).toEqual({
      kind: 'select',
      index: 6,
    })
  })

  it('leave the keys of the browser and the system alone', () => {
    expect(wallCommand({ ...plain, key: 'r', ctrlKey: true })).toBeNull()
    expect(wallCommand({ ...plain, key: 'F5' })).toBeNull()
    expect(wallCommand({ ...plain, key: 'ArrowLeft', altKey: true })).toBeNull()
  })
})
