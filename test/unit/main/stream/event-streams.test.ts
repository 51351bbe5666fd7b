import { getEventMeta } from '@orpc/server'
import { expect, onTestFinished, test } from 'vitest'
import type { CameraStanding } from '../../../../shared/contract/cameras.ts'
import { streamMessageSchema } from '../../../../shared/contract/events.ts'
import type { StreamMessage } from '../../../../shared/contract/events.ts'
import { openAccessTopics } from '../../../../main/access/stream-topics.ts'
import { openAccountTopics } from '../../../../main/accounts/stream-topics.ts'
import { openCameraTopics } from '../../../../main/cameras/stream-topics.ts'
import { Policy } from '../../../../main/access/policy.ts'
import type { Caller } from '../../../../main/rpc/request-context.ts'
import { Rights } from '../../../../main/access/rights.ts'
import { openLiveTopics } from '../../../../main/live/stream-topics.ts'
import { Bus } from '../../../../main/platform/bus.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { Metrics } from '../../../../main/platform/metrics.ts'
import { openServerTopics } from '../../../../main/servers/stream-topics.ts'
import { openSettingsTopics } from '../../../../main/settings/stream-topics.ts'
import { ChangeFeed } from '../../../../main/store/change-feed.ts'
import type { Change } from '../../../../main/store/change-feed.ts'
import { EventStreams } from '../../../../main/stream/event-streams.ts'
import { StreamHub } from '../../../../main/stream/stream-hub.ts'

const boss: Caller = { userId: 'u1', email: 'boss@desk', admin: true, family: 'f1' }
const guard: Caller = { userId: 'u2', email: 'guard@desk', admin: false, family: 'f2' }

function open(
  options: {
    heartbeatMs?: number
    isStillIn?: () => Promise<boolean>
    policy?: Policy
    mostStreams?: number
  } = {},
) {
  const fail = (_name: string, error: unknown): void => {
    throw error
  }
  const bus = new Bus(fail)
  const feed = new ChangeFeed(fail)
  const origins: string[] = []
  const policy = options.policy ?? new Policy()
  const hub = new StreamHub('b00')
  const common = { hub, bus, feed, clock: systemClock, policy }
  openAccountTopics(common)
  openAccessTopics(common)
  openServerTopics({ ...common, streamOrigins: () => origins })
  openCameraTopics(common)
  openLiveTopics(common)
  openSettingsTopics(common)
  const events = new EventStreams({
    hub,
    bus,
    clock: systemClock,
    isStillIn: () => Promise.resolve(true),
    greeting: () => ({ timeZone: 'Europe/Madrid', streamOrigins: [...origins] }),
    mostStreams: 64,
    metrics: new Metrics(),
    heartbeatMs: 100_000,
    ...options,
  })
  events.start()
  onTestFinished(() => events.stop())
  const changed = (cameraId: string): void =>
    bus.publish('camera.changed', {
      cameraId,
      serverId: 's',
      standing: {
        status: 'degraded',
        statusReason: 'Server Basement rack is unavailable.',
        statusSinceAt: 1,
        serverResponding: true,
        recordingState: 'on',
        recordingReason: '',
        variants: [
          {
            name: 'main',
            status: 'degraded',
            statusReason: 'Receiver basement-7: no data.',
            statusSinceAt: 1,
          },
        ],
      },
    })
  const tell = (...changes: Change[]): void => feed.tell(changes, 'this-desk')
  return { events, hub, bus, tell, changed, origins }
}

/** Takes `count` messages and leaves the stream open. */
async function take(stream: AsyncGenerator<StreamMessage, void>, count: number): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = []
  while (messages.length < count) {
    const next = await stream.next()
    if (next.done) break
    messages.push(next.value)
  }
  return messages
}

const never = new AbortController().signal
const told = (messages: readonly StreamMessage[]): string[] =>
  messages.map((message) => ('cameraId' in message ? message.cameraId : message.type))
const idOf = (message: StreamMessage | undefined): string | undefined => getEventMeta(message)?.id

test('a newcomer is greeted, told to read everything, and hears what follows', async () => {
  const { events, changed } = open()
  changed('before')
  const stream = events.open(boss, undefined, never)
  const [hello] = await take(stream, 1)
  expect(hello).toMatchObject({ type: 'hello', resync: true })
  changed('a')
  changed('b')
  expect(told(await take(stream, 2))).toEqual(['a', 'b'])
})

test('who comes back with the last id hears what was missed, and nothing twice', async () => {
  const { events, changed } = open()
  const first = events.open(boss, undefined, never)
  await take(first, 1)
  changed('a')
  const [seen] = await take(first, 1)
  changed('b')
  changed('c')
  const again = await take(events.open(boss, idOf(seen), never), 3)
  expect(again[0]).toMatchObject({ type: 'hello', resync: false })
  expect(told(again.slice(1))).toEqual(['b', 'c'])
})

