import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import { administrators } from '../stream/topic.ts'
import type { MessageOf } from '../stream/topic.ts'
import type { StreamHub } from '../stream/stream-hub.ts'

interface AccountTopicsOptions {
  readonly hub: StreamHub
  readonly feed: ChangeFeed
  readonly bus: Bus
  readonly clock: Clock
}

/** Tells people of their own account, and administrators of all accounts and of invites. */
export function openAccountTopics(options: AccountTopicsOptions): void {
  const { hub, bus } = options
  bus.subscribe('person.changed', () => hub.checkReaders())
  bus.subscribe('sign-in.ended', () => hub.checkReaders())
  openOwnAccountTopic(options)
  openUserTopic(options)
  openInviteTopic(options)
}

function openOwnAccountTopic({ hub, feed, clock }: AccountTopicsOptions): void {
  const accounts = hub.register({
    name: 'account.changed',
    audience: (caller, userId: string) => caller.userId === userId,
    latestOf: (_message, userId) => userId,
    kept: 1_000,
  })
  const tell = (userId: string): void =>
    accounts.publish({ type: 'account.changed', at: clock.now() }, userId)
  feed.on('account.changed', ({ data }) => tell(data.person.id))
  feed.on('totp.changed', ({ data }) => tell(data.userId))
  feed.on('sign-ins.ended', ({ data }) => tell(data.userId))
  feed.on('account-status.changed', ({ data }) => tell(data.userId))
  feed.on('notices.changed', ({ data }) => tell(data.userId))
}

function openUserTopic({ hub, feed, clock }: AccountTopicsOptions): void {
  const users = hub.register({
    name: 'user.changed',
    audience: administrators,
    readers: administrators,
    latestOf: ({ userId, change }) => (change === 'changed' ? userId : null),
    kept: 1_000,
  })
  const tell = (userId: string, change: MessageOf<'user.changed'>['change'] = 'changed'): void =>
    users.publish({ type: 'user.changed', at: clock.now(), userId, change }, null)
  feed.on('account.changed', ({ data }) => tell(data.person.id))
  feed.on('account.deleted', ({ data }) => tell(data.userId, 'removed'))
  feed.on('totp.changed', ({ data }) => tell(data.userId))
  feed.on('sign-ins.ended', ({ data }) => tell(data.userId))
  feed.on('account-status.changed', ({ data }) => tell(data.userId))
}

function openInviteTopic({ hub, feed, clock }: AccountTopicsOptions): void {
  const invites = hub.register({
    name: 'invites.changed',
    audience: administrators,
    readers: administrators,
    latestOf: () => 'all',
    kept: 1,
  })
  feed.on('invites.changed', () => invites.publish({ type: 'invites.changed', at: clock.now() }, null))
}
