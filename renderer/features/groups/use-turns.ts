import { ORPCError } from '@orpc/client'
import { reactive, readonly } from 'vue'

const longestWaitMs = 10_000

/**
 * Does `work` with one thing after the other and counts along. Where the desk asks to go slower, it waits and tries the
 * same one again; at any other failure it stops. `wait` is for tests.
 */
export function useTurns<T>(
  work: (item: T) => Promise<unknown>,
  wait: (ms: number) => Promise<void> = pause,
) {
  const progress = reactive({ done: 0, total: 0, running: false, cancelled: false })

  /** Answers what is left: nothing, or the one that failed (with why) and those behind it. */
  async function start(items: readonly T[]): Promise<{ left: readonly T[]; failure: unknown }> {
    Object.assign(progress, { done: 0, total: items.length, running: true, cancelled: false })
    try {
      while (progress.done < items.length && !progress.cancelled) {
        await patiently(items[progress.done] as T)
        progress.done += 1
      }
      return { left: items.slice(progress.done), failure: null }
    } catch (failure) {
      return { left: items.slice(progress.done), failure }
    } finally {
      progress.running = false
    }
  }

  async function patiently(item: T): Promise<void> {
    for (;;) {
      try {
        await work(item)
        return
      } catch (error) {
        const waitMs = askedToWaitMs(error)
        if (waitMs === null || progress.cancelled) throw error
        await wait(waitMs)
      }
    }
  }

  return { progress: readonly(progress), start, cancel: () => void (progress.cancelled = true) }
}

/** How long the desk asks to wait before the next request, or null when that is not what it answers. */
function askedToWaitMs(error: unknown): number | null {
  if (!(error instanceof ORPCError) || error.status !== 429) return null
  const data: unknown = error.data
  const seconds =
    typeof data === 'object' && data !== null && 'retryAfterSeconds' in data ? data.retryAfterSeconds : 1
  return Math.min(longestWaitMs, (typeof seconds === 'number' ? seconds : 1) * 1_000)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
