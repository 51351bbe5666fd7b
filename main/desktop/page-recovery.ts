import type { AreaLogger } from '../platform/logging.ts'
import { ReloadBackoff } from './reload-backoff.ts'

/** Chromium's net::ERR_ABORTED: another navigation took the place of this one, so nothing failed. */
const navigationReplaced = -3
/** Chromium waits 30 s before it calls a page unresponsive; one that stays so for this long as well is ended. */
const unresponsiveLimitMs = 15_000

/** What can be done to a page that does not work. */
export interface RecoverablePage {
  /** Loads it again, at the address where it was. */
  readonly load: () => void
  /** Ends its process, which is then told as a crash. */
  readonly end: () => void
}

/** Brings the page of one window back, later each time, after a crash, a failed load and a hang. Never gives up. */
export class PageRecovery {
  readonly #name: string
  readonly #page: RecoverablePage
  readonly #log: AreaLogger
  readonly #backoff: ReloadBackoff
  #loading: NodeJS.Timeout | undefined
  #hanging: NodeJS.Timeout | undefined

  constructor(name: string, page: RecoverablePage, log: AreaLogger, monotonicMs: () => number) {
    this.#name = name
    this.#page = page
    this.#log = log
    this.#backoff = new ReloadBackoff(monotonicMs)
  }

  /** The process of the page ended, for `reason` as Electron names it. */
  crashed(reason: string, exitCode: number): void {
    clearTimeout(this.#hanging)
    if (reason !== 'clean-exit') this.#loadLater('A page ended unexpectedly', { reason, exitCode })
  }

  /** The page could not be loaded. */
  loadFailed(code: number, description: string, isMainFrame: boolean): void {
    if (isMainFrame && code !== navigationReplaced) {
      this.#loadLater('A page did not load', { code, description })
    }
  }

  unresponsive(): void {
    this.#log.warn('A page does not respond', { name: this.#name })
    clearTimeout(this.#hanging)
    this.#hanging = setTimeout(() => {
      this.#log.error('A page did not respond and is ended', { name: this.#name })
      this.#page.end()
    }, unresponsiveLimitMs)
  }

  responsive(): void {
    clearTimeout(this.#hanging)
  }

  /** The window is gone. */
  stop(): void {
    clearTimeout(this.#loading)
    clearTimeout(this.#hanging)
  }

  #loadLater(message: string, fields: Readonly<Record<string, string | number>>): void {
    const delayMs = this.#backoff.crashed()
    this.#log.error(`${message}; it is loaded again`, { name: this.#name, ...fields, delayMs })
    clearTimeout(this.#loading)
    this.#loading = setTimeout(this.#page.load, delayMs)
  }
}
