import { getEventMeta } from '@orpc/client'
import type { StreamMessage } from '../../shared/contract/events.ts'
import { moment, sinceMs } from './elapsed.ts'

/** The desk sends a heartbeat every 2 s: after three missed ones this page is cut off. */
export const cutOffAfterMs = 6_000
/** A connection that is silent for this long is given up, for a half-open socket never ends by itself. */
const reconnectAfterMs = 8_000
const firstRetryMs = 500
const longestRetryMs = 5_000

/** Opens `events.stream`; `lastEventId` is the id of the last message that was seen. */
export type OpenStream = (options: {
  signal: AbortSignal
  lastEventId: string | undefined
}) => Promise<AsyncIterable<StreamMessage>>

export interface DeskEventsListener {
  message(message: StreamMessage): void
  /** Told on each change: true when nothing was heard for 6 s. */
  cutOff(isCutOff: boolean): void
  /** The desk ended the stream because the person has more pages open than it serves; `follow` has ended. */
  replaced(): void
}

/** What the desk says as it happens. After a break it goes on behind the last message it saw. */
export class DeskEvents {
  readonly #open: OpenStream
  readonly #listener: DeskEventsListener
  #lastHeard = moment()
  #isCutOff = false
  #lastEventId: string | undefined
  #retryMs = firstRetryMs
  #isReplaced = false

  constructor(open: OpenStream, listener: DeskEventsListener) {
    this.#open = open
    this.#listener = listener
  }

  /** Follows the stream until `signal` aborts, or the desk lets a newer page have its place. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    this.#lastHeard = moment()
    this.#isReplaced = false
    const watch = setInterval(() => {
      if (sinceMs(this.#lastHeard) >= cutOffAfterMs) this.#setCutOff(true)
    }, 500)
    while (!signal.aborted) {
      await this.#followOnce(signal)
      if (signal.aborted || this.#isReplaced) break
      await pause(this.#retryMs * (0.5 + Math.random()), signal)
      this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2)
    }
    clearInterval(watch)
    if (!this.#isReplaced || signal.aborted) return
    this.#setCutOff(true)
    this.#listener.replaced()
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const attempt = new AbortController()
    let silent = moment()
    const silence = setInterval(() => {
      if (sinceMs(silent) >= reconnectAfterMs) attempt.abort()
    }, 1_000)
    try {
      const stream = await this.#open({
        signal: AbortSignal.any([signal, attempt.signal]),
        lastEventId: this.#lastEventId,
      })
      for await (const message of stream) {
        // What was on its way when the sign-in changed is not for the person who uses the page now.
        if (signal.aborted) return
        silent = moment()
        this.#heard(message)
        this.#isReplaced = message.type === 'stream.ended'
      }
    } catch (_error) {
      // Expected: the network or the desk went away. The person sees `cutOff`, `follow` tries again.
    } finally {
      clearInterval(silence)
    }
  }

  #heard(message: StreamMessage): void {
    this.#lastHeard = moment()
    this.#retryMs = firstRetryMs
    this.#lastEventId = getEventMeta(message)?.id ?? this.#lastEventId
    this.#setCutOff(false)
    this.#listener.message(message)
  }

  #setCutOff(isCutOff: boolean): void {
    if (isCutOff === this.#isCutOff) return
    this.#isCutOff = isCutOff
    this.#listener.cutOff(isCutOff)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
