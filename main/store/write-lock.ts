/** Lets one write at a time have the writing connection, in the order in which they asked. */
export class WriteLock {
  #last: Promise<void> = Promise.resolve()

  /** Resolves when it is this caller's turn, with the function that ends it. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}
