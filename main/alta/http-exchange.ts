import { Pool } from 'undici'
import type { Clock } from '../platform/clock.ts'
import { problemOfError } from './failures.ts'
import { pathPrefix } from './ott.ts'
import { trustedContext } from './trusted-authorities.ts'

/** Far above any real configuration, far below what would hurt the desk. */
const answerLimitBytes = 8 * 1024 * 1024
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
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly setCookies: readonly string[]
  readonly text: string
}

export interface HttpExchangeOptions {
  /** Origin, with a path to stand before every request's. */
  readonly baseUrl: string
  readonly connections: number
  readonly connectMs: number
  readonly clock: Clock
}

function listOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return []
  return Array.isArray(header) ? header : [header]
}

/** The sockets to one listener of one Alta: nothing that happens on them is felt by another server's. */
export class HttpExchange {
  readonly #pool: Pool
  readonly #prefix: string
  readonly #clock: Clock
  #connects = 0
  #clockOffsetMs: number | null = null
  #lastAnswerAt: number | null = null

  constructor(options: HttpExchangeOptions) {
    const base = new URL(options.baseUrl)
    this.#prefix = pathPrefix(base)
    this.#clock = options.clock
    this.#pool = new Pool(base.origin, {
      connections: options.connections,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      maxResponseSize: answerLimitBytes,
      connect: {
        timeout: options.connectMs,
        ...(base.protocol === 'https:' ? { secureContext: trustedContext() } : {}),
      },
    })
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
    const sentAt = this.#clock.now()
    try {
      const { statusCode, headers, body } = await this.#pool.request({
        method: request.method,
        path: `${this.#prefix}${request.path}`,
        headers: request.headers,
        body: request.body ?? null,
        signal,
      })
      this.#measureClock(headers['date'], sentAt)
      const text = await body.text()
      return {
        status: statusCode,
        contentType: String(headers['content-type'] ?? ''),
        setCookies: listOf(headers['set-cookie']),
        text,
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
    const told = typeof date === 'string' ? Date.parse(date) : Number.NaN
    if (Number.isNaN(told)) return
    this.#clockOffsetMs = Math.round(told + dateRoundingMs - (sentAt + now) / 2)
  }
}
