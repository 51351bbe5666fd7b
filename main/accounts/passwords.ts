import { randomBytes } from 'node:crypto'
import { childModulePath } from '../platform/child-process.ts'
import type { ChildProcess, StartChildProcess } from '../platform/child-process.ts'
import type { Service } from '../platform/lifecycle.ts'
import { AppError } from '../rpc/app-error.ts'

/** Parameters of Argon2id (RFC 9106); `memoryCost` is in KiB. */
export interface PasswordCost {
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
}

/** What every desk uses: 64 MiB, three passes, four lanes. */
const documentedCost: PasswordCost = { memoryCost: 65_536, timeCost: 3, parallelism: 4 }

/** What the desk asks of the password process, and what it is answered. */
export type PasswordJob =
  | { readonly id: number; readonly kind: 'hash'; readonly password: string; readonly cost: PasswordCost }
  | { readonly id: number; readonly kind: 'verify'; readonly password: string; readonly hash: string }
  | {
      readonly id: number
      readonly kind: 'judge'
      readonly password: string
      readonly ownWords: readonly string[]
    }
export type PasswordAnswer =
  | { readonly id: number; readonly hash: string }
  | { readonly id: number; readonly weakness: string | null }
  | { readonly id: number; readonly matches: boolean }
  | { readonly id: number; readonly error: string }

/** More people sign in at once than can be served soon. */
function tooManySignIns(): AppError {
  return new AppError('TOO_MANY_REQUESTS', {
    message: 'Many people are signing in right now. Try again in a few seconds.',
    params: { retryAfterSeconds: 5 },
  })
}

interface WaitingJob {
  readonly job: PasswordJob
  readonly signal: AbortSignal | undefined
  resolve(answer: PasswordAnswer): void
  reject(error: Error): void
  /** How often it may be given to another process, where the one that had it ends. */
  triesLeft: number
}

type JobWithoutId = PasswordJob extends infer Job ? (Job extends unknown ? Omit<Job, 'id'> : never) : never

const mostWaiting = 32
/** Processor time that no job needs: with more the process has lost its way. Another minute on a busy machine has not. */
const mostWorkMs = 30_000
const lookEveryMs = 30_000
/** Where a system does not say how long a process has worked, and where it does nothing at all. */
const longestJobMs = 10 * 60_000

/**
 * Makes and checks Argon2id hashes, and judges new passwords, in a low-priority process, one at a time (on the thread pool of the desk twenty
 * sign-ins would slow every other request). The process is started when first needed. If it ends, another one is started,
 * which also gets the job that the first had not answered: it may have ended before it took that.
 */
export class Passwords implements Service {
  readonly name = 'passwords'
  readonly #startChild: StartChildProcess
  readonly #cost: PasswordCost
  readonly #waiting: WaitingJob[] = []
  #child: ChildProcess | null = null
  #running: WaitingJob | null = null
  #watch: NodeJS.Timeout | undefined
  #lastId = 0
  #stopped = false

  constructor(startChild: StartChildProcess, cost: PasswordCost = documentedCost) {
    this.#startChild = startChild
    this.#cost = cost
  }

  /** Nothing to do yet: the process is started by the first sign-in. */
  start(): void {
    this.#stopped = false
  }

  stop(): void {
    this.#stopped = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error('The desk is stopping.'))
    this.#child?.kill()
  }

  /** Throws TOO_MANY_REQUESTS or PASSWORDS_UNAVAILABLE. A job whose `signal` is aborted before its turn is dropped. */
  async hash(password: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.#ask({ kind: 'hash', password, cost: this.#cost }, signal)
    if ('hash' in answer) return answer.hash
    throw new Error(`The password process could not make a hash: ${describe(answer)}.`)
  }

