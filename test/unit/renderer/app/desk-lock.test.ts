import { beforeEach, describe, expect, it } from 'vitest'
import {
  cancelSwitch,
  isIdle,
  isLocked,
  isSwitching,
  lock,
  parseRules,
  picturesShown,
  setLockRules,
  switchOperator,
  unlock,
} from '../../../../renderer/app/desk-lock.ts'

beforeEach(() => {
  unlock()
  setLockRules({ idleMinutes: 0, picturesStay: true })
})

describe('the lock', () => {
  it('hides the pictures where this machine says so', () => {
    setLockRules({ idleMinutes: 0, picturesStay: false })
    expect(picturesShown.value).toBe(true)
    lock()
    expect([isLocked.value, picturesShown.value]).toEqual([true, false])
  })

  it('cannot be turned into a switch of operators, which would show the pictures to whoever walks by', () => {
    setLockRules({ idleMinutes: 0, picturesStay: false })
    lock()
    switchOperator()
    expect([isSwitching.value, picturesShown.value]).toEqual([false, false])
  })

  it('lets pictures go on while operators change, whatever happens to a locked page', () => {
    setLockRules({ idleMinutes: 0, picturesStay: false })
    switchOperator()
    expect([isLocked.value, isSwitching.value, picturesShown.value]).toEqual([true, true, true])
  })

  it('lets a switch of operators be cancelled, but opens no locked page', () => {
    switchOperator()
    cancelSwitch()
    expect([isLocked.value, isSwitching.value]).toEqual([false, false])
    lock()
    cancelSwitch()
    expect(isLocked.value).toBe(true)
  })

  // Would catch: a desk that was left in the middle of a switch, and that whoever walks by opens with Esc.
  it('comes over a switch of operators that nobody finished', () => {
    switchOperator()
    lock()
    cancelSwitch()
    expect([isLocked.value, isSwitching.value]).toEqual([true, false])
  })

  it('comes after the idle time, and never where that is 0', () => {
    expect(isIdle(5, 0, 5 * 60_000 - 1)).toBe(false)
    expect(isIdle(5, 0, 5 * 60_000)).toBe(true)
    expect(isIdle(0, 0, Number.MAX_SAFE_INTEGER)).toBe(false)
  })

  it.each([
    null,
    '',
    'not json',
    '[]',
    '7',
    '{"idleMinutes":-1,"picturesStay":"yes"}',
    '{"idleMinutes":1e9}',
  ])('keeps to the standard rules where the browser remembers %s', (text) => {
    expect(parseRules(text)).toEqual({ idleMinutes: 0, picturesStay: true })
  })

  it('takes each remembered rule by itself', () => {
    expect(parseRules('{"idleMinutes":15,"picturesStay":false}')).toEqual({
      idleMinutes: 15,
      picturesStay: false,
    })
  })
})
