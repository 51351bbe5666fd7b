import type { TopicName } from '../../shared/contract/events.ts'
import type { Entry, ReadableTopic } from './topic.ts'

/** How far somebody has read: one number over all topics, so that a slow reader costs no memory. */
export class Place {
  readonly #topics: readonly ReadableTopic[]
  #seq: number
  /** Topics whose dropped messages the reader was told of: it goes on behind them there. */
  readonly #skipped = new Map<ReadableTopic, number>()

  /** Before the message after `seq` in these topics. */
  constructor(topics: readonly ReadableTopic[], seq: number) {
    this.#topics = topics
    this.#seq = seq
  }

  /** The number of the last message that was read. */
  get seq(): number {
    return this.#seq
  }

  /**
   * The topics that dropped messages before they were read here. The reader must be told so; what it reads of them
   * afterwards is newer than this call.
   */
  takeLost(): TopicName[] {
    const lost = this.#topics.filter((topic) => topic.droppedSeq > this.#readOf(topic))
    for (const topic of lost) this.#skipped.set(topic, topic.lastSeq)
    return lost.map(({ name }) => name)
  }

  /** The oldest message that was not read, which counts as read from now on. */
  next(): Entry | null {
    let oldest: Entry | undefined
    for (const topic of this.#topics) {
      const entry = topic.after(this.#readOf(topic))
      if (entry && (!oldest || entry.seq < oldest.seq)) oldest = entry
    }
    if (!oldest) return null
    this.#seq = oldest.seq
    return oldest
  }

  #readOf(topic: ReadableTopic): number {
    return Math.max(this.#seq, this.#skipped.get(topic) ?? 0)
  }
}
