import type { Metrics } from '../platform/metrics.ts'

/** How many event streams one person may have open over the network. */
const mostPerPerson = 8

/** An event stream that was let in. */
export interface OpenStream {
  readonly userId: string
  /** True once a newer stream of the same person took its place: it must end. */
  replaced: boolean
}

/**
 * The event streams that are open over the network. Each holds a connection for hours, so a person has at most 8 (a
 * ninth replaces the oldest) and all people together at most `mostInAll`.
 */
export class OpenStreams {
  readonly #mostInAll: number
  readonly #count: ReturnType<Metrics['gauge']>
  /** In the order in which they were opened. */
  readonly #open = new Set<OpenStream>()

  constructor(mostInAll: number, metrics: Metrics) {
    this.#mostInAll = mostInAll
    this.#count = metrics.gauge({ name: 'event_streams', help: 'Event streams open over the network.' })
  }

  /** Lets a stream of this person in; null when there is no room for it. */
  admit(userId: string): OpenStream | null {
    const own = [...this.#open].filter((stream) => stream.userId === userId)
    const [oldest] = own
    if (oldest && own.length >= mostPerPerson) {
      oldest.replaced = true
      this.#open.delete(oldest)
    } else if (this.#open.size >= this.#mostInAll) return null
    const admitted = { userId, replaced: false }
    this.#open.add(admitted)
    this.#count.set(this.#open.size)
    return admitted
  }

  /** The stream has ended. */
  release(stream: OpenStream): void {
    this.#open.delete(stream)
    this.#count.set(this.#open.size)
  }
}
