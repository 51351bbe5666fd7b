import { lookup } from 'node:dns'
import { Pool, buildConnector } from 'undici'
import type { Dispatcher } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { AltaProblem } from './alta-problem.ts'
import { problemOfError } from './failures.ts'
import { pathPrefix } from './ott.ts'
import { checkedLookup, namesRefusedAddress, refusedAddressProblem } from './refused-addresses.ts'
import { trustedContext } from './trusted-authorities.ts'
import { refuseWastefulAnswers } from './wasteful-answers.ts'

/** Above any configuration of 5,000 cameras; read in a thread of its own (`LargeAnswers`). */
export const largeAnswerBytes = 8 * 1024 * 1024
/** One object of a configuration, or a playlist: read at once. */
const answerBytes = 64 * 1024
/** An error is one sentence: what goes beyond is not read. */
const errorBytes = 4 * 1024
/** Dates and types are short, whatever the header holds. */
const headerCharacters = 200
/** Alta closes idle connections after 10 s (HTTP server settings); letting go earlier avoids writing into a dead one. */
const keepAliveMs = 8000
/** The `Date` header is cut to whole seconds: on average Alta's clock is half a second further. */
const dateRoundingMs = 500

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path with its query, below the base. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The longest answer that is taken; 64 kB where left out. */
  readonly limitBytes?: number
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly setCookies: readonly string[]
  readonly body: Uint8Array<ArrayBuffer>
}

/** The body of an answer as text (UTF-8; what is not is replaced). */
export function textOf({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body)
}

export interface HttpExchangeOptions {
  /** Origin, with a path to stand before every request's. */
  readonly baseUrl: string
  readonly connections: number
  readonly connectMs: number
  readonly clock: Clock
  /** How names are looked up and sockets made; the system's where left out. */
  readonly network?: Network
}

/** Replaced in tests, which must not reach the addresses that they are about. */
export interface Network {
  readonly resolve: typeof lookup
  readonly connector: typeof buildConnector
}

function listOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return []
  return Array.isArray(header) ? header : [header]
}

/** Rejects with ALTA_HUGE_ANSWER beyond `limitBytes`; the connection is then cut. */
async function wholeBody(body: AsyncIterable<Buffer>, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const read = await firstBytes(body, limitBytes + 1)
  if (read.length > limitBytes) throw new AltaProblem('ALTA_HUGE_ANSWER')
  return read
}

/** At most so much of a body; what is left is not read, and the connection is cut. */
async function firstBytes(body: AsyncIterable<Buffer>, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= mostBytes) break
  }
  const all = new Uint8Array(Math.min(length, mostBytes))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk.subarray(0, all.length - at), at)
    at += chunk.length
  }
  return all
}

/** The sockets to one listener of one Alta: nothing that happens on them is felt by another server's. */
export class HttpExchange {
  readonly #pool: Pool
  /** The pool, with an eye on what its answers cost. */
  readonly #dispatcher: Dispatcher
  readonly #prefix: string
  /** Its address is one that is never connected to; a name that has such an address is found by its lookup. */
  readonly #isRefused: boolean
  readonly #clock: Clock
  #connects = 0
  #clockOffsetMs: number | null = null
  #lastAnswerAt: number | null = null

  constructor(options: HttpExchangeOptions) {
    const base = new URL(options.baseUrl)
    const { resolve, connector } = options.network ?? { resolve: lookup, connector: buildConnector }
    this.#isRefused = namesRefusedAddress(base)
    this.#prefix = pathPrefix(base)
    this.#clock = options.clock
    this.#pool = new Pool(base.origin, {
      connections: options.connections,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      connect: connector({
        timeout: options.connectMs,
        lookup: checkedLookup(resolve),
        ...(base.protocol === 'https:' ? { secureContext: trustedContext() } : {}),
      }),
    })
    this.#dispatcher = this.#pool.compose(refuseWastefulAnswers)
    this.#pool.on('connect', () => (this.#connects += 1))
  }

  /** Alta's clock less ours, null before the first answer. */
  get clockOffsetMs(): number | null {
    return this.#clockOffsetMs
  }

  get lastAnswerAt(): number | null {
    return this.#lastAnswerAt
  }

  /** A mark to ask {@link wasReachedSince} about later. */
  mark(): number {
    return this.#pool.stats.connected > 0 ? -1 : this.#connects
  }

  /** Whether there was a connection since the mark: what times out after that is slow, not unreachable. */
  wasReachedSince(mark: number): boolean {
    return this.#connects > mark
  }

  /** One request and its whole answer. Rejects with AltaProblem, or with the signal's reason. */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted()
    if (this.#isRefused) throw refusedAddressProblem()
    const sentAt = this.#clock.now()
    try {
      const { statusCode, headers, body } = await this.#dispatcher.request({
        method: request.method,
        path: `${this.#prefix}${request.path}`,
        headers: request.headers,
        body: request.body ?? null,
        signal,
      })
      this.#measureClock(headers['date'], sentAt)
      const isError = statusCode < 200 || statusCode > 299
      return {
        status: statusCode,
        contentType: String(headers['content-type'] ?? '').slice(0, headerCharacters),
        setCookies: listOf(headers['set-cookie']),
        body: isError
          ? await firstBytes(body, errorBytes)
          : await wholeBody(body, request.limitBytes ?? answerBytes),
      }
    } catch (error) {
      signal.throwIfAborted()
      throw problemOfError(error)
    }
  }

  /** Cuts every socket at once. */
  async stop(): Promise<void> {
    await this.#pool.destroy()
  }

  #measureClock(date: string | string[] | undefined, sentAt: number): void {
    const now = this.#clock.now()
    this.#lastAnswerAt = now
    const told = typeof date === 'string' ? Date.parse(date.slice(0, headerCharacters)) : Number.NaN
    if (Number.isNaN(told)) return
    this.#clockOffsetMs = Math.round(told + dateRoundingMs - (sentAt + now) / 2)
  }
}
