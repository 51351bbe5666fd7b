import { getEventMeta } from '@orpc/server'
import { expect, onTestFinished, test } from 'vitest'
import type { StreamMessage } from '../../../../shared/contract/events.ts'
import { Bus } from '../../../../main/platform/bus.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { Metrics } from '../../../../main/platform/metrics.ts'
import type { Caller } from '../../../../main/rpc/request-context.ts'
import { EventStreams } from '../../../../main/stream/event-streams.ts'
import { StreamHub } from '../../../../main/stream/stream-hub.ts'
import { administrators } from '../../../../main/stream/topic.ts'

const boss: Caller = { userId: 'u1', email: 'boss@desk', admin: true, family: 'f1' }
const guard: Caller = { userId: 'u2', email: 'guard@desk', admin: false, family: 'f2' }
const never = new AbortController().signal

/** Topics of three kinds: events for everybody, a status for everybody, events for administrators. */
function open(options: { kept?: number; heartbeatMs?: number; isStillIn?: () => Promise<boolean> } = {}) {
  const { kept = 3, heartbeatMs = 100_000, isStillIn = () => Promise.resolve(true) } = options
  const hub = new StreamHub('b00')
  const events = hub.register({ name: 'group.changed', audience: () => true, kept })
  const statuses = hub.register({
    name: 'settings.changed',
    audience: () => true,
    latestOf: ({ setting }) => setting,
    kept,
  })
  const secrets = hub.register({
    name: 'user.changed',
    audience: administrators,
    readers: administrators,
    kept,
  })
  const streams = new EventStreams({
    hub,
    isStillIn,
    heartbeatMs,
    bus: new Bus((_name, error) => {
      throw error
    }),
    clock: systemClock,
    greeting: () => ({ timeZone: 'Europe/Madrid', streamOrigins: [] }),
    mostStreams: 64,
    metrics: new Metrics(),
  })
  streams.start()
  onTestFinished(() => streams.stop())
  return {
    hub,
    open: (caller: Caller, lastEventId?: string) => streams.open(caller, lastEventId, never),
    event: (groupId: string) =>
      events.publish({ type: 'group.changed', at: 1, groupId, change: 'changed' }, null),
    status: (setting: 'sign-in' | 'listener', at: number) =>
      statuses.publish({ type: 'settings.changed', at, setting }, null),
    secret: (userId: string) =>
      secrets.publish({ type: 'user.changed', at: 1, userId, change: 'changed' }, null),
  }
}

async function take(stream: AsyncGenerator<StreamMessage, void>, count: number): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = []
  while (messages.length < count) {
    const next = await stream.next()
    if (next.done) break
    messages.push(next.value)
  }
  return messages
}

/** What each message is about. */
function told(messages: readonly StreamMessage[]): string[] {
  return messages.map((message) => {
    if (message.type === 'group.changed') return message.groupId
    if (message.type === 'user.changed') return message.userId
    if (message.type === 'settings.changed') return `${message.setting} ${message.at}`
    if (message.type === 'hello') return `hello ${message.resync ? (message.topics ?? 'all') : 'resumed'}`
    return message.type
  })
}

// Would catch: one ring for all topics, in which a thousand statuses push out the one alarm that a slow page must get.
test('a noisy topic takes nothing from another: the reader hears of its gap alone, and all of the other', async () => {
  const { open: openFor, event, secret } = open()
  const stream = openFor(boss)
  await take(stream, 1)
  event('a')
  for (let count = 0; count < 1_000; count += 1) secret(`person ${count}`)
  event('b')
  expect(told(await take(stream, 3))).toEqual(['hello user.changed', 'a', 'b'])
  // What comes after the gap is heard again.
  secret('afterwards')
  expect(told(await take(stream, 1))).toEqual(['afterwards'])
})

test('who comes back hears which topic lost messages, and all that the others kept', async () => {
  const { open: openFor, event, secret } = open()
  const [hello] = await take(openFor(boss), 1)
  event('a')
  for (const person of ['1', '2', '3', '4']) secret(person)
  event('b')
  const back = openFor(boss, getEventMeta(hello)?.id)
  expect(told(await take(back, 3))).toEqual(['hello user.changed', 'a', 'b'])
})

// Would catch: a guard's page that reads everything again because administrators' lists change, and learns that they do.
test('a topic that is for administrators does not exist for others: neither its messages nor its gaps', async () => {
  const { open: openFor, event, secret } = open()
  const [mine, theirs] = [openFor(guard), openFor(boss)]
  const [[hello]] = await Promise.all([take(mine, 1), take(theirs, 1)])
  for (const person of ['1', '2', '3', '4']) secret(person)
  event('a')
  expect(told(await take(mine, 1))).toEqual(['a'])
  expect(told(await take(openFor(guard, getEventMeta(hello)?.id), 2))).toEqual(['hello resumed', 'a'])
  expect(told(await take(theirs, 2))).toEqual(['hello user.changed', 'a'])
})

// Would catch: a slow page that works through every status a camera ever had; one that misses an event in between.
test('of a status the latest arrives, of events every one, in their order', async () => {
  const { open: openFor, event, status } = open()
  const stream = openFor(guard)
  const [hello] = await take(stream, 1)
  status('sign-in', 1)
  event('a')
  status('listener', 2)
  event('b')
  for (let at = 3; at <= 1_000; at += 1) status('sign-in', at)
  const expected = ['a', 'listener 2', 'b', 'sign-in 1000']
  expect(told(await take(stream, 4))).toEqual(expected)
  // Also who was away: replaced messages are no gap.
  const back = openFor(guard, getEventMeta(hello)?.id)
  expect(told(await take(back, 5))).toEqual(['hello resumed', ...expected])
  status('listener', 1_001)
  expect(told(await take(stream, 1))).toEqual(['listener 1001'])
})

test('a topic keeps as many messages as it said, however many things it tells of', async () => {
  const { open: openFor, event } = open({ kept: 2 })
  const stream = openFor(guard)
  await take(stream, 1)
  for (const group of ['a', 'b', 'c']) event(group)
  expect(told(await take(stream, 1))).toEqual(['hello group.changed'])
  for (const group of ['d', 'e']) event(group)
  expect(told(await take(stream, 2))).toEqual(['d', 'e'])
})

// Would catch: somebody whose sign-in has run out, and who goes on hearing a topic that never pauses.
test('a reader of a busy topic is checked at every heartbeat, too', async () => {
  let signedIn = true
  const { open: openFor, event } = open({ heartbeatMs: 1, isStillIn: () => Promise.resolve(signedIn) })
  const stream = openFor(guard)
  await take(stream, 1)
  let heard = ''
  for (let count = 0; heard !== 'heartbeat'; count += 1) {
    event(`${count}`)
    const [message] = await take(stream, 1)
    heard = message?.type ?? 'ended'
    await new Promise(setImmediate)
  }
  signedIn = false
  for (let ended = false; !ended;) {
    event('more')
    ended = (await stream.next()).done === true
    await new Promise(setImmediate)
  }
})

test('two modules cannot register the same topic', () => {
  const { hub } = open()
  expect(() => hub.register({ name: 'group.changed', audience: () => true, kept: 1 })).toThrow(
    'The topic group.changed is registered twice.',
  )
})
