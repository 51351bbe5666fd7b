import { describe, expect, it } from 'vitest'
import { duration, moment, pictureAge } from '../../../../renderer/app/times.ts'

describe('times on screen', () => {
  it('give the two largest units', () => {
    expect(duration(4_999)).toBe('4 s')
    expect(duration(200_000)).toBe('3 min 20 s')
    expect(duration(7_200_000)).toBe('2 h')
    expect(duration(90_000_000)).toBe('1 d 1 h')
  })

  it('never go below zero when clocks differ', () => {
    expect(duration(-5_000)).toBe('0 s')
    expect(pictureAge(-3)).toBe('0.0 s')
  })

  it('show tenths while a picture is young', () => {
    expect(pictureAge(140)).toBe('0.1 s')
    expect(pictureAge(9_949)).toBe('9.9 s')
    expect(pictureAge(10_000)).toBe('10 s')
  })

  it('name the day only when it is another day', () => {
    const noon = new Date(2026, 10, 21, 12, 0, 0).getTime()
    expect(moment(noon, noon + 60_000)).toBe('12:00:00')
    expect(moment(noon, noon + 86_400_000)).toContain('21 Nov')
  })
})