test.each(['other-1', 'b00-99', 'b00--1', 'b00-x', 'nonsense', ''])(
  'an id of another run, or none at all (%s), means reading everything again',
  async (id) => {
    const { events, changed } = open()
    changed('a')
    expect((await take(events.open(boss, id, never), 1))[0]).toMatchObject({ type: 'hello', resync: true })
  },
)

test('nobody hears of a camera or server that is not theirs, but everybody of new stream origins', async () => {
  const { events, bus, changed, origins } = open()
  const stream = events.open(guard, undefined, never)
  await take(stream, 1)
  changed('a')
  bus.publish('server.added', { serverId: 's' })
  origins.push('http://10.0.0.7:8200')
  bus.publish('stream-origins.changed', {})
  expect(await take(stream, 1)).toMatchObject([
    { type: 'stream-origins.changed', streamOrigins: ['http://10.0.0.7:8200'] },
  ])
})

test('heartbeats come while nothing happens, and the stream ends when the sign-in has', async () => {
  let welcome = true
  const { events } = open({ heartbeatMs: 5, isStillIn: () => Promise.resolve(welcome) })
  const stream = events.open(boss, undefined, never)
  expect(told(await take(stream, 3))).toEqual(['hello', 'heartbeat', 'heartbeat'])
  welcome = false
  expect(await stream.next()).toMatchObject({ done: true })
})

test('a reader that goes away, and a desk that stops, end the stream at once', async () => {
  const { events } = open()
  const abort = new AbortController()
  const left = events.open(boss, undefined, abort.signal)
  const stopped = events.open(boss, undefined, never)
  await Promise.all([take(left, 1), take(stopped, 1)])
  const disposables = [left.next(), stopped.next()]
  abort.abort()
  expect(await disposables[0]).toMatchObject({ done: true })
  events.stop()
  expect(await disposables[1]).toMatchObject({ done: true })
})

/** A guard who sees camera a of the hall; `take` and `give` change that as the writes of identity do. */
function openWithRights(options: { isStillIn?: () => Promise<boolean> } = {}) {
  const rights = new Rights()
  rights.load({
    groupIds: ['hall'],
    cameras: [{ groupId: 'hall', cameraId: 'a' }],
    members: [{ groupId: 'hall', userId: guard.userId, role: 'viewer' }],
  })
  const policy = new Policy({ rights, person: () => undefined })
  const opened = open({ ...options, policy })
  const announce = (userIds: readonly string[]): void => opened.bus.publish('rights.changed', { userIds })
  return {
    ...opened,
    take: (cameraId: string) => announce(rights.dropCamera('hall', cameraId)),
    give: (cameraId: string) => announce(rights.putCamera('hall', cameraId)),
  }
}

test('a right that is taken is told at once, and what was on its way about that camera is not', async () => {
  const { events, changed, take: takeRight, give } = openWithRights()
  const stream = events.open(guard, undefined, never)
  await take(stream, 1)
  changed('a')
  takeRight('a')
  give('b')
  changed('a')
  changed('b')
  const messages = await take(stream, 2)
  expect(messages[0]).toMatchObject({ type: 'rights.changed', lost: ['a'], gained: ['b'], resync: false })
  expect(told(messages.slice(1))).toEqual(['b'])
})

test('who was away while a right was taken reads everything again; whom it does not concern goes on', async () => {
  const { events, changed, take: takeRight } = openWithRights()
  const [mine, theirs] = [events.open(guard, undefined, never), events.open(boss, undefined, never)]
  await Promise.all([take(mine, 1), take(theirs, 1)])
  changed('a')
  const [[seen], [seenByBoss]] = await Promise.all([take(mine, 1), take(theirs, 1)])
  takeRight('a')
  changed('a')
  expect((await take(events.open(guard, idOf(seen), never), 1))[0]).toMatchObject({ resync: true })
  expect((await take(events.open(boss, idOf(seenByBoss), never), 1))[0]).toMatchObject({ resync: false })
})

test('a right that is given and taken before the page reads on leaves nothing to list', async () => {
  const { events, changed, take: takeRight, give } = openWithRights()
  const stream = events.open(guard, undefined, never)
  await take(stream, 1)
  give('b')
  takeRight('b')
  changed('a')
  const messages = await take(stream, 2)
  expect(messages[0]).toMatchObject({ type: 'rights.changed', lost: [], gained: [] })
  expect(told(messages.slice(1))).toEqual(['a'])
})

