import type { MessageOf } from '../stream/topic.ts'
import { administrators } from '../stream/topic.ts'
import type { StreamHub } from '../stream/stream-hub.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'

interface ServerTopicsOptions {
  readonly hub: StreamHub
  readonly bus: Bus
  readonly clock: Clock
  /** Origins from which the Alta servers stream now. */
  readonly streamOrigins: () => readonly string[]
}

/** Tells administrators of servers, and every page from which addresses pictures come. */
export function openServerTopics({ hub, bus, clock, streamOrigins }: ServerTopicsOptions): void {
  // Every message counts: that a server has just returned must not be lost to its next state.
  const servers = hub.register({
    name: 'server.changed',
    audience: administrators,
    readers: administrators,
    kept: 500,
  })
  const origins = hub.register({
    name: 'stream-origins.changed',
    audience: () => true,
    latestOf: () => 'all',
    kept: 1,
  })
  const tell = (rest: Omit<MessageOf<'server.changed'>, 'type' | 'at'>): void =>
    servers.publish({ type: 'server.changed', at: clock.now(), ...rest }, null)
  bus.subscribe('server.added', ({ serverId }) =>
    tell({ serverId, change: 'added', state: 'healthy', returned: false }),
  )
  bus.subscribe('server.changed', ({ serverId, state, returned }) =>
    tell({ serverId, change: 'changed', state, returned }),
  )
  bus.subscribe('server.removed', ({ serverId }) =>
    tell({ serverId, change: 'removed', state: 'unavailable', returned: false }),
  )
  bus.subscribe('stream-origins.changed', () =>
    origins.publish(
      { type: 'stream-origins.changed', at: clock.now(), streamOrigins: [...streamOrigins()] },
      null,
    ),
  )
}
