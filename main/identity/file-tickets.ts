import { randomBytes } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'

/** A file that somebody was allowed to fetch. */
export interface TicketedFile {
  /** What it is called where it is saved: letters, digits, dots and dashes. */
  readonly name: string
  readonly contentType: string
  readonly read: () => AsyncIterable<string>
}

/** How long a ticket may wait for its one use. */
const lifeMs = 60_000

/**
 * Files for download, under a secret address each: a browser saves a file only from an address, with which it sends no
 * access token. A ticket is good once and for a minute; both doors serve it.
 */
export class FileTickets {
  readonly #clock: Clock
  readonly #issued = new Map<string, { readonly file: TicketedFile; readonly expiresAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `url` is a path of the desk; `expiresAt` is in milliseconds since the epoch. */
  issue(file: TicketedFile): { readonly url: string; readonly expiresAt: number } {
    const now = this.#clock.now()
    for (const [ticket, { expiresAt }] of this.#issued) if (expiresAt <= now) this.#issued.delete(ticket)
    const ticket = randomBytes(32).toString('base64url')
    const expiresAt = now + lifeMs
    this.#issued.set(ticket, { file, expiresAt })
    return { url: `/files/${ticket}/${file.name}`, expiresAt }
  }

  /** What either door answers to a GET of this path; null where there is no such file (any more). */
  answer(path: string): Response | null {
    const file = this.#redeem(path)
    if (!file) return null
    const headers = {
      'content-type': file.contentType,
      'content-disposition': `attachment; filename="${file.name}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    }
    return new Response(bytesOf(file.read()), { headers })
  }

  #redeem(path: string): TicketedFile | null {
    const [, ticket = '', name] = /^\/files\/([\w-]{43})\/([\w.-]+)$/.exec(path) ?? []
    const issued = this.#issued.get(ticket)
    if (!issued || issued.file.name !== name) return null
    this.#issued.delete(ticket)
    return issued.expiresAt > this.#clock.now() ? issued.file : null
  }
}

/** Reads on only as fast as the reader takes; one that goes away ends the reading. */
function bytesOf(pieces: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done) controller.close()
      else controller.enqueue(encoder.encode(next.value))
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