test('whoever is not welcome any more hears nothing, not even what waited to be read', async () => {
  let welcome = true
  const { events, bus, changed } = open({ isStillIn: () => Promise.resolve(welcome) })
  const stream = events.open(boss, undefined, never)
  await take(stream, 1)
  changed('a')
  welcome = false
  bus.publish('person.changed', { userId: boss.userId })
  expect(await stream.next()).toMatchObject({ done: true })
})

test('why a camera is offline names its server to administrators alone', async () => {
  const { events, changed } = openWithRights()
  const [theirs, mine] = [events.open(boss, undefined, never), events.open(guard, undefined, never)]
  await Promise.all([take(theirs, 1), take(mine, 1)])
  changed('a')
  expect(JSON.stringify(await take(theirs, 1))).toContain('Basement rack')
  const told = JSON.stringify(await take(mine, 1))
  expect(told).toContain('"cameraId":"a"')
  expect(told).not.toMatch(/Basement rack|basement-7/)
})

const another = (userId: string): Caller => ({ ...guard, userId })

// Would catch: one person's pages that take every connection of the desk (700 streams by one viewer).
test("a person's ninth stream ends the oldest with a reason; the other seven and other people go on", async () => {
  const { events, changed } = open()
  const openFor = (caller: Caller) => events.open(caller, undefined, never)
  const theirs = openFor(another('u3'))
  const mine = Array.from({ length: 8 }, () => openFor(boss))
  await Promise.all([theirs, ...mine].map((stream) => take(stream, 1)))
  const waiting = mine[0]?.next()
  const ninth = openFor(boss)
  expect(await waiting).toMatchObject({ value: { type: 'stream.ended', reason: 'too-many-pages' } })
  expect(await mine[0]?.next()).toMatchObject({ done: true })
  changed('a')
  const lasting = await Promise.all(mine.slice(1).map((stream) => take(stream, 1)))
  expect(lasting.map(told)).toEqual(Array.from({ length: 7 }, () => ['a']))
  expect(told(await take(ninth, 1))).toEqual(['hello'])
  // The tenth ends the second, not the ninth, which is newer.
  openFor(boss)
  expect(told(await take(mine[1] ?? ninth, 1))).toEqual(['stream.ended'])
  await theirs.return()
})

test('a stream that was closed makes room, also one that nobody ever read', async () => {
  const { events } = open()
  const first = events.open(boss, undefined, never)
  await take(first, 1)
  const unread = new AbortController()
  const closed = events.open(boss, undefined, never)
  await take(closed, 1)
  events.open(boss, undefined, unread.signal)
  for (let count = 3; count < 8; count += 1) events.open(boss, undefined, never)
  await closed.return()
  unread.abort()
  events.open(boss, undefined, AbortSignal.abort())
  events.open(boss, undefined, never)
  events.open(boss, undefined, never)
  const heard = take(first, 1)
  events.open(boss, undefined, never)
  expect(told(await heard)).toEqual(['stream.ended'])
})

// Would catch: many people's pages that take every connection, so that Alta cannot ask for the pictures on the walls.
test('beyond the limit of the desk nobody new is let in, until somebody leaves; windows of the desktop are', async () => {
  const { events } = open({ mostStreams: 2 })
  const [first] = ['u3', 'u4'].map((userId) => events.open(another(userId), undefined, never))
  await take(first ?? events.open(boss, undefined, never), 1)
  const fifth = (): unknown => events.open(another('u5'), undefined, never)
  expect(fifth).toThrow(
    expect.objectContaining({ code: 'TOO_MANY_STREAMS', params: { retryAfterSeconds: 5 } }),
  )
  expect(told(await take(events.open(boss, undefined, never, 'desktop'), 1))).toEqual(['hello'])
  await first?.return()
  expect(fifth).not.toThrow()
})

// Would catch: a page that never hears that a view of its group was changed; one that hears of the views of others.
test('changed views are told to their owner, or to the group, and to nobody else', async () => {
  const { events, bus, tell } = openWithRights()
  const stranger: Caller = { ...guard, userId: 'u3' }
  const streams = [boss, guard, stranger].map((caller) => events.open(caller, undefined, never))
  for (const stream of streams) await take(stream, 1)
  tell({ name: 'walls.changed', data: { userId: stranger.userId, groupId: null } })
  tell({ name: 'walls.changed', data: { userId: null, groupId: 'hall' } })
  tell({ name: 'walls.changed', data: { userId: null, groupId: 'gone' } })
  tell({ name: 'walls.changed', data: { userId: guard.userId, groupId: null } })
  bus.publish('stream-origins.changed', {})
  const heard = async (stream: (typeof streams)[number]): Promise<unknown[]> => {
    const groupIds: unknown[] = []
    for (;;) {
      const [message] = await take(stream, 1)
      if (message?.type !== 'walls.changed') return groupIds
      groupIds.push(message.groupId)
    }
  }
  expect(await Promise.all(streams.map(heard))).toEqual([['hall', 'gone'], ['hall', null], [null]])
})

