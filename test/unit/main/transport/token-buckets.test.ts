import { expect, test } from 'vitest'
import { TokenBuckets } from '../../../../main/transport/http/token-buckets.ts'

test('a burst passes, then one at the rate; the wait that is told is enough', () => {
  const buckets = new TokenBuckets({ perSecond: 5, burst: 10 })
  const taken = Array.from({ length: 12 }, () => buckets.take('a', 1000))
  expect(taken.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 0))
  expect(taken[10]).toBeCloseTo(200)
  expect(buckets.take('a', 1199)).toBeGreaterThan(0)
  expect(buckets.take('a', 1201)).toBe(0)
  expect(buckets.take('a', 1202)).toBeGreaterThan(0)
})

test('being refused costs nothing: who keeps knocking is not kept out for ever', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 })
  buckets.take('a', 0)
  for (let now = 1; now < 999; now += 1) expect(buckets.take('a', now)).toBeGreaterThan(0)
  expect(buckets.take('a', 1001)).toBe(0)
})

test('a rest fills no more than the bucket, and one name never drains another', () => {
  const buckets = new TokenBuckets({ perSecond: 1000, burst: 2 })
  buckets.take('a', 0)
  const later = Array.from({ length: 3 }, () => buckets.take('a', 60_000) === 0)
  expect(later).toEqual([true, true, false])
  expect(buckets.take('b', 60_000)).toBe(0)
})

test('what is given back can be taken again', () => {
  const buckets = new TokenBuckets({ perSecond: 0.1, burst: 1 })
  expect(buckets.take('a', 0)).toBe(0)
  buckets.giveBack('a')
  expect(buckets.take('a', 1)).toBe(0)
  expect(buckets.take('a', 2)).toBeGreaterThan(0)
})

test('a million addresses do not fill the memory', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 })
  for (let index = 0; index < 50_000; index += 1) buckets.take(`address ${index}`, index / 1000)
  expect(buckets.size).toBeLessThanOrEqual(10_000)
})
