/** What a browser hands out while it keeps the screen on (Screen Wake Lock API). */
interface Sentinel {
  addEventListener(type: 'release', listener: () => void): void
  release(): Promise<void>
}

/** `navigator.wakeLock`, which plain HTTP pages do not have. */
export interface WakeLocks {
  request(type: 'screen'): Promise<Sentinel>
}

/** The part of `document` that says whether the page is visible. */
export interface VisiblePage {
  readonly visibilityState: string
  addEventListener(type: 'visibilitychange', listener: () => void): void
}

/**
 * Keeps the screen on while that is wanted. Browsers drop the lock whenever the page is hidden, so it is asked for again
 * when the page is back. Without the API (plain HTTP) nothing happens.
 */
export class ScreenWakeLock {
  readonly #locks: WakeLocks | undefined
  readonly #page: VisiblePage
  #isWanted = false
  #isAsking = false
  #sentinel: Sentinel | null = null

  constructor(locks: WakeLocks | undefined, page: VisiblePage) {
    this.#locks = locks
    this.#page = page
    page.addEventListener('visibilitychange', () => void this.#review())
  }

  want(isWanted: boolean): void {
    this.#isWanted = isWanted
    void this.#review()
  }

  async #review(): Promise<void> {
    if (!this.#isWanted) {
      const held = this.#sentinel
      this.#sentinel = null
      // One that the browser has dropped already is released all the same.
      return held?.release().catch(() => undefined)
    }
    if (!this.#locks || this.#sentinel || this.#isAsking || this.#page.visibilityState !== 'visible') return
    this.#isAsking = true
    try {
      const sentinel = await this.#locks.request('screen')
      this.#sentinel = sentinel
      sentinel.addEventListener('release', () => {
        if (this.#sentinel === sentinel) this.#sentinel = null
      })
    } catch (_refused) {
      // By a policy, or to save the battery: asked again when the page is next shown.
    } finally {
      this.#isAsking = false
    }
    // It may have become unwanted while the browser was asked.
    if (!this.#isWanted) await this.#review()
  }
}
