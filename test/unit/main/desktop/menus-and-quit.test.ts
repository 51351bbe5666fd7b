import { describe, expect, it, vi } from 'vitest'
import { menuTemplate, trayTemplate } from '../../../../main/desktop/menu-template.ts'
import { quitOnce } from '../../../../main/desktop/quit-once.ts'

const actions = {
  openSettings: vi.fn(),
  openDataFolder: vi.fn(),
  openLogFolder: vi.fn(),
  keepRunning: vi.fn(),
}

function text(platform: NodeJS.Platform, development: boolean): string {
  return JSON.stringify(
    menuTemplate({ platform, development, applicationName: 'Alta Desk', keepsRunning: true, actions }),
  )
}

describe('the menu', () => {
  it.each(['darwin', 'win32', 'linux'] as const)(
    'reaches settings, editing and quitting on %s',
    (platform) => {
      expect(text(platform, false)).toContain('"id":"settings"')
      // Without the edit menu, macOS has no copy and paste in text fields.
      expect(text(platform, false)).toContain('"role":"editMenu"')
      expect(text(platform, false)).toContain('"role":"quit"')
    },
  )

  it('offers developer tools in development only', () => {
    expect(text('linux', true)).toContain('toggleDevTools')
    expect(text('linux', false)).not.toContain('toggleDevTools')
  })

  it('can end a desk whose windows are closed', () => {
    const quit = vi.fn()
    const items = trayTemplate({ open: vi.fn(), openSettings: vi.fn(), quit })
    expect(items.map((item) => item.id ?? item.type)).toEqual(['open', 'settings', 'separator', 'quit'])
  })
})

describe('quitting', () => {
  const event = () => ({ preventDefault: vi.fn() })

  it('drains the desk once, however often a person asks, and only then ends the process', async () => {
    const stopped = Promise.withResolvers<void>()
    const stop = vi.fn(() => stopped.promise)
    const ended = Promise.withResolvers<void>()
    const exit = vi.fn(() => ended.resolve())
    const { onWillQuit: handler } = quitOnce({
      stop,
      capMs: 60_000,
      onFailure: (error) => expect.unreachable(String(error)),
      exit,
    })
    const [first, second] = [event(), event()]
    handler(first)
    handler(second)
    expect(first.preventDefault).toHaveBeenCalled()
    expect(second.preventDefault).toHaveBeenCalled()
    expect(exit).not.toHaveBeenCalled()
    stopped.resolve()
    await ended.promise
    expect([stop.mock.calls.length, exit.mock.calls.length]).toEqual([1, 1])
  })

  it('ends even when the desk never stops', async () => {
    const ended = Promise.withResolvers<void>()
    const onFailure = vi.fn()
    const { now } = quitOnce({
      stop: () => new Promise(() => undefined),
      capMs: 10,
      onFailure,
      exit: ended.resolve,
    })
    now()
    await ended.promise
    expect(onFailure).toHaveBeenCalledWith(
      expect.objectContaining({ message: expect.stringContaining('10 ms') }),
    )
  })

  it('ends and reports when stopping fails', async () => {
    const ended = Promise.withResolvers<void>()
    const onFailure = vi.fn()
    const failure = new Error('disk gone')
    const { onWillQuit } = quitOnce({
      stop: () => Promise.reject(failure),
      capMs: 60_000,
      onFailure,
      exit: ended.resolve,
    })
    onWillQuit(event())
    await ended.promise
    expect(onFailure).toHaveBeenCalledWith(failure)
  })
})
