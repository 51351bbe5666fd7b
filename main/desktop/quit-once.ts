/** What decides how a desktop ends: the desk is drained once, and never for longer than `capMs`. */
export interface QuitOptions {
  readonly stop: () => Promise<void>
  readonly capMs: number
  readonly onFailure: (error: unknown) => void
  /** Ends the process; called exactly once. */
  readonly exit: () => void
}

/**
 * Returns the handler for Electron's `will-quit`. The first time it holds the quit back, stops the desk and then exits;
 * while that lasts, further attempts wait with it.
 */
export function quitOnce(options: QuitOptions): (event: { preventDefault(): void }) => void {
  let quitting = false
  return (event) => {
    event.preventDefault()
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
}
