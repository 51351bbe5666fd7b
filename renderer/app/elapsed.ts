/** One moment by both clocks of this page or worker, milliseconds. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

/** Now. */
export function moment(): Moment {
  return { wall: Date.now(), monotonic: performance.now() }
}

/** Milliseconds since then, by the clock that says more: one may be set back, the other stops while the machine sleeps. */
export function sinceMs({ wall, monotonic }: Moment): number {
  return Math.max(Date.now() - wall, performance.now() - monotonic)
}
