import type { Policy, Owner } from '../access/policy.ts'
import type { Clock } from '../platform/clock.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { StreamHub } from '../stream/stream-hub.ts'

interface LiveTopicsOptions {
  readonly hub: StreamHub
  readonly feed: ChangeFeed
  readonly clock: Clock
  readonly policy: Policy
}

/** Tells of changed views and walls their owner: one person, or who is in a group. */
export function openLiveTopics({ hub, feed, clock, policy }: LiveTopicsOptions): void {
  const walls = hub.register({
    name: 'walls.changed',
    audience: (caller, { userId, groupId }: Owner) => {
      if (userId !== null) return caller.userId === userId
      return caller.admin || (groupId !== null && policy.groupRole(caller, groupId) !== null)
    },
    latestOf: (_message, { userId, groupId }) => groupId ?? userId,
    kept: 1_000,
  })
  feed.on('walls.changed', ({ data: owner }) =>
    walls.publish({ type: 'walls.changed', at: clock.now(), groupId: owner.groupId }, owner),
  )
}
