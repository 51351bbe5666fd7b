import {
  BrokenCircuitError,
  BulkheadRejectedError,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  TaskCancelledError,
  TimeoutStrategy,
  bulkhead,
  circuitBreaker,
  handleWhen,
  retry,
  timeout,
  wrap,
} from 'cockatiel'
import type { CircuitBreakerPolicy } from 'cockatiel'
import { AltaProblem } from './alta-problem.ts'
import { AltaSession } from './alta-session.ts'
import type {
  AltaClient,
  AltaClientOptions,
  AltaConfig,
  AltaHealth,
  AltaStatus,
  AltaTimeouts,
  CallContext,
  CallOutcome,
  ConfigObject,
  ObjectKind,
} from './alta-types.ts'
import { doneOrAbsent, objectPath, objectPaths, requireOk, requireWritten } from './api-objects.ts'
import { statusPath } from './assumptions.ts'
import { parseObject } from './config-schema.ts'
import { isRetryable, isServerFailure } from './failures.ts'
import { HttpExchange, largeAnswerBytes } from './http-exchange.ts'
import type { HttpAnswer, HttpRequest } from './http-exchange.ts'

const defaultTimeouts: AltaTimeouts = { connectMs: 2000, attemptMs: 4000, overallMs: 10_000 }
const defaultRetries = 2
const firstRetryMs = 100
const longestRetryMs = 2000
/** A desk asks one Alta about once a second: only failures in a row say something, a ratio never would. */
const failuresUntilOpen = 5
/** Below the time between two health rounds, so that each round may try the server again. */
const openMs = 2000
const concurrentCalls = 6
const queuedCalls = 64

const breakerStates: Readonly<Record<CircuitState, AltaHealth['breaker']>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
}

/** A request of the API, without what every request carries. */
type ApiRequest = Pick<HttpRequest, 'method' | 'path' | 'body' | 'limitBytes'>

/** Talks to one Alta: its own sockets, breaker and limits, so that a dead server costs the others nothing. */
export function createAltaClient(options: AltaClientOptions): AltaClient {
  return new ResilientAltaClient(options)
}

class ResilientAltaClient implements AltaClient {
  readonly serverId: string
  readonly baseUrl: string
  readonly #options: AltaClientOptions
  readonly #timeouts: AltaTimeouts
  readonly #exchange: HttpExchange
  readonly #session: AltaSession
  readonly #bulkhead = bulkhead(concurrentCalls, queuedCalls)
  readonly #breaker: CircuitBreakerPolicy
  readonly #stopped = new AbortController()
  #lastProblem: AltaProblem | null = null

