import { asSignedIn, desk } from './client.ts'
import type { OpenStream } from './desk-events.ts'
import { inDesktopWindow } from './desktop-port.ts'
import { NoWorkerError, openTabStream } from './tab-stream.ts'

type Options = Parameters<OpenStream>[0]

/**
 * Opens `events.stream`: in a browser through a worker that all its tabs share, so that they hold one connection (HTTP/1.1
 * allows six to a host) and one of the person's eight streams. A window of the desktop has a stream of its own, and so
 * has a page whose browser runs no shared worker (Chrome on Android). `resumed` is called when the desk had ended the
 * stream for another browser, and another tab of this one has it again.
 */
export function openEventStream(resumed: () => void): OpenStream {
  const openAlone: OpenStream = (options) => desk.events.stream(undefined, options)
  if (inDesktopWindow() || typeof SharedWorker === 'undefined') return openAlone
  return async (options) => {
    try {
      return await asSignedIn((token) => openShared(token, options, resumed))
    } catch (error) {
      if (error instanceof NoWorkerError) return openAlone(options)
      throw error
    }
  }
}

/** Aborted when this page is left, also where the browser keeps it for the way back: it keeps its place in no stream. */
let pageLeft = new AbortController()
window.addEventListener('pagehide', () => {
  pageLeft.abort()
  pageLeft = new AbortController()
})

function openShared(token: string | null, { signal, lastEventId }: Options, resumed: () => void) {
  signal.throwIfAborted()
  if (token === null) throw new NoWorkerError()
  const failed = new AbortController()
  const worker = startWorker()
  worker.addEventListener('error', () => failed.abort())
  return openTabStream(worker.port, {
    token,
    lastEventId,
    signal: AbortSignal.any([signal, pageLeft.signal]),
    failed: failed.signal,
    resumed,
  })
}

/** Throws NoWorkerError where the browser forbids it, as with site data blocked. */
function startWorker(): SharedWorker {
  try {
    // The address holds a hash of what is in the file: a page of another version has another worker.
    return new SharedWorker(new URL('./event-worker.ts', import.meta.url), { type: 'module' })
  } catch (_forbidden) {
    throw new NoWorkerError()
  }
}
