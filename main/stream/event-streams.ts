import { withEventMeta } from '@orpc/server'
import type { StreamMessage, TopicName } from '../../shared/contract/events.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { Metrics } from '../platform/metrics.ts'
import { AppError } from '../rpc/app-error.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import { OpenStreams } from './open-streams.ts'
import type { OpenStream } from './open-streams.ts'
import type { StreamHub } from './stream-hub.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    /** A page, or a script, began to follow the events of this person. */
    'page.opened': { userId: string }
    'page.closed': { userId: string }
  }
}

/** When to try again where there is no room for another stream. */
const retryAfterSeconds = 5

export interface EventStreamsOptions {
  readonly hub: StreamHub
  readonly bus: Bus
  readonly clock: Clock
  /** Whether somebody who was let in is still signed in; asked at every heartbeat. */
  readonly isStillIn: (caller: Caller) => Promise<boolean>
  /** What every stream begins with. */
  readonly greeting: () => { timeZone: string; streamOrigins: string[] }
  /** How many streams all people together may have open over the network. */
  readonly mostStreams: number
  readonly metrics: Metrics
  readonly heartbeatMs?: number
}

/**
 * The open streams of `events.stream`. A stream is only a place in the topics of the hub, so a slow reader costs nothing;
 * of a topic that drops messages before they were read, it learns that it must read again what that topic is about.
 */
export class EventStreams implements Service {
  readonly name = 'events'
  readonly #options: EventStreamsOptions
  readonly #open: OpenStreams
  #ticker: NodeJS.Timeout | undefined
  #beats = 0
  #ended = false

  constructor(options: EventStreamsOptions) {
    this.#options = options
    this.#open = new OpenStreams(options.mostStreams, options.metrics)
  }

  start(): void {
    this.#ticker = setInterval(() => {
      this.#beats += 1
      this.#options.hub.wake()
    }, this.#options.heartbeatMs ?? 2000)
    this.#ticker.unref()
  }

  /** Ends every open stream. */
  stop(): void {
    this.#ended = true
    clearInterval(this.#ticker)
    this.#options.hub.wake()
  }

  /**
   * Everything from now on, or from the message after `lastEventId`, that `caller` may know. Ends when `signal` is
   * aborted, the desk stops, the caller's sign-in ends, or the caller opens too many more over the network. Windows of
   * the desktop are not counted: they hold no connection. Throws TOO_MANY_STREAMS.
   */
  open(
    caller: Caller,
    lastEventId: string | undefined,
    signal: AbortSignal,
    door: RequestContext['door'] = 'http',
  ): AsyncGenerator<StreamMessage, void> {
    if (door !== 'http') return this.#follow(caller, lastEventId, signal, null)
    const admitted = this.#open.admit(caller.userId)
    if (admitted === null) throw new AppError('TOO_MANY_STREAMS', { params: { retryAfterSeconds } })
    // Also where nobody ever reads from it.
    if (signal.aborted) this.#open.release(admitted)
    else signal.addEventListener('abort', () => this.#open.release(admitted), { once: true })
    // The one that it replaced hears of it.
    this.#options.hub.wake()
    return this.#follow(caller, lastEventId, signal, admitted)
  }

  async *#follow(
    caller: Caller,
    lastEventId: string | undefined,
    signal: AbortSignal,
    admitted: OpenStream | null,
  ): AsyncGenerator<StreamMessage, void> {
    const { bus, hub } = this.#options
    const { userId } = caller
    const wakeUp = (): void => hub.wake()
    signal.addEventListener('abort', wakeUp, { once: true })
    bus.publish('page.opened', { userId })
    try {
      yield* this.#read(caller, lastEventId, signal, admitted)
    } finally {
      if (admitted) this.#open.release(admitted)
      signal.removeEventListener('abort', wakeUp)
      bus.publish('page.closed', { userId })
    }
  }

  async *#read(
    caller: Caller,
    lastEventId: string | undefined,
    signal: AbortSignal,
    admitted: OpenStream | null,
  ): AsyncGenerator<StreamMessage, void> {
    const { clock, hub, isStillIn } = this.#options
    const { place, resumed } = hub.begin(caller, lastEventId)
    let [beat, doubts] = [this.#beats, hub.doubts]
    const personal = hub.personalOf(caller)
    yield this.#hello(place.seq, resumed ? place.takeLost() : 'everything')
    while (!signal.aborted && !this.#ended) {
      // Each time around all of this is asked again: much may have happened until the reader asked for more.
      if (doubts !== hub.doubts) {
        doubts = hub.doubts
        if (!(await isStillIn(caller))) return
        continue
      }
      if (admitted?.replaced) {
        yield { type: 'stream.ended', at: clock.now(), reason: 'too-many-pages' }
        return
      }
      const own = firstOf(personal)
      if (own) {
        yield own
        continue
      }
      const lost = place.takeLost()
      if (lost.length > 0) {
        yield this.#hello(place.seq, lost)
        continue
      }
      // Also between the messages of a busy topic, so that no reader goes unchecked.
      if (beat !== this.#beats) {
        beat = this.#beats
        if (!(await isStillIn(caller))) return
        yield { type: 'heartbeat', at: clock.now() }
        continue
      }
      const entry = place.next()
      if (entry) {
        const message = entry.messageFor(caller)
        if (message) yield message
      } else await hub.waitForMore()
    }
  }

  /** `lost`: the topics of which messages were lost; `everything` for who begins. */
  #hello(seq: number, lost: readonly TopicName[] | 'everything'): StreamMessage {
    const { clock, greeting, hub } = this.#options
    const common = { type: 'hello', at: clock.now(), ...greeting() } as const
    const id = hub.idOf(seq)
    if (lost === 'everything') return withEventMeta({ ...common, resync: true }, { id })
    if (lost.length === 0) return withEventMeta({ ...common, resync: false }, { id })
    return withEventMeta({ ...common, resync: true, topics: [...lost] }, { id })
  }
}

function firstOf(personal: readonly (() => StreamMessage | null)[]): StreamMessage | null {
  for (const next of personal) {
    const message = next()
    if (message) return message
  }
  return null
}
