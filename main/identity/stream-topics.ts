import type { StreamMessage } from '../../shared/contract/events.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Caller } from '../rpc/request-context.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import { administrators } from '../stream/topic.ts'
import type { MessageOf } from '../stream/topic.ts'
import type { StreamHub } from '../stream/stream-hub.ts'
import type { Policy, VisibleCameras } from './policy.ts'

interface AccountTopicsOptions {
  readonly hub: StreamHub
  readonly feed: ChangeFeed
  readonly bus: Bus
  readonly clock: Clock
  readonly policy: Policy
}

/** What rights.changed may list; beyond that the page asks for everything again. */
const mostListed = 500
const noCameras: ReadonlyMap<string, unknown> = new Map()

/** Tells people of their own account and rights, members of their groups, and administrators of all of these. */
export function openAccountTopics(options: AccountTopicsOptions): void {
  const { hub, bus, clock, policy } = options
  hub.registerPersonal((caller) => rightsChanges(caller, policy, clock))
  bus.subscribe('rights.changed', ({ userIds }) => hub.audienceChanged(userIds))
  bus.subscribe('person.changed', () => hub.checkReaders())
  bus.subscribe('sign-in.ended', () => hub.checkReaders())
  openOwnAccountTopic(options)
  openUserTopic(options)
  openGroupTopic(options)
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

interface GroupScope {
  readonly groupId: string
  /** Who else is in a group is for administrators alone, and so is a group that is gone. */
  readonly forAdministrators: boolean
}

function openGroupTopic({ hub, feed, clock, policy }: AccountTopicsOptions): void {
  const groups = hub.register({
    name: 'group.changed',
    audience: (caller, { groupId, forAdministrators }: GroupScope) =>
      caller.admin || (!forAdministrators && policy.groupRole(caller, groupId) !== null),
    latestOf: ({ change }, { groupId, forAdministrators }) =>
      change === 'changed' ? `${groupId} ${forAdministrators}` : null,
    kept: 1_000,
  })
  const tell = (scope: GroupScope, change: MessageOf<'group.changed'>['change'] = 'changed'): void =>
    groups.publish({ type: 'group.changed', at: clock.now(), groupId: scope.groupId, change }, scope)
  feed.on('group.saved', ({ data: { groupId } }) => tell({ groupId, forAdministrators: false }))
  feed.on('group.camera-set', ({ data: { groupId } }) => tell({ groupId, forAdministrators: false }))
  feed.on('group.member-set', ({ data: { groupId } }) => tell({ groupId, forAdministrators: true }))
  feed.on('group.deleted', ({ data: { groupId } }) => tell({ groupId, forAdministrators: true }, 'removed'))
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

type RightsChanged = Extract<StreamMessage, { type: 'rights.changed' }>

/** What a reader may see at a time. */
interface Sight {
  readonly cameras: VisibleCameras
  readonly groups: 'all' | ReadonlySet<string>
}

/** Tells one reader what they may see from now on, and what not any more. */
function rightsChanges(caller: Caller, policy: Policy, clock: Clock): () => RightsChanged | null {
  const sight = (): Sight => ({
    cameras: policy.visibleCameras(caller),
    groups: policy.visibleGroups(caller),
  })
  let before = sight()
  return () => {
    // The same object until something changes.
    if (policy.visibleCameras(caller) === before.cameras) return null
    const after = sight()
    const message = rightsChanged(before, after, clock.now())
    before = after
    return message
  }
}

function rightsChanged(before: Sight, after: Sight, at: number): RightsChanged {
  const [had, has] = [before, after].map(({ cameras }) => (cameras === 'all' ? noCameras : cameras))
  const lost = [...(had ?? noCameras).keys()].filter((id) => !has?.has(id))
  const gained = [...(has ?? noCameras).keys()].filter((id) => !had?.has(id))
  const resync = lost.length + gained.length > mostListed
  const lists = resync ? { lost: [], gained: [] } : { lost, gained }
  const lostGroups = groupsOnlyIn(before, after).slice(0, mostListed)
  return { type: 'rights.changed', at, ...lists, lostGroups, resync }
}

/** The groups of the first that the second does not hold. */
function groupsOnlyIn({ groups: had }: Sight, { groups: has }: Sight): string[] {
  return had === 'all' || has === 'all' ? [] : [...had].filter((id) => !has.has(id))
}
