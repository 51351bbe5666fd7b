import { withEventMeta } from '@orpc/server'
import { AppError } from '../rpc/app-error.ts'
import type { StreamMessage } from '../../shared/contract/events.ts'
import { memberStanding } from '../cameras/member-view.ts'
import type { Policy, VisibleCameras } from '../identity/policy.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { Metrics } from '../platform/metrics.ts'
import { OpenStreams } from './open-streams.ts'
import type { OpenStream } from './open-streams.ts'

/** Of the machine that the desk runs on; whoever moves it sets TZ. */
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()

export interface EventStreamOptions {
  readonly bus: Bus
  readonly clock: Clock
  readonly policy: Policy
  /** Whether somebody who was let in is still welcome; asked at every heartbeat. */
  readonly isStillIn: (caller: Caller) => Promise<boolean>
  /** Origins from which the Alta servers stream now. */
  readonly streamOrigins: () => readonly string[]
  /** Names this run of the desk, without a dash: ids of another run cannot be resumed. */
  readonly boot: string
  /** How many streams all people together may have open over the network. */
  readonly mostStreams: number
  readonly metrics: Metrics
  /** How many messages are kept for those who come back, or read slowly. */
  readonly kept?: number
  readonly heartbeatMs?: number
}

const noCameras: ReadonlyMap<string, unknown> = new Map()
/** What rights.changed may list; beyond that the page asks for everything again. */
const mostListed = 500
/** When to try again where there is no room for another stream. */
const retryAfterSeconds = 5

/** What a reader may see at a time. */
interface Sight {
  readonly cameras: VisibleCameras
  readonly groups: 'all' | ReadonlySet<string>
}

/** Whom a message concerns: one person alone, or those who may see that camera or group; without any, administrators. */
interface Concerned {
  readonly userId?: string | null
  readonly cameraId?: string | null
  readonly groupId?: string | null
  readonly everybody?: boolean
}

interface Entry extends Concerned {
  readonly seq: number
  readonly message: StreamMessage
}

/**
 * What `events.stream` tells: facts of the bus, numbered and kept in a ring that all readers share. A reader is only a
 * place in that ring, so a slow one costs nothing; one that falls out of it is told to read everything again.
 */
