import { expect, it } from 'vitest'
import { inOrderOfDigits } from '../../../../renderer/features/live/view-order.ts'
import type { View } from '../../../../shared/contract/views.ts'

function view(id: string, name: string, groupId: string | null): View {
  return { id, name, groupId, layout: '1', tiles: [null], canChange: true, savedAt: 0 }
}

it('a digit calls the same view however the desk lists them: mine first, then by name, numbers as numbers', () => {
  const views = [
    view('1', 'Dock', 'group'),
    view('2', 'view 10', null),
    view('3', 'View 9', null),
    view('5', 'Same', null),
    view('4', 'Same', null),
  ]
  const order = inOrderOfDigits(views).map(({ id }) => id)
  expect(order).toEqual(['4', '5', '3', '2', '1'])
  expect(inOrderOfDigits(views.toReversed()).map(({ id }) => id)).toEqual(order)
})
