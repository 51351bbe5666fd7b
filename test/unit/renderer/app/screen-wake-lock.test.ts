import { describe, expect, test } from 'vitest'
import { ScreenWakeLock } from '../../../../renderer/app/screen-wake-lock.ts'

/** A browser: it drops every lock when the page is hidden, and may refuse one. */
function browser() {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const held = new Set<EventTarget>()
  let refuses = false
  const locks = {
    request: async (_type: 'screen') => {
      if (refuses) throw new DOMException('Saving the battery.', 'NotAllowedError')
      const sentinel = Object.assign(new EventTarget(), {
        release: async () => {
          held.delete(sentinel)
        },
      })
      held.add(sentinel)
      return sentinel
    },
  }
  return {
    page,
    locks,
    held,
    refuse: (value: boolean) => (refuses = value),
    show: (visibilityState: 'visible' | 'hidden') => {
      page.visibilityState = visibilityState
      if (visibilityState === 'hidden') {
        for (const sentinel of [...held]) {
          held.delete(sentinel)
          sentinel.dispatchEvent(new Event('release'))
        }
      }
      page.dispatchEvent(new Event('visibilitychange'))
    },
  }
}

/** Everything that was begun has come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the screen of a wall in a browser', () => {
  test('stays on while a wall is shown, and not for longer', async () => {
    const { page, locks, held } = browser()
    const lock = new ScreenWakeLock(locks, page)
    await settled()
    expect(held.size).toBe(0)
    lock.want(true)
    await settled()
    expect(held.size).toBe(1)
    lock.want(false)
    await settled()
    expect(held.size).toBe(0)
  })

  // Would catch: a monitor that goes dark at night because somebody looked at another tab in the morning.
  test('stays on again after the page was hidden', async () => {
    const { page, locks, held, show } = browser()
    const lock = new ScreenWakeLock(locks, page)
    lock.want(true)
    await settled()
    show('hidden')
    await settled()
    expect(held.size).toBe(0)
    show('visible')
    await settled()
    expect(held.size).toBe(1)
  })

  test('is let go where the wall was closed before the browser had answered', async () => {
    const { page, locks, held } = browser()
    const lock = new ScreenWakeLock(locks, page)
    lock.want(true)
    lock.want(false)
    await settled()
    expect(held.size).toBe(0)
  })

  test('is asked for again after a refusal', async () => {
    const { page, locks, held, refuse, show } = browser()
    const lock = new ScreenWakeLock(locks, page)
    refuse(true)
    lock.want(true)
    await settled()
    refuse(false)
    show('visible')
    await settled()
    expect(held.size).toBe(1)
  })

  // Would catch: an error on every page of a colleague who opens the desk over plain HTTP, where there is no such API.
  test('is left alone on plain HTTP', async () => {
    const { page, show } = browser()
    const lock = new ScreenWakeLock(undefined, page)
    lock.want(true)
    show('visible')
    await settled()
    lock.want(false)
  })
})
