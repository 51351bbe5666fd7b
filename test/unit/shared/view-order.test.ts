import { expect, it } from 'vitest'
import { inOrderOfNames } from '../../../shared/domain/view-order.ts'

it('views stand in one order however the desk lists them: mine first, then by name, numbers as numbers', () => {
  const view = (id: string, name: string, groupId: string | null) => ({ id, name, groupId })
  const views = [
    view('1', 'Dock', 'group'),
    view('2', 'view 10', null),
    view('3', 'View 9', null),
    view('5', 'Same', null),
    view('4', 'Same', null),
  ]
  const order = inOrderOfNames(views).map(({ id }) => id)
  expect(order).toEqual(['4', '5', '3', '2', '1'])
  expect(inOrderOfNames(views.toReversed()).map(({ id }) => id)).toEqual(order)
})
