import { samePixels } from './picture-witness.ts'

/** So many readings in a row must differ from the one before: a repeated picture gives the same pixels each time. */
const CHANGES = 3
/** At every look of the wall. */
const READ_EVERY_MS = 900

/**
 * Tells a picture that moves from one that is repeated, by strips of its pixels alone. It is asked only where the server's last
 * report was that the source had stopped: what moves then has come back since.
 */
export class MovementWitness {
  private strips: Uint8Array | null = null
  private readAt = -Infinity
  private changes = 0

  rest(): void {
    this.strips = null
    this.readAt = -Infinity
    this.changes = 0
  }

  /** True once the picture has moved for some seconds; `now` in monotonic milliseconds. */
  async look(now: number, readStrips: () => Promise<Uint8Array | null>): Promise<boolean> {
    if (now - this.readAt < READ_EVERY_MS) return false
    this.readAt = now
    const strips = await readStrips()
    const before = this.strips
    this.strips = strips
    const changed = strips !== null && before !== null && !samePixels(strips, before)
    this.changes = changed ? this.changes + 1 : 0
    return this.changes >= CHANGES
  }
}
