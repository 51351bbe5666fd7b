import type { BlobReader } from './blob-store.ts'
import type { TicketHolder } from './file-tickets.ts'

export interface OpenDownloadOptions {
  readonly reader: BlobReader
  /** The first byte, and the first one that is not sent any more. */
  readonly start: number
  readonly end: number
  readonly holder: TicketHolder
  readonly isStillIn: (holder: TicketHolder) => Promise<boolean>
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** Called once, when the blob was closed. */
  readonly onClosed: () => void
}

/** After so many pieces it is asked again whether the person is still signed in: a sign-in can also end by its age. */
const piecesBetweenChecks = 16

/**
 * The body of an answer while it is sent: read only as fast as the reader takes it. However it ends (whole, left by its
 * reader, ended by the desk), the blob is closed.
 */
export class OpenDownload {
  readonly holder: TicketHolder
  readonly body: ReadableStream<Uint8Array>
  readonly #options: OpenDownloadOptions
  readonly #pieces: AsyncGenerator<Uint8Array, void>
  readonly #leave = (): void => this.end(new Error('The reader went away.'))
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #untilCheck = piecesBetweenChecks

  constructor(options: OpenDownloadOptions) {
    const { reader, start, end, holder, signal } = options
    this.#options = options
    this.holder = holder
    this.#pieces = reader.pieces(start, end)
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#close(),
      },
      // Nothing is read before it is asked for.
      { highWaterMark: 0 },
    )
    signal.addEventListener('abort', this.#leave, { once: true })
    if (signal.aborted) this.#leave()
  }

  /** Breaks it off: what the reader has got is too short, which it notices by the length that was announced. */
  end(error: Error): void {
    if (this.#controller === null) return
    this.#controller.error(error)
    void this.#close()
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      await this.#checkHolder()
      const next = await this.#pieces.next()
      // It was ended meanwhile.
      if (this.#controller === null) return
      if (!next.done) return controller.enqueue(next.value)
      controller.close()
      await this.#close()
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  async #checkHolder(): Promise<void> {
    this.#untilCheck -= 1
    if (this.#untilCheck > 0) return
    this.#untilCheck = piecesBetweenChecks
    const { isStillIn, holder } = this.#options
    if (!(await isStillIn(holder))) throw signedOut()
  }

  async #close(): Promise<void> {
    if (this.#controller === null) return
    this.#controller = null
    const { signal, reader, onClosed } = this.#options
    signal.removeEventListener('abort', this.#leave)
    // What was open for reading has nothing to lose when it is closed.
    await Promise.allSettled([reader.close()])
    onClosed()
  }
}

/** Why a download ends whose person is not let in any more. */
export function signedOut(): Error {
  return new Error('The sign-in of this download has ended.')
}
