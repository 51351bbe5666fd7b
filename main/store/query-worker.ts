import Database from 'better-sqlite3'
import type { ChildProcess, StartChildProcess } from '../platform/child-process.ts'
import { childModulePath } from '../platform/child-process.ts'
import { asStoreError, QueryTimeoutError, StoreUnavailableError } from './store-errors.ts'

type SqlParameters = readonly (string | number | null)[]

export type QueryWorkerMessage =
  | { readonly kind: 'open'; readonly path: string; readonly busyTimeoutMs: number }
  | { readonly kind: 'read'; readonly id: number; readonly sql: string; readonly parameters: SqlParameters }

export interface QueryWorkerAnswer {
  readonly id: number
  readonly rows?: readonly unknown[]
  readonly failure?: { readonly message: string; readonly code: string | null }
}

export interface QueryWorkerOptions {
  readonly path: string
  readonly connectTimeoutMs: number
  readonly queryTimeoutMs: number
  readonly startChildProcess: StartChildProcess
}

interface Question {
  readonly id: number
  readonly sql: string
  readonly parameters: SqlParameters
  readonly resolve: (rows: readonly unknown[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Asks the query worker, a process of its own, one question after the other. The process is started with the first question, killed when
 * one takes too long, and started again for the next: the others in the queue do not notice.
 */
export class QueryWorker {
  readonly #options: QueryWorkerOptions
  readonly #waiting: Question[] = []
  #current: { question: Question; timer: NodeJS.Timeout } | null = null
  #process: ChildProcess | null = null
  #lastId = 0
  #closed = false

  constructor(options: QueryWorkerOptions) {
    this.#options = options
  }

  /** Rejects with `QueryTimeoutError`, `StoreUnavailableError`, or an `SqliteError` where the SQL is wrong. */
  read(sql: string, parameters: SqlParameters): Promise<readonly unknown[]> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('closed'))
    return new Promise((resolve, reject) => {
      this.#lastId += 1
      this.#waiting.push({ id: this.#lastId, sql, parameters, resolve, reject })
      this.#askNext()
    })
  }

  /** Ends the process; questions still open are rejected. */
  close(): void {
    this.#closed = true
    const unanswered = [...(this.#current ? [this.#current.question] : []), ...this.#waiting.splice(0)]
    this.#endCurrent()
    this.#process?.kill()
    this.#process = null
    for (const question of unanswered) question.reject(new StoreUnavailableError('closed'))
  }

  #askNext(): void {
    if (this.#current || this.#closed) return
    const question = this.#waiting.shift()
    if (!question) return
    const process = (this.#process ??= this.#start())
    const timer = setTimeout(() => this.#giveUp(question), this.#options.queryTimeoutMs)
    this.#current = { question, timer }
    const { id, sql, parameters } = question
    process.send({ kind: 'read', id, sql, parameters } satisfies QueryWorkerMessage)
  }

  #start(): ChildProcess {
    const { path, connectTimeoutMs, startChildProcess } = this.#options
    const process = startChildProcess(childModulePath('query-worker-process', import.meta.url), {
      lowPriority: true,
    })
    process.onMessage((message) => this.#answered(message as QueryWorkerAnswer))
    process.onExit(() => this.#lost(process))
    process.send({ kind: 'open', path, busyTimeoutMs: connectTimeoutMs } satisfies QueryWorkerMessage)
    return process
  }

  #answered(answer: QueryWorkerAnswer): void {
    const question = this.#current?.question
    // An answer that was on its way when its question was given up.
    if (question?.id !== answer.id) return
    this.#endCurrent()
    if (answer.failure) question.reject(failureOf(answer.failure))
    else question.resolve(answer.rows ?? [])
    this.#askNext()
  }

  #giveUp(question: Question): void {
    const process = this.#process
    this.#process = null
    this.#endCurrent()
    process?.kill()
    question.reject(new QueryTimeoutError(this.#options.queryTimeoutMs))
    this.#askNext()
  }

  /** The process ended by itself, or something outside killed it. */
  #lost(process: ChildProcess): void {
    if (this.#process !== process) return
    this.#process = null
    const question = this.#current?.question
    this.#endCurrent()
    question?.reject(new StoreUnavailableError('io', new Error('The query worker ended unexpectedly.')))
    this.#askNext()
  }

  #endCurrent(): void {
    if (this.#current) clearTimeout(this.#current.timer)
    this.#current = null
  }
}

function failureOf(failure: { message: string; code: string | null }): unknown {
  if (failure.code === null) return new Error(failure.message)
  return asStoreError(new Database.SqliteError(failure.message, failure.code))
}
