import { beforeEach, describe, expect, it } from 'vitest'
import { isWindowSeen, ShownWalls } from '../../../../main/desktop/shown-walls.ts'

const blocking = new Set<number>()
let started = 0
/** The operating system: it holds the display for every id that was not given back. */
const blocker = {
  start: () => {
    started += 1
    blocking.add(started)
    return started
  },
  stop: (id: number) => void blocking.delete(id),
}
let walls: ShownWalls
beforeEach(() => {
  blocking.clear()
  started = 0
  walls = new ShownWalls(blocker)
})

describe('the display', () => {
  // Would catch: a wall that goes dark after ten minutes, in front of a guard who touches nothing.
  it('stays awake while a wall is shown, once, and sleeps afterwards', () => {
    const window = walls.open()
    expect(blocking.size).toBe(0)
    const [first, second] = [window.showsWall(), window.showsWall()]
    expect([started, blocking.size]).toEqual([1, 1])
    first()
    first()
    expect(blocking.size).toBe(1)
    second()
    expect(blocking.size).toBe(0)
  })

  it('may sleep while the only window with a wall is minimised, whatever the other one does', () => {
    const [wall, settings] = [walls.open(), walls.open()]
    wall.showsWall()
    wall.setSeen(false)
    expect(blocking.size).toBe(0)
    settings.setSeen(false)
    settings.setSeen(true)
    expect(blocking.size).toBe(0)
    wall.setSeen(true)
    expect(blocking.size).toBe(1)
  })

  it.each(['pageGone', 'close'] as const)('sleeps after a page that ended without a word: %s', (end) => {
    const window = walls.open()
    const stop = window.showsWall()
    window[end]()
    expect(blocking.size).toBe(0)
    stop()
    expect(blocking.size).toBe(0)
  })

  it('stays awake for the second screen when the first one is closed', () => {
    const [first, second] = [walls.open(), walls.open()]
    first.showsWall()
    second.showsWall()
    first.close()
    expect(blocking.size).toBe(1)
    second.close()
    expect(blocking.size).toBe(0)
  })
})

describe('a page', () => {
  it('is told when its window is seen or not, once for each change, and each window for itself', () => {
    const [first, second] = [walls.open(), walls.open()]
    const told: [string, boolean][] = []
    const stop = first.onSeen((seen) => told.push(['first', seen]))
    second.onSeen((seen) => told.push(['second', seen]))
    first.setSeen(false)
    first.setSeen(false)
    first.setSeen(true)
    stop()
    first.setSeen(false)
    expect(told).toEqual([
      ['first', false],
      ['first', true],
    ])
  })
})

describe('whether anybody can see a window', () => {
  const window = (isMinimized: boolean, isVisible: boolean) => ({
    isMinimized: () => isMinimized,
    isVisible: () => isVisible,
  })
  const application = (isHidden: boolean) => ({ isHidden: () => isHidden })

  it.each(['linux', 'win32', 'darwin'] as const)('a minimised one: no, on %s', (platform) => {
    expect(isWindowSeen(window(true, true), application(false), platform)).toBe(false)
  })
  it.each(['linux', 'win32'] as const)('a hidden one: no, on %s', (platform) => {
    expect(isWindowSeen(window(false, false), application(false), platform)).toBe(false)
    expect(isWindowSeen(window(false, true), application(false), platform)).toBe(true)
  })
  // Would catch: a wall on a Mac that stops watching because another window lies over it.
  it('on macOS a covered one still, one of a hidden application not', () => {
    expect(isWindowSeen(window(false, false), application(false), 'darwin')).toBe(true)
    expect(isWindowSeen(window(false, false), application(true), 'darwin')).toBe(false)
  })
})
