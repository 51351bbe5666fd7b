import type { Bus } from '../platform/bus.ts'
import type { Service } from '../platform/lifecycle.ts'
import { byteRange } from './byte-range.ts'
import { attachment } from './file-names.ts'
import type { FileStore } from './file-store.ts'
import type { FileTickets, TicketHolder } from './file-tickets.ts'
import { OpenDownload, signedOut } from './open-download.ts'
import { isRangeWanted, judgePreconditions } from './preconditions.ts'
import type { ReadHeader } from './preconditions.ts'
import type { FileRow } from './queries.ts'

/** A request for a file, whichever transport it came by. */
export interface FileRequest {
  readonly method: 'GET' | 'HEAD'
  /** As `/files/<ticket>/<name>`. */
  readonly path: string
  readonly header: ReadHeader
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

export interface DownloadsOptions {
  readonly files: FileStore
  readonly tickets: FileTickets
  readonly bus: Bus
  readonly isStillIn: (holder: TicketHolder) => Promise<boolean>
}

/** Answers requests for files, the same at both transports. A download ends with the sign-in that asked for it. */
export class Downloads implements Service {
  readonly name = 'downloads'
  readonly #options: DownloadsOptions
  readonly #open = new Set<OpenDownload>()
  readonly #disposables: (() => void)[] = []

  constructor(options: DownloadsOptions) {
    this.#options = options
  }

  start(): void {
    const { bus } = this.#options
    this.#disposables.push(
      bus.subscribe('sign-in.ended', ({ family }) =>
        this.#end(({ holder }) => holder.family === family, signedOut()),
      ),
      bus.subscribe('person.changed', ({ userId }) => void this.#judge(userId)),
    )
  }

  stop(): void {
    for (const dispose of this.#disposables.splice(0)) dispose()
    this.#end(() => true, new Error('The desk is stopping.'))
  }

  /** The answer to a request for a file; null where there is none for this path (any more). Throws `BlobStoreError`. */
  async answer(request: FileRequest): Promise<Response | null> {
    const found = await this.#options.tickets.find(request.path)
    if (!found) return null
    const { file, holder } = found
    const headers = headersOf(file)
    const etag = etagOf(file)
    switch (judgePreconditions(request.header, etag)) {
      case 'failed':
        return new Response(null, { status: 412, headers })
      case 'not modified':
        return new Response(null, { status: 304, headers })
      case 'go on':
        return this.#send(request, file, holder, headers)
    }
  }

  async #send(
    request: FileRequest,
    file: FileRow,
    holder: TicketHolder,
    headers: Headers,
  ): Promise<Response | null> {
    const { method, header, signal } = request
    const isRange = method === 'GET' && isRangeWanted(header, etagOf(file))
    const range = byteRange(isRange ? header('range') : null, file.size)
    if (range.kind === 'unsatisfiable') {
      headers.set('content-range', `bytes */${file.size}`)
      return new Response(null, { status: 416, headers })
    }
    const { start, end } = range.kind === 'part' ? range : { start: 0, end: file.size }
    headers.set('content-length', String(end - start))
    headers.set('content-type', file.contentType)
    headers.set('content-disposition', attachment(file.name))
    if (range.kind === 'part') headers.set('content-range', `bytes ${start}-${end - 1}/${file.size}`)
    const reader = await this.#options.files.open(file)
    if (reader === null) return null
    const status = range.kind === 'part' ? 206 : 200
    if (method === 'HEAD') {
      await reader.close()
      return new Response(null, { status, headers })
    }
    const { isStillIn } = this.#options
    const onClosed = (): void => void this.#open.delete(download)
    const download = new OpenDownload({ reader, start, end, holder, isStillIn, signal, onClosed })
    if (!signal.aborted) this.#open.add(download)
    return new Response(download.body, { status, headers })
  }

  /** An account was changed: its downloads end where it would not be let in any more. */
  async #judge(userId: string): Promise<void> {
    for (const download of [...this.#open]) {
      const { holder } = download
      if (holder.userId !== userId) continue
      const isIn = await this.#options.isStillIn(holder).catch(() => false)
      if (!isIn) download.end(signedOut())
    }
  }

  #end(which: (download: OpenDownload) => boolean, error: Error): void {
    for (const download of [...this.#open]) if (which(download)) download.end(error)
  }
}
/** A strong one: the bytes of a file never change. */
function etagOf({ sha256 }: FileRow): string {
  return `"${sha256}"`
}

/** Of every answer about a file. It is for one person, once: nobody on the way keeps it, and no page shows it. */
function headersOf(file: FileRow): Headers {
  return new Headers({
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    etag: etagOf(file),
  })
}
