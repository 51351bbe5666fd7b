import { expect, it } from 'vitest'
import { firstFreeSlot, slotOf, slotOptions } from '../../../../renderer/features/live/slot-options.ts'
import type { View } from '../../../../shared/contract/views.ts'

function view(id: string, slot: number | null): View {
  return { id, name: id, slot, groupId: null, layout: '1', tiles: [null], canChange: true, savedAt: 0 }
}

it('a key that is taken says by which view, but not by the view that is being changed', () => {
  const views = [view('Night', 1), view('Day', 3), view('Other', null)]
  const labels = slotOptions(views, 'Day').map(({ label }) => label)
  expect(labels).toEqual(['None', '1 (now Night)', '2', '3', '4', '5', '6', '7', '8', '9'])
})

it('a new view is offered the first free key, and none where all are taken', () => {
  expect(firstFreeSlot([view('Night', 1), view('Day', 3)])).toBe('2')
  expect(firstFreeSlot(Array.from({ length: 9 }, (_, index) => view(`${index}`, index + 1)))).toBe('')
  expect([slotOf(''), slotOf('9')]).toEqual([null, 9])
})
