import { afterEach, describe, expect, it } from 'vitest'
import {
  clockTime,
  deskMoment,
  duration,
  foreignZone,
  fullMoment,
  moment,
  pictureAge,
  setDeskZone,
} from '../../../../renderer/app/times.ts'

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

describe('the zone of the desk', () => {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone
  afterEach(() => setDeskZone(own))

  // Would catch: two people at two places who both say 14:03 and mean two pictures.
  it('is that of every time on screen, and is named only where it is not the own one', () => {
    const at = Date.parse('2026-11-21T23:30:00Z')
    expect(foreignZone.value).toBeNull()
    setDeskZone('Asia/Kathmandu')
    expect([clockTime(at), fullMoment(at)]).toEqual(['05:15:00', '22 Nov 2026, 05:15:00'])
    // Midnight is the desk's, too.
    expect(moment(at, at - 7_200_000)).toBe('05:15:00')
    expect(moment(at, at - 8 * 3_600_000)).toContain('22 Nov')
    expect(foreignZone.value).toBe('Asia/Kathmandu')
  })

  it('that this browser does not know leaves its own', () => {
    setDeskZone('Mars/Olympus')
    expect(foreignZone.value).toBeNull()
  })

  // Would catch: a filter "from 14:00" that means the reader's 14:00, or is an hour off around a change of the clocks.
  it.each([
    ['Europe/Berlin', '2026-11-21T14:00', '2026-11-21T13:00:00Z'],
    ['Europe/Berlin', '2026-07-01T14:00', '2026-07-01T12:00:00Z'],
    ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59:00Z'],
    ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00:00Z'],
    ['America/New_York', '2026-11-21T23:59', '2026-11-22T04:59:00Z'],
    ['Asia/Kathmandu', '2026-01-01T00:00', '2025-12-31T18:15:00Z'],
  ])('in %s %s is %s', (timeZone, typed, meant) => {
    setDeskZone(timeZone)
    expect(deskMoment(typed)).toBe(Date.parse(meant))
  })

  it('takes nothing for a time that is none', () => {
    expect([deskMoment('yesterday'), deskMoment('')]).toEqual([undefined, undefined])
  })
})
