import { EventEmitter } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchFaults } from '../../../../main/desktop/faults.ts'
import { PageRecovery } from '../../../../main/desktop/page-recovery.ts'
import { relaunchOptions } from '../../../../main/desktop/relaunch.ts'
import { RestartBudget } from '../../../../main/desktop/restart-budget.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'

let folder = ''
let lines: string[] = []
const log = openLogger({
  filter: parseLogFilter('info'),
  format: 'json',
  write: (line) => lines.push(line),
}).for('desktop')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alta-desk-faults-'))
  lines = []
})
afterEach(() => {
  vi.useRealTimers()
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true, force: true })
})

describe('how often the application restarts itself', () => {
  const file = (): string => join(folder, 'restarts.json')
  let now = 1_800_000_000_000
  const budget = (): RestartBudget => new RestartBudget(file(), () => now)

  // Would catch: a desk that restarts for ever, and one whose count begins anew with every restart.
  it('is three times in ten minutes, counted over the restarts', () => {
    expect([1, 2, 3, 4].map(() => budget().take())).toEqual([true, true, true, false])
    now += 10 * 60_000
    expect(budget().take()).toBe(true)
  })

  it('begins anew when a person starts it again', () => {
    for (let times = 0; times < 3; times += 1) budget().take()
    budget().reset()
    expect(budget().take()).toBe(true)
  })

  it.each(['', '{', '"x"', '[1e99]', `[${'1,'.repeat(200)}1]`])('survives a damaged file: %s', (content) => {
    writeFileSync(file(), content)
    expect(budget().take()).toBe(true)
  })

  it('is not locked up by times that a wrong clock wrote', () => {
    writeFileSync(file(), JSON.stringify([now + 1e9, now + 1e9, now + 1e9]))
    expect(budget().take()).toBe(true)
  })

  it('is never where nothing can be remembered', () => {
    const nowhere = new RestartBudget(join(folder, 'missing/restarts.json'), () => now)
    expect(nowhere.take()).toBe(false)
    expect(existsSync(join(folder, 'missing'))).toBe(false)
  })
})

describe('an error that was caught nowhere', () => {
  function application() {
    const mainProcess = new EventEmitter()
    const ends: string[] = []
    watchFaults(mainProcess, {
      log: () => log,
      restarts: new RestartBudget(join(folder, 'restarts.json'), Date.now),
      restart: () => ends.push('restart'),
      giveUp: () => ends.push('give up'),
    })
    return { mainProcess, ends }
  }

  // Would catch: a modal box at night that nobody answers, with a dead wall behind it.
  it.each(['uncaughtException', 'unhandledRejection'])('is logged, and restarts: %s', (event) => {
    const { mainProcess, ends } = application()
    mainProcess.emit(event, new Error('the disk is gone'))
    expect(ends).toEqual(['restart'])
    expect(lines.join()).toContain('the disk is gone')
  })

  it('restarts once, however much fails on the way down', () => {
    const { mainProcess, ends } = application()
    mainProcess.emit('uncaughtException', new Error('first'))
    mainProcess.emit('unhandledRejection', new Error('second'))
    expect(ends).toEqual(['restart'])
    expect(lines).toHaveLength(2)
  })

  it('gives up at the fourth in ten minutes', () => {
    const ends = [1, 2, 3, 4].flatMap(() => {
      const run = application()
      run.mainProcess.emit('uncaughtException', new Error('again'))
      return run.ends
    })
    expect(ends).toEqual(['restart', 'restart', 'restart', 'give up'])
  })
})

describe('a page that does not work', () => {
  function recovery() {
    vi.useFakeTimers()
    const done: string[] = []
    const page = { load: () => done.push('load'), end: () => done.push('end') }
    return { done, page: new PageRecovery('main', page, log, () => Date.now()) }
  }

  it('is loaded again after a crash and after a failed load, later each time', () => {
    const { done, page } = recovery()
    page.crashed('crashed', 5)
    vi.advanceTimersByTime(999)
    expect(done).toEqual([])
    vi.advanceTimersByTime(1)
    expect(done).toEqual(['load'])
    page.loadFailed(-6, 'ERR_FILE_NOT_FOUND', true)
    vi.advanceTimersByTime(1_999)
    expect(done).toEqual(['load'])
    vi.advanceTimersByTime(1)
    expect(done).toEqual(['load', 'load'])
  })

  it.each([
    ['a navigation that another one replaced', -3, true],
    ['a frame in it', -6, false],
  ])('is left alone after %s', (_what, code, isMainFrame) => {
    const { done, page } = recovery()
    page.loadFailed(code, '', isMainFrame)
    page.crashed('clean-exit', 0)
    vi.advanceTimersByTime(60_000)
    expect(done).toEqual([])
  })

  // Would catch: a wall that hangs all night, since only a crash was ever noticed.
  it('is ended when it goes on hanging, and left alone when it comes back by itself', () => {
    const { done, page } = recovery()
    page.unresponsive()
    vi.advanceTimersByTime(10_000)
    page.responsive()
    vi.advanceTimersByTime(60_000)
    expect(done).toEqual([])
    page.unresponsive()
    vi.advanceTimersByTime(15_000)
    expect(done).toEqual(['end'])
  })

  it('is not loaded into a window that is gone', () => {
    const { done, page } = recovery()
    page.crashed('oom', 1)
    page.unresponsive()
    page.stop()
    vi.advanceTimersByTime(60_000)
    expect(done).toEqual([])
  })
})

// Would catch: an AppImage that ends instead of restarting, since its mount goes with the old process.
it('an AppImage is started anew by its file, anything else by its executable', () => {
  const started = ['/tmp/.mount_x/alta-desk', '--hidden']
  expect(relaunchOptions({ APPIMAGE: '/opt/alta.AppImage' }, started)).toEqual({
    execPath: '/opt/alta.AppImage',
    args: ['--hidden'],
  })
  expect(relaunchOptions({}, started)).toEqual({ args: ['--hidden'] })
})