const standing: CameraStanding = {
  status: 'online',
  statusReason: '',
  statusSinceAt: 1,
  serverResponding: true,
  variants: [],
  recordingState: 'unknown',
  recordingReason: '',
}
type Opened = ReturnType<typeof openWithRights>
const group = (name: 'group.saved' | 'group.deleted', groupId: string): Change => ({
  name,
  data: { groupId },
})

/** For each topic what happens, and which of boss, guard (in the hall) and an outsider hear of it. */
const audiences: [string, (desk: Opened) => void, string][] = [
  ['server.changed', ({ bus }) => bus.publish('server.removed', { serverId: 's' }), 'boss'],
  ['stream-origins.changed', ({ bus }) => bus.publish('stream-origins.changed', {}), 'boss guard outsider'],
  [
    'camera.changed',
    ({ bus }) => bus.publish('camera.changed', { cameraId: 'a', serverId: 's', standing }),
    'boss guard',
  ],
  ['camera.changed', ({ bus }) => bus.publish('camera.added', { cameraId: 'z', serverId: 's' }), 'boss'],
  [
    'walls.changed',
    ({ tell }) => tell({ name: 'walls.changed', data: { userId: null, groupId: 'hall' } }),
    'boss guard',
  ],
  [
    'walls.changed',
    ({ tell }) => tell({ name: 'walls.changed', data: { userId: 'u2', groupId: null } }),
    'guard',
  ],
  [
    'account.changed',
    ({ tell }) => tell({ name: 'notices.changed', data: { userId: guard.userId } }),
    'guard',
  ],
  ['user.changed', ({ tell }) => tell({ name: 'account.deleted', data: { userId: 'u9' } }), 'boss'],
  ['user.changed', ({ tell }) => tell({ name: 'account-status.changed', data: { userId: 'u9' } }), 'boss'],
  ['group.changed', ({ tell }) => tell(group('group.saved', 'hall')), 'boss guard'],
  ['group.changed', ({ tell }) => tell(group('group.deleted', 'hall')), 'boss'],
  [
    'group.changed',
    ({ tell }) => tell({ name: 'group.member-set', data: { groupId: 'hall', userId: 'u9', role: 'viewer' } }),
    'boss',
  ],
  ['invites.changed', ({ tell }) => tell({ name: 'invites.changed', data: {} }), 'boss'],
  ['settings.changed', ({ tell }) => tell({ name: 'listener.changed', data: { enabled: true } }), 'boss'],
]

// Would catch: a new topic of which nobody looked who hears it.
test('every message of the contract that is a topic is among them', () => {
  const types = streamMessageSchema.options.map(({ shape }) => shape.type.value)
  const forOneReader = ['hello', 'heartbeat', 'rights.changed', 'stream.ended']
  const topics = types.filter((type) => !forOneReader.includes(type))
  expect(new Set(audiences.map(([type]) => type))).toEqual(new Set(topics))
})

// Would catch: a message that tells somebody of what does not exist for them; one that does not reach whom it is for.
test.each(audiences)(
  '%s (case %#) reaches those whom it concerns, and nobody else',
  async (type, act, hearers) => {
    const opened = openWithRights()
    const readers = { boss, guard, outsider: another('u3') }
    const streams = Object.entries(readers).map(([name, caller]) => {
      return { name, stream: opened.events.open(caller, undefined, never) }
    })
    for (const { stream } of streams) await take(stream, 1)
    act(opened)
    // For everybody, so that those who got nothing before it get something.
    opened.origins.push('http://the-end')
    opened.bus.publish('stream-origins.changed', {})
    const heard: string[] = []
    for (const { name, stream } of streams) {
      const [message] = await take(stream, 1)
      const isTheEnd = message?.type === 'stream-origins.changed' && type !== message.type
      if (!isTheEnd) heard.push(name)
      expect(message?.type).toBe(isTheEnd ? 'stream-origins.changed' : type)
    }
    expect(heard.join(' ')).toBe(hearers)
  },
)

// Would catch: the sign-ins of a person on a page of somebody who left the desk's administrators.
test('an account that is changed reaches its person and administrators, each with one message', async () => {
  const { events, tell } = openWithRights()
  const [theirs, mine] = [events.open(boss, undefined, never), events.open(guard, undefined, never)]
  await Promise.all([take(theirs, 1), take(mine, 1)])
  tell({ name: 'sign-ins.ended', data: { userId: guard.userId, families: ['f9'] } })
  expect(await take(theirs, 1)).toMatchObject([
    { type: 'user.changed', userId: guard.userId, change: 'changed' },
  ])
  expect(await take(mine, 1)).toMatchObject([{ type: 'account.changed' }])
})
