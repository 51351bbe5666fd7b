import { AltaProblem } from './alta-problem.ts'
import { problemOfStatus } from './failures.ts'
import { textOf } from './http-exchange.ts'
import type { HttpAnswer, HttpExchange } from './http-exchange.ts'

const cookieName = 'auth'

export interface SessionOptions {
  readonly exchange: HttpExchange
  readonly login: string
  readonly password: string
  /** Most milliseconds one login takes. */
  readonly timeoutMs: number
  /** Ends a login on its way when the client stops. */
  readonly stopped: AbortSignal
}

/**
 * The cookie session of one Alta. All calls share one login; after a refusal nobody asks again until {@link allow},
 * so that a wrong password is not tried many times a minute.
 */
export class AltaSession {
  readonly #options: SessionOptions
  #cookie: string | null = null
  #pending: Promise<string> | null = null
  #refusal: AltaProblem | null = null

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** The cookie to send, logging in first where there is none. */
  async cookie(requestId: string): Promise<string> {
    if (this.#cookie !== null) return this.#cookie
    if (this.#refusal !== null) throw this.#refusal
    this.#pending ??= this.#logIn(requestId).finally(() => {
      this.#pending = null
    })
    return this.#pending
  }

  /** Alta answered 401 to this cookie. A newer one, which another call has fetched meanwhile, stays. */
  drop(cookie: string): void {
    if (this.#cookie === cookie) this.#cookie = null
  }

  /** Alta answered 401 to a cookie it had only just given. */
  giveUp(cookie: string): AltaProblem {
    this.drop(cookie)
    const detail = 'Alta takes the login but refuses the session it gave'
    this.#refusal = new AltaProblem('ALTA_ERROR', { detail, status: 401 })
    return this.#refusal
  }

  allow(): void {
    this.#refusal = null
  }

  /** Forgets the session and gives back its cookie, if there was one. */
  forget(): string | null {
    const cookie = this.#cookie
    this.#cookie = null
    return cookie
  }

  async #logIn(requestId: string): Promise<string> {
    const { exchange, login, password, timeoutMs, stopped } = this.#options
    const timeout = AbortSignal.timeout(timeoutMs)
    const mark = exchange.mark()
    try {
      const answer = await exchange.send(
        {
          method: 'POST',
          path: '/api/login',
          headers: {
            accept: 'application/json',
            'content-type': 'application/json',
            'x-request-id': requestId,
          },
          body: JSON.stringify({ login, password, remember: false }),
        },
        AbortSignal.any([timeout, stopped]),
      )
      this.#cookie = cookieOf(answer)
      return this.#cookie
    } catch (error) {
      if (error instanceof AltaProblem && error.code === 'ALTA_WRONG_PASSWORD') this.#refusal = error
      if (!timeout.aborted || stopped.aborted) throw error
      const code = exchange.wasReachedSince(mark) ? 'ALTA_SLOW' : 'ALTA_UNREACHABLE'
      throw new AltaProblem(code, { detail: `no answer to the login in ${timeoutMs} ms`, retryable: true })
    }
  }
}

function cookieOf(answer: HttpAnswer): string {
  const { status } = answer
  if (status === 401 || status === 403) throw new AltaProblem('ALTA_WRONG_PASSWORD', { status })
  if (status < 200 || status > 299) throw problemOfStatus(status, textOf(answer))
  const pair = answer.setCookies
    .map((header) => header.split(';', 1)[0]?.trim() ?? '')
    .find((text) => text.startsWith(`${cookieName}=`) && text.length > cookieName.length + 1)
  if (pair === undefined) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the login gave no session', status })
  }
  return pair
}
