/** Lets one piece of asynchronous work run at a time, in the order in which they came. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve()

  /** Runs `work` once everything before it has ended, however it ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work)
    // The caller gets the failure through `result`; the next in line only waits for the end.
    this.#tail = result.catch(() => undefined)
    return result
  }
}
