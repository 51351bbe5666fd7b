import { expect, test } from 'vitest'
import { Backoff } from '../../../../renderer/player/backoff.ts'

const withChance = (chance: number): Backoff => new Backoff({ random: () => chance })
const series = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => backoff.next())

test('the first pause is between 0.25 and 0.5 s, so that a blip costs nothing', () => {
  expect(withChance(0).next()).toBe(250)
  expect(withChance(0.9999).next()).toBeLessThanOrEqual(500)
})

test('the ceiling doubles up to 15 s and stays there: a dead server is not hammered', () => {
  const pauses = series(withChance(1), 8)
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
})

test('tiles that fail together do not come back together', () => {
  expect(new Set([0.1, 0.5, 0.9].map((chance) => series(withChance(chance), 3).at(-1))).size).toBe(3)
})

test("a server's Retry-After is never undercut", () => {
  const backoff = withChance(0)
  expect(backoff.next(4000)).toBe(4000)
  expect(withChance(1).next(4000)).toBe(5000)
})

test('a reset starts from the beginning', () => {
  const backoff = withChance(1)
  series(backoff, 5)
  backoff.reset()
  expect(backoff.next()).toBe(500)
})
