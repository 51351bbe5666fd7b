import { expect, test } from 'vitest'
import type { Release } from '../../../../renderer/player/bulkhead.ts'
import { Bulkhead } from '../../../../renderer/player/bulkhead.ts'

function enterMany(bulkhead: Bulkhead, group: string, count: number, granted: Release[]): void {
  for (let index = 0; index < count; index++) bulkhead.enter(group, (release) => granted.push(release))
}

test('never more than the limit at once, and everyone has a turn', () => {
  const bulkhead = new Bulkhead(6, 6)
  const granted: Release[] = []
  enterMany(bulkhead, 'one', 16, granted)
  expect(granted).toHaveLength(6)
  for (let index = 0; index < 16; index++) {
    expect(bulkhead.inFlight).toBeLessThanOrEqual(6)
    granted[index]?.()
  }
  expect(granted).toHaveLength(16)
  expect(bulkhead.inFlight).toBe(0)
  expect(bulkhead.highestInFlight).toBe(6)
})

test('a server that hangs leaves room for the others', () => {
  const bulkhead = new Bulkhead(6, 4)
  const hanging: Release[] = []
  const living: Release[] = []
  enterMany(bulkhead, 'hanging', 10, hanging)
  enterMany(bulkhead, 'living', 1, living)
  expect(hanging).toHaveLength(4)
  expect(living).toHaveLength(1)
})

test('releasing twice does not let two in', () => {
  const bulkhead = new Bulkhead(1, 1)
  const granted: Release[] = []
  enterMany(bulkhead, 'one', 3, granted)
  granted[0]?.()
  granted[0]?.()
  expect(granted).toHaveLength(2)
})

test('who leaves the queue is not let in', () => {
  const bulkhead = new Bulkhead(1, 1)
  const granted: Release[] = []
  enterMany(bulkhead, 'one', 1, granted)
  const leave = bulkhead.enter('one', () => expect.unreachable())
  leave()
  granted[0]?.()
  expect(bulkhead.inFlight).toBe(0)
})
