import type { CallingWindow } from '../rpc/request-context.ts'

/**
 * Follows a window of the desktop application while its page shows a wall: the display stays awake until `signal` is
 * aborted or the reader leaves. Yields at once, and then on every change, whether anybody can see the window.
 */
export async function* followWindow(
  window: CallingWindow,
  signal: AbortSignal,
): AsyncGenerator<{ seen: boolean }, void> {
  let wake = Promise.withResolvers<void>()
  const wakeUp = (): void => wake.resolve()
  signal.addEventListener('abort', wakeUp, { once: true })
  const stopListening = window.onSeen(wakeUp)
  const stopShowing = window.showsWall()
  try {
    for (let told: boolean | null = null; !signal.aborted;) {
      const seen = window.isSeen
      if (seen !== told) {
        told = seen
        yield { seen }
        continue
      }
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
  } finally {
    signal.removeEventListener('abort', wakeUp)
    stopListening()
    stopShowing()
  }
}
