/**
 * Whoever owns a socket, timer, file or process. `start` may be called once; `stop` may be called after a failed or
 * missing start, and never throws for that.
 */
export interface Part {
  readonly name: string
  /** `signal` is aborted when the desk gives up starting or begins to stop. */
  start(signal: AbortSignal): Promise<void> | void
  stop(): Promise<void> | void
}
