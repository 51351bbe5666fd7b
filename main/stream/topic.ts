import { withEventMeta } from '@orpc/server'
import type { StreamMessage, TopicName } from '../../shared/contract/events.ts'
import type { Caller } from '../rpc/request-context.ts'

/** The message of this topic, as the contract has it. */
export type MessageOf<Name extends TopicName> = Extract<StreamMessage, { type: Name }>

/** What a module says of a topic when it registers it. */
export interface TopicOptions<Name extends TopicName, Scope> {
  readonly name: Name
  /** Who may know of one message; asked when it is about to be sent, so that a right that is gone by then counts. */
  readonly audience: (caller: Caller, scope: Scope) => boolean
  /** For whom the topic exists at all, also its gaps; everybody by default. */
  readonly readers?: (caller: Caller) => boolean
  /**
   * What a message is about, where only the latest one about it matters (a status): it replaces the one before. Null for
   * a message that is never replaced (an event). Only messages with the same scope may have the same key.
   */
  readonly latestOf?: (message: MessageOf<Name>, scope: Scope) => string | null
  /** How many messages wait for slow readers, and for those who come back. */
  readonly kept: number
  /** The message as people hear it who are not administrators; the same by default. */
  readonly forMembers?: (message: MessageOf<Name>) => MessageOf<Name>
}

/** For topics that are for administrators alone. */
export function administrators(caller: Caller): boolean {
  return caller.admin
}

/** One message that waits to be read. */
export interface Entry {
  /** Its place among the messages of all topics. */
  readonly seq: number
  /** The message for this caller, with its id; null where they may not know of it. */
  readonly messageFor: (caller: Caller) => StreamMessage | null
}

/** A topic as readers see it. */
export interface ReadableTopic {
  readonly name: TopicName
  /** The last number that was given; 0 before the first message. */
  readonly lastSeq: number
  /** The last number that was dropped before everybody had read it; 0 where none was. Replaced messages do not count. */
  readonly droppedSeq: number
  existsFor(caller: Caller): boolean
  /** The oldest message after this number that is still worth reading. */
  after(seq: number): Entry | undefined
}

interface KeptEntry extends Entry {
  readonly key: string | null
  /** A later message about the same thing has taken its place. */
  replaced: boolean
}

/** The messages of one topic: at most `kept` of them wait, whatever happens in the others. */
export class Topic<Name extends TopicName, Scope> implements ReadableTopic {
  readonly name: Name
  readonly #options: TopicOptions<Name, Scope>
  readonly #nextSeq: () => number
  readonly #idOf: (seq: number) => string
  readonly #published: () => void
  /** In the order of their numbers, with some that were replaced. */
  #entries: KeptEntry[] = []
  #replaced = 0
  readonly #latest = new Map<string, KeptEntry>()
  #lastSeq = 0
  #droppedSeq = 0

  /** `nextSeq` numbers the messages of all topics; `published` is called after each. */
  constructor(
    options: TopicOptions<Name, Scope>,
    hub: { nextSeq: () => number; idOf: (seq: number) => string; published: () => void },
  ) {
    this.name = options.name
    this.#options = options
    this.#nextSeq = hub.nextSeq
    this.#idOf = hub.idOf
    this.#published = hub.published
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get droppedSeq(): number {
    return this.#droppedSeq
  }

  /** Sends a message to everybody who may know of it. */
  publish(message: MessageOf<Name>, scope: Scope): void {
    const key = this.#options.latestOf?.(message, scope) ?? null
    const seq = this.#nextSeq()
    const entry: KeptEntry = { seq, key, replaced: false, messageFor: this.#messageFor(seq, message, scope) }
    if (key !== null) this.#replace(key, entry)
    this.#entries.push(entry)
    this.#lastSeq = seq
    if (this.#entries.length - this.#replaced > this.#options.kept) this.#dropOldest()
    this.#published()
  }

  existsFor(caller: Caller): boolean {
    return this.#options.readers?.(caller) ?? true
  }

  after(seq: number): Entry | undefined {
    if (this.#lastSeq <= seq) return undefined
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.seq ?? 0) <= seq) low = middle + 1
      else high = middle
    }
    // The last entry is never a replaced one.
    while (this.#entries[low]?.replaced) low += 1
    return this.#entries[low]
  }

  /** One object for all readers, and one for those who are not administrators: it is written out only once. */
  #messageFor(seq: number, message: MessageOf<Name>, scope: Scope): Entry['messageFor'] {
    const { audience, forMembers } = this.#options
    const withId = (plain: MessageOf<Name>): StreamMessage =>
      withEventMeta<StreamMessage>(plain, { id: this.#idOf(seq) })
    let whole: StreamMessage | null = null
    let members: StreamMessage | null = null
    return (caller) => {
      if (!audience(caller, scope)) return null
      if (caller.admin || !forMembers) return (whole ??= withId(message))
      return (members ??= withId(forMembers(message)))
    }
  }

  #replace(key: string, entry: KeptEntry): void {
    const before = this.#latest.get(key)
    this.#latest.set(key, entry)
    if (!before) return
    before.replaced = true
    this.#replaced += 1
    if (this.#replaced <= this.#options.kept) return
    this.#entries = this.#entries.filter((one) => !one.replaced)
    this.#replaced = 0
  }

  #dropOldest(): void {
    for (;;) {
      const oldest = this.#entries.shift()
      if (!oldest) return
      if (oldest.replaced) this.#replaced -= 1
      else {
        this.#droppedSeq = oldest.seq
        if (oldest.key !== null && this.#latest.get(oldest.key) === oldest) this.#latest.delete(oldest.key)
        return
      }
    }
  }
}
