/** What decides how a desktop ends: the desk is drained once, and never for longer than `capMs`. */
export interface QuitOptions {
  readonly stop: () => Promise<void>
  readonly capMs: number
  readonly onFailure: (error: unknown) => void
  /** Ends the process; called exactly once. */
  readonly exit: () => void
}

/** The two ways in which a desktop ends. */
export interface Quit {
  /** The handler for Electron's `will-quit`: it holds the quit back until the desk has stopped. */
  readonly onWillQuit: (event: { preventDefault(): void }) => void
  /** Ends it where nobody asks first: the session of the operating system is over. */
  readonly now: () => void
}

/** Stops the desk once, however often and in whichever way it is asked to, and then exits. */
export function quitOnce(options: QuitOptions): Quit {
  let quitting = false
  const now = (): void => {
    if (quitting) return
    quitting = true
    let timer: NodeJS.Timeout | undefined
    const cap = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`The desk did not stop within ${options.capMs} ms.`)),
        options.capMs,
      )
    })
    void Promise.race([options.stop(), cap])
      .catch(options.onFailure)
      .finally(() => {
        clearTimeout(timer)
        options.exit()
      })
  }
  return {
    onWillQuit: (event) => {
      event.preventDefault()
      now()
    },
    now,
  }
}
