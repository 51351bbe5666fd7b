import { Worker } from 'node:worker_threads'
import { childModulePath } from '../platform/child-process.ts'
import { AltaProblem } from './alta-problem.ts'
import type { AltaConfig, AltaStatus } from './alta-types.ts'
import { parseConfig, parseStatus } from './config-schema.ts'
import type { HttpAnswer } from './http-exchange.ts'

/** Answers of these kinds grow with the number of cameras. */
interface LargeKinds {
  readonly config: AltaConfig
  readonly status: AltaStatus
}
export type LargeKind = keyof LargeKinds

/** To the thread; `body` is moved, not copied. */
export interface LargeQuestion {
  readonly id: number
  readonly kind: LargeKind
  readonly answer: HttpAnswer
}
/** From the thread: what was read as JSON, without what the desk does not know; or what is wrong with it. */
export type LargeReading =
  | { readonly id: number; readonly json: string }
  | { readonly id: number; readonly problem: Pick<AltaProblem, 'code' | 'detail'> }
  | { readonly id: number; readonly mistake: string }

/** Shorter answers are read at once: a few milliseconds even where they are made to be slow. */
const shortBytes = 16 * 1024
/** A thread that needs more has been given something that is no configuration. */
const threadMemoryMb = 512

type Waiting = (reading: LargeReading | Error) => void

/**
 * Reads configurations and statuses of Alta in a thread of its own, so that no answer keeps the desk from answering
 * others. The thread is started with the first large answer.
 */
export class LargeAnswers {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #lastId = 0

  /** Rejects with AltaProblem where it is no such answer. */
  async read<Kind extends LargeKind>(kind: Kind, answer: HttpAnswer): Promise<LargeKinds[Kind]> {
    if (answer.body.length <= shortBytes) {
      const parse: { readonly [K in LargeKind]: (answer: HttpAnswer) => LargeKinds[K] } = {
        config: parseConfig,
        status: parseStatus,
      }
      return parse[kind](answer)
    }
    const reading = await this.#ask(kind, answer)
    if ('problem' in reading) throw new AltaProblem(reading.problem.code, { detail: reading.problem.detail })
    if ('mistake' in reading) throw new Error(`An answer of Alta could not be read: ${reading.mistake}`)
    return JSON.parse(reading.json) as LargeKinds[Kind]
  }

  /** Ends the thread; what is being read rejects. */
  async stop(): Promise<void> {
    await this.#worker?.terminate()
  }

  #ask(kind: LargeKind, answer: HttpAnswer): Promise<LargeReading> {
    const { promise, resolve, reject } = Promise.withResolvers<LargeReading>()
    this.#lastId += 1
    const question: LargeQuestion = { id: this.#lastId, kind, answer }
    this.#waiting.set(question.id, (reading) =>
      reading instanceof Error ? reject(reading) : resolve(reading),
    )
    this.#thread().postMessage(question, [answer.body.buffer])
    return promise
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(childModulePath('large-answers-thread', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: threadMemoryMb },
    })
    worker.on('message', (reading: LargeReading) => {
      const give = this.#waiting.get(reading.id)
      this.#waiting.delete(reading.id)
      give?.(reading)
    })
    // Its end is told by `exit`; without a listener an error in it would end the desk.
    worker.on('error', () => undefined)
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null
      const given = [...this.#waiting.values()]
      this.#waiting.clear()
      const problem = new AltaProblem('ALTA_HUGE_ANSWER', { detail: 'the answer could not be read' })
      for (const give of given) give(problem)
    })
    // A thread that waits does not keep a stopped desk alive.
    worker.unref()
    this.#worker = worker
    return worker
  }
}
