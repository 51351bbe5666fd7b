import type { AreaLogger } from './logging.ts'
import type { PartsHealth } from './service-health.ts'

/**
 * Whoever owns a socket, timer, file or process. `start` may be called once; `stop` may be called after a failed or
 * missing start, and never throws for that.
 */
export interface Service {
  readonly name: string
  /** `signal` is aborted when the desk gives up starting or begins to stop. */
  start(signal: AbortSignal): Promise<void> | void
  stop(): Promise<void> | void
}

const stopLimitMs = 5_000

/** Starts parts in the order given and stops them in reverse. */
export class ServiceRunner {
  readonly #logger: AreaLogger
  readonly #stopLimitMs: number
  readonly #abort = new AbortController()
  readonly #begun: Service[] = []
  #stopping: Promise<void> | null = null

  /** No part may hold up the stop of the desk for longer than `limitMs`. */
  constructor(logger: AreaLogger, limitMs = stopLimitMs) {
    this.#logger = logger
    this.#stopLimitMs = limitMs
  }

  /** Throws what the first part that fails throws; the parts before it are stopped by then. */
  async start(parts: readonly Service[]): Promise<void> {
    try {
      for (const part of parts) {
        this.#abort.signal.throwIfAborted()
        this.#begun.push(part)
        await part.start(this.#abort.signal)
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Never throws; a part that fails to stop, or takes too long, is logged and left behind. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopAll())
  }

  async #stopAll(): Promise<void> {
    this.#abort.abort(new Error('The desk is stopping.'))
    for (const part of this.#begun.toReversed()) {
      try {
        if (!(await endsWithin(this.#stopLimitMs, part)))
          this.#logger.warn('a part took too long to stop and was left behind', { part: part.name })
      } catch (error) {
        this.#logger.error('a part failed to stop', { part: part.name, error })
      }
    }
  }
}

async function endsWithin(limitMs: number, part: Service): Promise<boolean> {
  const { promise: late, resolve: giveUp } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => giveUp(false), limitMs)
  try {
    return await Promise.race([Promise.resolve(part.stop()).then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

export interface WorkerOptions {
  readonly name: string
  /** The work itself, until `signal` is aborted. Throwing, or ending before, counts as a failure. */
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly health: PartsHealth
  readonly logger: AreaLogger
}

const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** A worker that lived so long since its restart counts as recovered. */
const steadyAfterMs = 10_000

/**
 * A background job as a part: when it throws it is shown as degraded and started again with a growing pause, and takes
 * nobody with it.
 */
export function supervised(options: WorkerOptions): Service {
  const abort = new AbortController()
  let ended: Promise<void> = Promise.resolve()
  return {
    name: options.name,
    start: (signal) => {
      ended = keepRunning(options, AbortSignal.any([signal, abort.signal]))
    },
    stop: () => {
      abort.abort(new Error('The desk is stopping.'))
      return ended
    },
  }
}

async function keepRunning({ name, run, health, logger }: WorkerOptions, signal: AbortSignal): Promise<void> {
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    const steady = setTimeout(() => {
      pauseMs = firstPauseMs
      health.recover(name)
    }, steadyAfterMs)
    try {
      await run(signal)
      if (!signal.aborted) throw new Error('The worker ended although nobody stopped it.')
    } catch (error) {
      if (signal.aborted) return
      logger.error('a worker failed and is started again', { worker: name, pauseMs, error })
      health.degrade(name, 'It failed and is started again; the log says why.')
    } finally {
      clearTimeout(steady)
    }
    await pause(pauseMs * (0.75 + Math.random() / 2), signal)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

/** Waits, or returns early when `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const wake = (): void => resolve()
  signal.addEventListener('abort', wake, { once: true })
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', wake)
}
