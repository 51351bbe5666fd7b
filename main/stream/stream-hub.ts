import type { StreamMessage, TopicName } from '../../shared/contract/events.ts'
import type { Caller } from '../rpc/request-context.ts'
import { Place } from './place.ts'
import { Topic } from './topic.ts'
import type { ReadableTopic, TopicOptions } from './topic.ts'

/** Follows for one reader what cannot be a topic, since it is another for each: answers the next message, or null. */
export type Personal = (caller: Caller) => () => StreamMessage | null

/** Where a reader begins. */
export interface Beginning {
  readonly place: Place
  /** False for a newcomer, and for one whose last message says nothing: they must read everything again. */
  readonly resumed: boolean
}

/**
 * The topics of `events.stream`. Modules register theirs and publish; each has its own messages, so that a noisy one
 * costs no other anything. `EventStreams` reads them.
 */
export class StreamHub {
  readonly #boot: string
  readonly #topics = new Map<TopicName, ReadableTopic>()
  readonly #personal: Personal[] = []
  readonly #waiting = new Set<() => void>()
  #wakesSoon = false
  #lastSeq = 0
  #doubts = 0
  /** The last message before what somebody may know changed: who resumes at or before it reads everything again. */
  readonly #changedAfter = new Map<string, number>()

  /** `boot` names this run of the desk, in letters and digits: message ids of another run cannot be resumed. */
  constructor(boot: string) {
    this.#boot = boot
  }

  /** Makes a topic, before the first reader comes. Throws where it exists already. */
  register<Name extends TopicName, Scope>(options: TopicOptions<Name, Scope>): Topic<Name, Scope> {
    if (this.#topics.has(options.name)) throw new Error(`The topic ${options.name} is registered twice.`)
    const topic = new Topic(options, {
      nextSeq: () => (this.#lastSeq += 1),
      idOf: (seq) => this.idOf(seq),
      published: () => this.#wakeSoon(),
    })
    this.#topics.set(options.name, topic)
    return topic
  }

  /** Adds messages that each reader gets for themselves, before any waiting message. */
  registerPersonal(personal: Personal): void {
    this.#personal.push(personal)
  }

  /** What this reader gets for themselves, from now on. */
  personalOf(caller: Caller): (() => StreamMessage | null)[] {
    return this.#personal.map((follow) => follow(caller))
  }

  /** What these people may know has changed. */
  audienceChanged(userIds: readonly string[]): void {
    for (const userId of userIds) this.#changedAfter.set(userId, this.#lastSeq)
    this.wake()
  }

  /** Somebody may not be signed in any more: every reader is checked before they get anything else. */
  checkReaders(): void {
    this.#doubts += 1
    this.wake()
  }

  /** Grows with each `checkReaders`. */
  get doubts(): number {
    return this.#doubts
  }

  /** Where somebody begins who brings the id of the last message that they have seen, or none. */
  begin(caller: Caller, lastEventId: string | undefined): Beginning {
    const topics = [...this.#topics.values()].filter((topic) => topic.existsFor(caller))
    const seq = this.#seqOf(lastEventId)
    const resumed = seq !== null && seq > (this.#changedAfter.get(caller.userId) ?? -1)
    return { place: new Place(topics, resumed ? seq : this.#lastSeq), resumed }
  }

  /** The id of the message with this number. */
  idOf(seq: number): string {
    return `${this.#boot}-${seq}`
  }

  /** Resolves when there may be something new. */
  waitForMore(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  /** Makes every reader look at once. */
  wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }

  /** A burst of messages wakes each reader once. */
  #wakeSoon(): void {
    if (this.#wakesSoon) return
    this.#wakesSoon = true
    setImmediate(() => {
      this.#wakesSoon = false
      this.wake()
    })
  }

  /** The number in an id of this run; null where it is none. */
  #seqOf(id: string | undefined): number | null {
    const [, boot, digits] = /^(\w{1,40})-(\d{1,16})$/.exec(id ?? '') ?? []
    const seq = Number(digits)
    return boot === this.#boot && seq <= this.#lastSeq ? seq : null
  }
}