  /**
   * Tells whether `password` made `hash`. Without a hash (nobody has that name) it takes just as long, and says no.
   * Throws as `hash` does.
   */
  async verify(password: string, hash: string | null, signal?: AbortSignal): Promise<boolean> {
    const job = { kind: 'verify', password, hash: hash ?? this.#hashOfNobody() } as const
    const answer = await this.#ask(job, signal)
    if ('matches' in answer) return hash !== null && answer.matches
    throw new Error(`The password process could not check a password: ${describe(answer)}.`)
  }

  /**
   * Tells why a new password is too easy to guess, in a sentence, or null where it will do; `ownWords` are the person's
   * address and names. Its length (8 to 128) is checked by the contract. Throws as `hash` does.
   */
  async weaknessOf(
    password: string,
    ownWords: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | null> {
    const answer = await this.#ask({ kind: 'judge', password, ownWords }, signal)
    if ('weakness' in answer) return answer.weakness
    throw new Error(`The password process could not judge a password: ${describe(answer)}.`)
  }

  /** Whether a hash was made with other parameters than today's and should be made anew at the next sign-in. */
  isOutdated(hash: string): boolean {
    const parameters = /^\$argon2id\$v=19\$([^$]+)\$/.exec(hash)?.[1]?.split(',') ?? []
    const { memoryCost, timeCost, parallelism } = this.#cost
    const wanted = [`m=${memoryCost}`, `t=${timeCost}`, `p=${parallelism}`]
    return !wanted.every((parameter) => parameters.includes(parameter))
  }

  /** A well-formed hash that no password matches: as much work to check as a real one. */
  #hashOfNobody(): string {
    const { memoryCost, timeCost, parallelism } = this.#cost
    const [salt, digest] = [randomBytes(16), randomBytes(32)].map(withoutPadding)
    return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${salt}$${digest}`
  }

  #ask(job: JobWithoutId, signal: AbortSignal | undefined): Promise<PasswordAnswer> {
    if (this.#stopped) return Promise.reject(new Error('The desk is stopping.'))
    if (this.#waiting.length >= mostWaiting) return Promise.reject(tooManySignIns())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job: { ...job, id: ++this.#lastId }, signal, resolve, reject, triesLeft: 1 })
      this.#next()
    })
  }

  #next(): void {
    if (this.#running) return
    const next = this.#waiting.shift()
    if (!next) return
    if (next.signal?.aborted) {
      next.reject(new Error('The caller went away.'))
      this.#next()
      return
    }
    this.#running = next
    const child = this.#process()
    this.#watchOver(child, next)
    child.send(next.job)
  }

  /**
   * Ends a process that works on one job without end. It has a low priority, so on a busy machine a job may take long:
   * what counts is how long the process has worked.
   */
  #watchOver(child: ChildProcess, waiting: WaitingJob): void {
    const workedBefore = child.processorMs() ?? 0
    let lookedMs = 0
    this.#watch = setInterval(() => {
      lookedMs += lookEveryMs
      const workedMs = (child.processorMs() ?? 0) - workedBefore
      if (workedMs < mostWorkMs && lookedMs < longestJobMs) return
      waiting.triesLeft = 0
      child.kill()
    }, lookEveryMs)
  }

  #process(): ChildProcess {
    if (this.#child) return this.#child
    const child = this.#startChild(childModulePath('password-process', import.meta.url), {
      lowPriority: true,
    })
    child.onMessage((message) => {
      const answer = message as PasswordAnswer
      if (this.#running?.job.id === answer.id) this.#finish((job) => job.resolve(answer))
    })
    child.onExit(() => {
      this.#child = null
      this.#lost()
    })
    this.#child = child
    return child
  }

  /** The process ended. */
  #lost(): void {
    const running = this.#running
    if (!running || this.#stopped)
      return this.#finish((job) => job.reject(new Error('The desk is stopping.')))
    if (running.triesLeft === 0)
      return this.#finish((job) => job.reject(new AppError('PASSWORDS_UNAVAILABLE')))
    running.triesLeft -= 1
    this.#waiting.unshift(running)
    this.#finish(() => undefined)
  }

  #finish(settle: (job: WaitingJob) => void): void {
    clearInterval(this.#watch)
    const done = this.#running
    this.#running = null
    if (done) settle(done)
    this.#next()
  }
}

function describe(answer: PasswordAnswer): string {
  return 'error' in answer ? answer.error : 'it answered something else'
}

/** Base64 as the encoded form of Argon2 hashes has it. */
function withoutPadding(bytes: Buffer): string {
  return bytes.toString('base64').replace(/={1,2}$/, '')
}
