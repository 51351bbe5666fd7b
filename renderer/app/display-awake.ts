import { watch } from 'vue'
import { desk } from './client.ts'
import { inDesktopWindow } from './desktop-port.ts'
import { ScreenWakeLock } from './screen-wake-lock.ts'
import { wallOnScreen } from './wall-on-screen.ts'
import type { ShownWall } from './wall-on-screen.ts'

const askAgainMs = 2_000

/** Keeps the display awake while this page shows a wall: by the application that the window belongs to, or the browser. */
export function keepDisplayAwake(): void {
  const browserLock = inDesktopWindow() ? null : new ScreenWakeLock(navigator.wakeLock, document)
  let following: AbortController | null = null
  watch(wallOnScreen, (wall) => {
    following?.abort()
    following = null
    browserLock?.want(wall !== null)
    if (wall === null || browserLock !== null) return
    following = new AbortController()
    void followWindow(wall, following.signal)
  })
}

/** The application holds the display while this stream is open, and tells the wall whether anybody can see it. */
async function followWindow(wall: ShownWall, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const { seen } of await desk.live.show(undefined, { signal })) wall.setWindowSeen(seen)
    } catch (_error) {
      // The stream ended with the sign-in or by a fault; until it is back the wall counts as seen.
    }
    wall.setWindowSeen(true)
    await new Promise((resolve) => setTimeout(resolve, askAgainMs))
  }
}
