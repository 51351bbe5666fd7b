import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ReloadBackoff } from '../../../../main/desktop/reload-backoff.ts'
import { WindowMemory } from '../../../../main/desktop/window-memory.ts'
import { placeWindow } from '../../../../main/desktop/window-placement.ts'
import type { Rectangle, SavedWindow } from '../../../../main/desktop/window-placement.ts'

const primary: Rectangle = { x: 0, y: 25, width: 1920, height: 1055 }
const second: Rectangle = { x: -2560, y: 0, width: 2560, height: 1440 }
const preferred = { width: 1440, height: 900 }
const saved = (bounds: Rectangle): SavedWindow => ({ bounds, maximized: false, fullScreen: false })

describe('where a window opens', () => {
  it('is the middle of the primary display at first', () => {
    expect(placeWindow(null, [primary, second], preferred)).toEqual(
      saved({ x: 240, y: 103, width: 1440, height: 900 }),
    )
  })

  it.each([
    ['on the primary display', { x: 10, y: 30, width: 800, height: 600 }],
    ['on the second display', { x: -2000, y: 100, width: 800, height: 600 }],
    ['half over the right edge', { x: 1700, y: 30, width: 800, height: 600 }],
  ])('is where it was, %s', (_name, bounds) => {
    expect(placeWindow(saved(bounds), [primary, second], preferred).bounds).toEqual(bounds)
  })

  it.each([
    ['its display is unplugged', { x: -2000, y: 100, width: 800, height: 600 }],
    ['it lies below every display', { x: 10, y: 5000, width: 800, height: 600 }],
    ['only its bottom is visible', { x: 10, y: -500, width: 800, height: 600 }],
    ['only a sliver is visible', { x: 1900, y: 100, width: 800, height: 600 }],
    ['its title bar hides behind the menu bar', { x: 10, y: 0, width: 800, height: 600 }],
    ['its title bar hides behind the task bar', { x: 10, y: 1070, width: 800, height: 600 }],
  ])('is the middle of the primary display when %s, for nobody can drag it back', (_name, bounds) => {
    const { x, y, width, height } = placeWindow(saved(bounds), [primary], preferred).bounds
    expect({ x, y, width, height }).toEqual({ x: 560, y: 253, width: 800, height: 600 })
  })

  it('is never larger than its display, so that a 4K wall reopens on a laptop', () => {
    const large = saved({ x: 0, y: 25, width: 3840, height: 2100 })
    expect(placeWindow(large, [primary], preferred).bounds).toEqual(primary)
    const gone = saved({ x: 9000, y: 25, width: 3840, height: 2100 })
    expect(placeWindow(gone, [primary], preferred).bounds).toEqual(primary)
  })

  it('keeps a wall full screen after its display changed', () => {
    const wall = { ...saved({ x: 9000, y: 0, width: 800, height: 600 }), fullScreen: true }
    expect(placeWindow(wall, [primary], preferred).fullScreen).toBe(true)
  })
})

describe('what is remembered of windows', () => {
  let folder = ''
  let failures: unknown[] = []
  const open = (): WindowMemory =>
    new WindowMemory(join(folder, 'windows.json'), (error) => failures.push(error))
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'alta-desk-windows-'))
    failures = []
  })
  afterEach(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true })
  })

  it('outlives the application, each window by itself', () => {
    const memory = open()
    memory.set('main', saved(primary))
    memory.set('settings', saved(second))
    expect([open().get('main'), open().get('settings'), open().get('other')]).toEqual([
      saved(primary),
      saved(second),
      null,
    ])
    expect(failures).toEqual([])
  })

  it.each([
    '',
    '{',
    '[]',
    '{"main":{"bounds":{"x":"left"}}}',
    '{"main":{"bounds":{"x":1,"y":1,"width":-5,"height":0}}}',
  ])('is forgotten rather than fatal when the file reads %j', (content) => {
    writeFileSync(join(folder, 'windows.json'), content)
    expect(open().get('main')).toBeNull()
    expect(failures).toHaveLength(1)
    const memory = open()
    memory.set('main', saved(primary))
    expect(JSON.parse(readFileSync(join(folder, 'windows.json'), 'utf8'))).toEqual({ main: saved(primary) })
  })

  it('does not stop the application when the disk refuses', () => {
    const memory = new WindowMemory(join(folder, 'missing', 'windows.json'), (error) => failures.push(error))
    memory.set('main', saved(primary))
    expect(failures).toHaveLength(1)
    expect(memory.get('main')).toEqual(saved(primary))
  })
})

describe('how long a crashed page waits', () => {
  it('doubles to half a minute, so that a page that always crashes does not eat the machine', () => {
    let nowMs = 0
    const backoff = new ReloadBackoff(() => nowMs)
    const waits = Array.from({ length: 7 }, () => {
      const waitMs = backoff.crashed()
      nowMs += waitMs + 100
      return waitMs
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000])
  })

  it('is short again after a good minute', () => {
    let nowMs = 0
    const backoff = new ReloadBackoff(() => nowMs)
    backoff.crashed()
    nowMs += 3000
    expect(backoff.crashed()).toBe(2000)
    nowMs += 2000 + 60_000
    expect(backoff.crashed()).toBe(1000)
  })
})
