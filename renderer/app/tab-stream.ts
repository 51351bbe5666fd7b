import { ORPCError, withEventMeta } from '@orpc/client'
import type { StreamMessage } from '../../shared/contract/events.ts'
import type { FromPage, ToPage } from './shared-streams.ts'

/** A worker that runs answers at once; one that has to be loaded first over a slow network later. */
const answerWithinMs = 3_000

/** The browser runs no shared worker for this page: it needs a stream of its own. */
export class NoWorkerError extends Error {}

export interface TabStreamOptions {
  readonly token: string
  readonly lastEventId: string | undefined
  readonly signal: AbortSignal
  /** Aborted when the worker cannot be started. */
  readonly failed: AbortSignal
  /** Called once after `stream.ended`, when another tab has updates again. */
  readonly resumed: () => void
}

/**
 * The stream of the desk through the worker (shared-streams.ts) at the other end of `port`. Rejects with NoWorkerError
 * where none answers within 3 s, with the desk's refusal, or when there is no stream.
 */
export async function openTabStream(
  port: MessagePort,
  { token, lastEventId, signal, failed, resumed }: TabStreamOptions,
): Promise<AsyncIterable<StreamMessage>> {
  const mail = new Mail(port, signal, resumed)
  mail.send({ type: 'open', token, lastEventId })
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), answerWithinMs)
  try {
    await mail.next(AbortSignal.any([failed, patience.signal]))
  } catch (_error) {
    mail.leave()
    signal.throwIfAborted()
    throw new NoWorkerError()
  } finally {
    clearTimeout(timer)
  }
  // Before anything is promised, so that a refusal is one of the call.
  return messagesFrom(mail, await mail.next())
}

function messagesFrom(mail: Mail, first: ToPage): AsyncIterable<StreamMessage> {
  if (first.type === 'refused') {
    mail.leave()
    throw new ORPCError('REFUSED', { status: first.status })
  }
  return (async function* () {
    for (let next: ToPage = first; next.type === 'message'; next = await mail.next()) {
      mail.send({ type: 'read' })
      const { message, id } = next
      yield id === undefined ? message : withEventMeta(message, { id })
      // The port stays: it says when another tab has resumed.
      if (message.type === 'stream.ended') return
    }
    mail.leave()
  })()
}

/** What the worker says, in its order. */
class Mail {
  readonly #port: MessagePort
  readonly #signal: AbortSignal
  readonly #arrived: ToPage[] = []
  #wake: () => void = () => undefined

  /** Leaves the worker when `signal` is aborted. */
  constructor(port: MessagePort, signal: AbortSignal, resumed: () => void) {
    this.#port = port
    this.#signal = signal
    port.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      if (data.type === 'resumed') {
        this.leave()
        if (!signal.aborted) resumed()
        return
      }
      this.#arrived.push(data)
      this.#wake()
    })
    port.start()
    signal.addEventListener('abort', this.leave)
  }

  send(message: FromPage): void {
    this.#port.postMessage(message)
  }

  /** The next thing it says. Rejects when the page leaves, or `impatient` is aborted first. */
  async next(impatient: AbortSignal | null = null): Promise<ToPage> {
    const wake = (): void => this.#wake()
    impatient?.addEventListener('abort', wake)
    try {
      while (true) {
        this.#signal.throwIfAborted()
        impatient?.throwIfAborted()
        const next = this.#arrived.shift()
        if (next) return next
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      impatient?.removeEventListener('abort', wake)
    }
  }

  /** Hears nothing more, and says so to the worker. */
  readonly leave = (): void => {
    this.#signal.removeEventListener('abort', this.leave)
    this.send({ type: 'leave' })
    this.#port.close()
    this.#wake()
  }
}
