import { expect, it } from 'vitest'
import { undoForMs, UndoStack } from '../../../../renderer/features/live/undo-stack.ts'
import type { Done } from '../../../../renderer/features/live/undo-stack.ts'

function setUp() {
  let now = 0
  const stack = new UndoStack(() => now)
  const did = (subject: string): Done => {
    const done = { subject, undo: () => undefined }
    stack.push(done)
    return done
  }
  return { stack, did, wait: (ms: number) => (now += ms) }
}

it('goes back one step at a time, the last first, and no step twice', () => {
  const { stack, did } = setUp()
  const [first, second] = [did('wall'), did('wall')]
  expect([stack.take(), stack.take(), stack.take()]).toEqual([second, first, null])
})

// Would catch: an Undo button that, after a quick second change, brings back half of what was there.
it('goes back over everything that was done to the same since, and leaves the rest', () => {
  const { stack, did } = setUp()
  const cleared = did('wall')
  const overwritten = did('view')
  did('wall')
  expect(stack.take(cleared)).toBe(cleared)
  expect(stack.take(cleared)).toBeNull()
  expect([stack.take(), stack.take()]).toEqual([overwritten, null])
})

it('offers nothing any more after 10 seconds, or once it is cleared', () => {
  const { stack, did, wait } = setUp()
  const early = did('wall')
  wait(undoForMs - 1)
  const late = did('wall')
  wait(1)
  expect([stack.take(early), stack.take()]).toEqual([null, late])
  did('wall')
  stack.clear()
  expect(stack.take()).toBeNull()
})
