import { describe, expect, test } from 'vitest'
import { reloadEveryMs, reloadsByItself } from '../../../../renderer/app/outdated-page.ts'
import { isOutdated } from '../../../../renderer/app/stream-origins.ts'

const waiting = { isOutdated: true, isPlaying: false, isBusy: false, now: 1_000_000, reloadedAt: 0 }

describe('whether a page loads itself again', () => {
  test('it does where its wall plays nothing yet', () => {
    expect(reloadsByItself(waiting)).toBe(true)
  })
  // Would catch: a guard's moving pictures, or a half-typed name, lost to a reload that nobody asked for.
  test.each([
    ['a picture plays', { isPlaying: true }],
    ['it shows no wall', { isPlaying: null }],
    ['a dialog is open', { isBusy: true }],
    ['its policy allows every server', { isOutdated: false }],
  ])('it does not where %s', (_why, page) => {
    expect(reloadsByItself({ ...waiting, ...page })).toBe(false)
  })
  // Would catch: endless reloading under an Alta whose `listen` changes all the time.
  test('at most once a minute, also after the clock was set back', () => {
    const reloaded = (agoMs: number) => reloadsByItself({ ...waiting, reloadedAt: waiting.now - agoMs })
    expect([0, 1_000, reloadEveryMs - 1, reloadEveryMs].map(reloaded)).toEqual([false, false, false, true])
    expect([-1_000, -reloadEveryMs].map(reloaded)).toEqual([false, true])
  })
  test('never where the browser cannot remember when it last did', () => {
    expect(reloadsByItself({ ...waiting, reloadedAt: null })).toBe(false)
  })
})

test('a page is out of date while a server streams from an origin that its policy lacks', () => {
  const known = new Set(['http://10.0.0.7:8200', 'http://10.0.0.8:8200'])
  expect(isOutdated(['http://10.0.0.7:8200'], known)).toBe(false)
  expect(isOutdated(['http://10.0.0.7:8201', 'http://10.0.0.8:8200'], known)).toBe(true)
  expect(isOutdated([], known)).toBe(false)
  expect(isOutdated(['http://10.0.0.7:8201'], null)).toBe(false)
})
