import type { CallingWindow } from '../rpc/request-context.ts'

/** Electron's powerSaveBlocker, for one purpose. */
export interface DisplaySleepBlocker {
  /** Keeps the display awake until `stop` is called with what this returned. */
  start(): number
  stop(id: number): void
}

/**
 * Which windows show a wall, and which of them anybody can see. The display stays awake while one of those is the same
 * window; each window is told whether it is seen, for its page cannot know (`backgroundThrottling` is off).
 */
export class ShownWalls {
  readonly #blocker: DisplaySleepBlocker
  readonly #windows = new Set<WallWindow>()
  #blocking: number | null = null

  constructor(blocker: DisplaySleepBlocker) {
    this.#blocker = blocker
  }

  /** A window that was opened; call its `close` when it is gone. */
  open(): WallWindow {
    const window: WallWindow = new WallWindow(() => this.#review())
    this.#windows.add(window)
    return window
  }

  #review(): void {
    for (const window of this.#windows) if (window.isClosed) this.#windows.delete(window)
    const isAwake = [...this.#windows].some((window) => window.isSeen && window.showsAnyWall)
    if (isAwake) this.#blocking ??= this.#blocker.start()
    else if (this.#blocking !== null) {
      this.#blocker.stop(this.#blocking)
      this.#blocking = null
    }
  }
}

/** One window and the walls of its page. */
export class WallWindow implements CallingWindow {
  readonly #changed: () => void
  readonly #walls = new Set<symbol>()
  readonly #listeners = new Set<(seen: boolean) => void>()
  #isSeen = true
  #isClosed = false

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get isSeen(): boolean {
    return this.#isSeen
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get showsAnyWall(): boolean {
    return this.#walls.size > 0
  }

  /** The window was minimised, hidden, or brought back. */
  setSeen(seen: boolean): void {
    if (seen === this.#isSeen) return
    this.#isSeen = seen
    this.#changed()
    for (const listener of [...this.#listeners]) listener(seen)
  }

  onSeen(listener: (seen: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  showsWall(): () => void {
    const wall = Symbol('wall')
    this.#walls.add(wall)
    this.#changed()
    return () => {
      if (this.#walls.delete(wall)) this.#changed()
    }
  }

  /** Its page is gone, by a crash or by a reload: what it showed is not shown any more. */
  pageGone(): void {
    this.#walls.clear()
    this.#changed()
  }

  close(): void {
    this.#isClosed = true
    this.pageGone()
  }
}

/**
 * Whether anybody can see a window. On macOS `isVisible` is false, and `hide` is emitted, also for a window that is merely
 * covered, whose wall has to go on watching: there the application itself is asked. (A window of ours is never hidden
 * by itself: closing it ends it.)
 */
export function isWindowSeen(
  window: { isMinimized(): boolean; isVisible(): boolean },
  application: { isHidden(): boolean },
  platform: NodeJS.Platform,
): boolean {
  if (window.isMinimized()) return false
  return platform === 'darwin' ? !application.isHidden() : window.isVisible()
}
