import type { StreamMessage } from '../../shared/contract/events.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Caller } from '../rpc/request-context.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { MessageOf } from '../stream/topic.ts'
import type { StreamHub } from '../stream/stream-hub.ts'
import type { Policy, VisibleCameras } from './policy.ts'

interface AccessTopicsOptions {
  readonly hub: StreamHub
  readonly feed: ChangeFeed
  readonly bus: Bus
  readonly clock: Clock
  readonly policy: Policy
}

/** What rights.changed may list; beyond that the page asks for everything again. */
const mostListed = 500
const noCameras: ReadonlyMap<string, unknown> = new Map()

/** Tells people what they may see from now on, and members and administrators of the groups. */
export function openAccessTopics(options: AccessTopicsOptions): void {
  const { hub, bus, clock, policy } = options
  hub.registerPersonal((caller) => rightsChanges(caller, policy, clock))
  bus.subscribe('rights.changed', ({ userIds }) => hub.audienceChanged(userIds))
  openGroupTopic(options)
}

interface GroupScope {
  readonly groupId: string
  /** Who else is in a group is for administrators alone, and so is a group that is gone. */
  readonly forAdministrators: boolean
}

function openGroupTopic({ hub, feed, clock, policy }: AccessTopicsOptions): void {
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