export class EventStream implements Service {
  readonly name = 'events'
  readonly #options: EventStreamOptions
  readonly #kept: number
  readonly #ring: Entry[] = []
  readonly #waiting = new Set<() => void>()
  readonly #open: OpenStreams
  #subscriptions: (() => void)[] = []
  #ticker: NodeJS.Timeout | undefined
  #beats = 0
  /** Grows whenever somebody may not be welcome any more. */
  #doubts = 0
  #lastSeq = 0
  /** The last message before somebody's rights changed: who resumes at or before it reads everything again. */
  readonly #rightsChangedAfter = new Map<string, number>()
  #ended = false

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.#kept = options.kept ?? 1000
    this.#open = new OpenStreams(options.mostStreams, options.metrics)
  }

  start(): void {
    this.#subscribe()
    this.#ticker = setInterval(() => {
      this.#beats += 1
      this.#wake()
    }, this.#options.heartbeatMs ?? 2000)
    this.#ticker.unref()
  }

  /** Ends every open stream. */
  stop(): void {
    this.#ended = true
    clearInterval(this.#ticker)
    for (const unsubscribe of this.#subscriptions) unsubscribe()
    this.#wake()
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
    return this.#follow(caller, lastEventId, signal, door === 'http' ? this.#admit(caller, signal) : null)
  }

  #admit({ userId }: Caller, signal: AbortSignal): OpenStream {
    const admitted = this.#open.admit(userId)
    if (admitted === null) {
      throw new AppError('TOO_MANY_STREAMS', { params: { retryAfterSeconds } })
    }
    // Also where nobody ever reads from it.
    if (signal.aborted) this.#open.release(admitted)
    else signal.addEventListener('abort', () => this.#open.release(admitted), { once: true })
    // The one that it replaced hears of it.
    this.#wake()
    return admitted
  }

  async *#follow(
    caller: Caller,
    lastEventId: string | undefined,
    signal: AbortSignal,
    admitted: OpenStream | null,
  ): AsyncGenerator<StreamMessage, void> {
    const wakeUp = (): void => this.#wake()
    const { bus } = this.#options
    const { userId } = caller
    signal.addEventListener('abort', wakeUp, { once: true })
    bus.publish('page.opened', { userId })
    try {
      yield* this.#read(caller, this.#resumeAfter(lastEventId, caller), signal, admitted)
    } finally {
      if (admitted) this.#open.release(admitted)
      signal.removeEventListener('abort', wakeUp)
      bus.publish('page.closed', { userId })
    }
  }

  async *#read(
    caller: Caller,
    resumed: number | null,
    signal: AbortSignal,
    admitted: OpenStream | null,
  ): AsyncGenerator<StreamMessage, void> {
    const { clock, policy, isStillIn } = this.#options
    let seq = resumed ?? this.#lastSeq
    let beat = this.#beats
    let doubts = this.#doubts
    let sight = this.#sightOf(caller)
    yield this.#hello(seq, resumed === null)
    while (!signal.aborted && !this.#ended) {
      if (doubts !== this.#doubts) {
        doubts = this.#doubts
        if (!(await isStillIn(caller))) return
        // Meanwhile anything may have happened that nobody waited for.
        continue
      }
      if (admitted?.replaced) {
        yield { type: 'stream.ended', at: clock.now(), reason: 'too-many-pages' }
        return
      }
      if (policy.visibleCameras(caller) !== sight.cameras) {
        const before = sight
        sight = this.#sightOf(caller)
        yield this.#rightsChanged(before, sight)
      }
      const oldest = this.#ring[0]?.seq ?? seq + 1
      if (oldest > seq + 1) {
        seq = this.#lastSeq
        yield this.#hello(seq, true)
        // Much may have happened until the reader asked for more.
        continue
      }
      const entry = this.#ring[seq + 1 - oldest]
      if (entry) {
        seq = entry.seq
        if (this.#concerns(entry, caller))
          yield withEventMeta(asToldTo(caller, entry.message), { id: this.#idOf(seq) })
      } else if (beat !== this.#beats) {
        beat = this.#beats
        if (!(await isStillIn(caller))) return
        yield { type: 'heartbeat', at: clock.now() }
      } else {
        await new Promise<void>((resolve) => this.#waiting.add(resolve))
      }
    }
  }

  /** The number after which to go on; null for a newcomer, and for one who was away too long. */
  #resumeAfter(lastEventId: string | undefined, { userId }: Caller): number | null {
    const [, boot, digits] = /^(\w+)-(\d+)$/.exec(lastEventId ?? '') ?? []
    const seq = Number(digits)
    const oldest = this.#ring[0]?.seq ?? this.#lastSeq + 1
    const known =
      boot === this.#options.boot && Number.isSafeInteger(seq) && seq >= oldest - 1 && seq <= this.#lastSeq
    return known && seq > (this.#rightsChangedAfter.get(userId) ?? -1) ? seq : null
  }

  #sightOf(caller: Caller): Sight {
    const { policy } = this.#options
    return { cameras: policy.visibleCameras(caller), groups: policy.visibleGroups(caller) }
  }

  #rightsChanged(before: Sight, after: Sight): StreamMessage {
    const [had, has] = [before, after].map(({ cameras }) => (cameras === 'all' ? noCameras : cameras))
    const lost = [...(had ?? noCameras).keys()].filter((id) => !has?.has(id))
    const gained = [...(has ?? noCameras).keys()].filter((id) => !had?.has(id))
    const resync = lost.length + gained.length > mostListed
    const lists = resync ? { lost: [], gained: [] } : { lost, gained }
    const lostGroups = groupsOnlyIn(before, after).slice(0, mostListed)
    return { type: 'rights.changed', at: this.#options.clock.now(), ...lists, lostGroups, resync }
  }

  #idOf(seq: number): string {
    return `${this.#options.boot}-${seq}`
  }

  #hello(seq: number, resync: boolean): StreamMessage {
    const { clock, streamOrigins } = this.#options
    const known = { timeZone, streamOrigins: [...streamOrigins()] }
    return withEventMeta({ type: 'hello', at: clock.now(), resync, ...known } as const, {
      id: this.#idOf(seq),
    })
  }

  #concerns({ userId, cameraId, groupId, everybody }: Entry, caller: Caller): boolean {
    const { policy } = this.#options
    if (userId) return userId === caller.userId
    if (everybody || caller.admin) return true
    if (groupId) return policy.groupRole(caller, groupId) !== null
    return Boolean(cameraId) && policy.canSeeCamera(caller, cameraId ?? '')
  }

  #append(message: StreamMessage, whom: Concerned = {}): void {
    this.#lastSeq += 1
    this.#ring.push({ seq: this.#lastSeq, message, ...whom })
    if (this.#ring.length > this.#kept) this.#ring.shift()
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }

  #subscribe(): void {
    const { bus, clock, streamOrigins } = this.#options
    const server = (serverId: string, change: 'added' | 'changed' | 'removed') => {
      return { type: 'server.changed', at: clock.now(), serverId, change } as const
    }
    const camera = (cameraId: string, serverId: string, change: 'added' | 'removed'): void => {
      const at = clock.now()
      const message: StreamMessage = {
        type: 'camera.changed',
        at,
        cameraId,
        serverId,
        change,
        status: change === 'added' ? 'provisioning' : 'offline',
        statusReason: '',
        statusSinceAt: at,
        serverResponding: true,
        variants: [],
        recordingState: 'unknown',
        recordingReason: '',
      }
      this.#append(message, { cameraId })
    }
    /** Whoever reads along asks anew whether they are still welcome. */
    const doubt = (): void => {
      this.#doubts += 1
      this.#wake()
    }
    this.#subscriptions = [
      bus.subscribe('server.added', ({ serverId }) =>
        this.#append({ ...server(serverId, 'added'), state: 'healthy', returned: false }),
      ),
      bus.subscribe('stream-origins.changed', () =>
        this.#append(
          { type: 'stream-origins.changed', at: clock.now(), streamOrigins: [...streamOrigins()] },
          { everybody: true },
        ),
      ),
      bus.subscribe('server.changed', ({ serverId, state, returned }) =>
        this.#append({ ...server(serverId, 'changed'), state, returned }),
      ),
      bus.subscribe('server.removed', ({ serverId }) =>
        this.#append({ ...server(serverId, 'removed'), state: 'unavailable', returned: false }),
      ),
      bus.subscribe('camera.added', ({ cameraId, serverId }) => camera(cameraId, serverId, 'added')),
      bus.subscribe('camera.changed', ({ cameraId, serverId, standing }) =>
        this.#append(
          { type: 'camera.changed', at: clock.now(), cameraId, serverId, change: 'changed', ...standing },
          { cameraId },
        ),
      ),
      bus.subscribe('camera.removed', ({ cameraId, serverId }) => camera(cameraId, serverId, 'removed')),
      bus.subscribe('walls.changed', (owner) =>
        this.#append({ type: 'walls.changed', at: clock.now(), groupId: owner.groupId }, owner),
      ),
      bus.subscribe('rights.changed', ({ userIds }) => {
        for (const userId of userIds) this.#rightsChangedAfter.set(userId, this.#lastSeq)
        this.#wake()
      }),
      bus.subscribe('person.changed', doubt),
      bus.subscribe('sign-in.ended', doubt),
    ]
  }
}

/** The groups of the first that the second does not hold. */
function groupsOnlyIn({ groups: had }: Sight, { groups: has }: Sight): string[] {
  return had === 'all' || has === 'all' ? [] : [...had].filter((id) => !has.has(id))
}

/** Why a camera has its status names servers and receivers, which are for administrators. */
function asToldTo(caller: Caller, message: StreamMessage): StreamMessage {
  if (caller.admin || message.type !== 'camera.changed' || message.statusReason === '') return message
  return { ...message, ...memberStanding(message) }
}