  constructor(options: AltaClientOptions) {
    this.serverId = options.serverId
    this.baseUrl = options.baseUrl
    this.#options = options
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts }
    const { connectMs, attemptMs } = this.#timeouts
    const { baseUrl, clock, login, password } = options
    this.#exchange = new HttpExchange({ baseUrl, connections: concurrentCalls, connectMs, clock })
    this.#session = new AltaSession({
      exchange: this.#exchange,
      login,
      password,
      timeoutMs: attemptMs,
      stopped: this.#stopped.signal,
    })
    this.#breaker = circuitBreaker(handleWhen(isServerFailure), {
      halfOpenAfter: openMs,
      breaker: new ConsecutiveBreaker(failuresUntilOpen),
    })
    this.#breaker.onBreak(() => this.#logBreak())
    this.#breaker.onReset(() => options.logger.info('Alta answers again', { serverId: this.serverId }))
  }

  config(call: CallContext): Promise<AltaConfig> {
    const request: ApiRequest = { method: 'GET', path: '/api/config', limitBytes: largeAnswerBytes }
    return this.#ask(call, request, (answer) => this.#options.answers.read('config', requireOk(answer)))
  }

  status(call: CallContext): Promise<AltaStatus | null> {
    const request: ApiRequest = { method: 'GET', path: statusPath, limitBytes: largeAnswerBytes }
    return this.#ask(call, request, (answer) =>
      answer.status === 404 ? null : this.#options.answers.read('status', requireOk(answer)),
    )
  }

  readObject(call: CallContext, kind: ObjectKind, id: string): Promise<ConfigObject | null> {
    return this.#ask(call, { method: 'GET', path: objectPath(kind, id) }, (answer) =>
      answer.status === 404 ? null : parseObject(requireOk(answer)),
    )
  }

  createObject(
    call: CallContext,
    kind: ObjectKind,
    id: string,
    object: ConfigObject,
  ): Promise<'created' | 'exists'> {
    const body = JSON.stringify({ ...object, id })
    return this.#ask(call, { method: 'POST', path: objectPaths[kind], body }, (answer) => {
      if (answer.status === 409) return 'exists'
      requireWritten(answer)
      return 'created'
    })
  }

  replaceObject(
    call: CallContext,
    kind: ObjectKind,
    id: string,
    object: ConfigObject,
  ): Promise<'replaced' | 'absent'> {
    const body = JSON.stringify(object)
    return this.#ask(call, { method: 'PUT', path: objectPath(kind, id), body }, (answer) =>
      doneOrAbsent(answer, 'replaced'),
    )
  }

  deleteObject(call: CallContext, kind: ObjectKind, id: string): Promise<'deleted' | 'absent'> {
    return this.#ask(call, { method: 'DELETE', path: objectPath(kind, id) }, (answer) =>
      doneOrAbsent(answer, 'deleted'),
    )
  }

  startChannel(call: CallContext, id: string): Promise<'done' | 'absent'> {
    return this.#switchChannel(call, 'start', id)
  }

  stopChannel(call: CallContext, id: string): Promise<'done' | 'absent'> {
    return this.#switchChannel(call, 'stop', id)
  }

  async login(call: CallContext): Promise<void> {
    await this.#perform(call, 'POST /api/login', () => this.#session.cookie(call.requestId))
  }

  async logout(call: CallContext): Promise<void> {
    const cookie = this.#session.forget()
    if (cookie === null) return
    const request: ApiRequest = { method: 'POST', path: '/api/logout' }
    await this.#perform(call, 'POST /api/logout', (signal) => this.#send(call, request, cookie, signal))
  }

  allowLogin(): void {
    this.#session.allow()
  }

  health(): AltaHealth {
    return {
      breaker: breakerStates[this.#breaker.state],
      clockOffsetMs: this.#exchange.clockOffsetMs,
      lastAnswerAt: this.#exchange.lastAnswerAt,
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#exchange.stop()
  }

  #switchChannel(call: CallContext, action: 'start' | 'stop', id: string): Promise<'done' | 'absent'> {
    const path = `${objectPaths.channels}/${action}?id=${encodeURIComponent(id)}`
    return this.#ask(call, { method: 'POST', path }, (answer) => doneOrAbsent(answer, 'done'))
  }

  /** One call of the API with a session; `read` runs inside the policy, so that garbage counts against the server. */
  #ask<T>(call: CallContext, request: ApiRequest, read: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const operation = `${request.method} ${request.path.split('?')[0]}`
    return this.#perform(call, operation, async (signal) => {
      const cookie = await this.#session.cookie(call.requestId)
      const first = await this.#send(call, request, cookie, signal)
      if (first.status !== 401) return read(first)
      this.#session.drop(cookie)
      const fresh = await this.#session.cookie(call.requestId)
      const second = await this.#send(call, request, fresh, signal)
      if (second.status === 401) throw this.#session.giveUp(fresh)
      return read(second)
    })
  }

  #send(call: CallContext, request: ApiRequest, cookie: string, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = {
      accept: 'application/json',
      // Sent on http too, whatever its `Secure` says: Alta sets that always.
      cookie,
      'x-request-id': call.requestId,
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    return this.#exchange.send({ ...request, headers }, signal)
  }

  /** Runs `work` under the server's policy: a limit for the whole call, a place, retries, the breaker, a limit for each try. */
  async #perform<T>(
    call: CallContext,
    operation: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const startedAt = this.#options.clock.monotonicMs()
    const ended = AbortSignal.any([this.#stopped.signal, ...(call.signal ? [call.signal] : [])])
    const overallMs = Math.min(call.timeoutMs ?? this.#timeouts.overallMs, this.#timeouts.overallMs)
    const policy = wrap(
      timeout(overallMs, TimeoutStrategy.Aggressive),
      this.#bulkhead,
      retry(handleWhen(isRetryable), {
        maxAttempts: call.retries ?? defaultRetries,
        backoff: new ExponentialBackoff({ initialDelay: firstRetryMs, maxDelay: longestRetryMs }),
      }),
      this.#breaker,
    )
    const mark = this.#exchange.mark()
    let outcome: CallOutcome['outcome'] = 'ok'
    try {
      ended.throwIfAborted()
      return await policy.execute(({ signal }) => this.#attempt(work, signal), ended)
    } catch (error) {
      outcome = ended.aborted ? 'aborted' : 'ALTA_ERROR'
      ended.throwIfAborted()
      const problem = this.#problemOf(error, overallMs, mark)
      if (problem instanceof AltaProblem) outcome = problem.code
      throw problem
    } finally {
      const durationMs = this.#options.clock.monotonicMs() - startedAt
      const { logger, onCall } = this.#options
      logger.debug('asked Alta', {
        serverId: this.serverId,
        requestId: call.requestId,
        operation,
        outcome,
        durationMs,
      })
      onCall?.({ serverId: this.serverId, operation, outcome, durationMs })
    }
  }

  async #attempt<T>(work: (signal: AbortSignal) => Promise<T>, outer: AbortSignal): Promise<T> {
    const { attemptMs } = this.#timeouts
    const mark = this.#exchange.mark()
    try {
      return await timeout(attemptMs, TimeoutStrategy.Aggressive).execute(({ signal }) => work(signal), outer)
    } catch (error) {
      if (outer.aborted) throw error
      const problem = error instanceof TaskCancelledError ? this.#tookTooLong(attemptMs, mark) : error
      if (problem instanceof AltaProblem) this.#lastProblem = problem
      throw problem
    }
  }

  #tookTooLong(limitMs: number, mark: number): AltaProblem {
    const detail = `no whole answer in ${limitMs} ms`
    const code = this.#exchange.wasReachedSince(mark) ? 'ALTA_SLOW' : 'ALTA_UNREACHABLE'
    return new AltaProblem(code, { detail, retryable: true })
  }

  #problemOf(error: unknown, overallMs: number, mark: number): unknown {
    if (error instanceof TaskCancelledError) return this.#tookTooLong(overallMs, mark)
    if (error instanceof BulkheadRejectedError) {
      return new AltaProblem('ALTA_SLOW', { detail: 'too many calls wait for this server', retryable: true })
    }
    if (!(error instanceof BrokenCircuitError)) return error
    const { code, detail, status } = this.#lastProblem ?? new AltaProblem('ALTA_UNREACHABLE')
    return new AltaProblem(code, {
      detail,
      retryable: true,
      ...(status === null ? {} : { status }),
      cause: error,
    })
  }

  #logBreak(): void {
    const { logger } = this.#options
    const { code, detail } = this.#lastProblem ?? { code: 'ALTA_UNREACHABLE', detail: '' }
    logger.warn('Alta fails: asking it rarely until it answers', { serverId: this.serverId, code, detail })
  }
}
