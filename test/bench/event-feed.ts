import { setTimeout as pause } from 'node:timers/promises'
import type { Group } from '../../shared/contract/groups.ts'
import { Bus } from '../../main/platform/bus.ts'
import { systemClock } from '../../main/platform/clock.ts'
import { Metrics } from '../../main/platform/metrics.ts'
import type { Caller } from '../../main/rpc/request-context.ts'
import { EventStreams } from '../../main/stream/event-streams.ts'
import { StreamHub } from '../../main/stream/stream-hub.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskProcess } from '../fixtures/desk-process.ts'
import { factRow, limitRow, quantile } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const [peopleCount, pagesEach, renames, toldLimitMs] = [25, 8, 40, 100]
const streamCount = peopleCount * pagesEach
const admin = { email: 'admin@desk.example', password: 'violet-anchor-417' }

const [noisyPerSecond, quietPerSecond, noisyMs] = [1_000, 20, 10_000]
const [fastReaders, slowReaders, slowPauseMs] = [160, 40, 20]

/** How soon 200 open pages hear of a change, and what a topic that never pauses costs the others. */
export const eventFeed: Bench = {
  name: 'event-feed',
  async run(): Promise<BenchRow[]> {
    return [...(await feedRows()), ...(await noisyRows())]
  },
}

/** A whole desk over HTTP: from the request that renames a group until each page of its members was told. */
async function feedRows(): Promise<BenchRow[]> {
  const desk = await startDeskProcess({
    env: { ADMIN_BOOTSTRAP_EMAIL: admin.email, ADMIN_BOOTSTRAP_PASSWORD: admin.password },
  })
  try {
    const api = new ApiClient(desk.origin)
    await api.signIn(admin.email, admin.password)
    const group = await api.want<Group>('POST', '/groups', { name: 'Hall' })
    const pages: Page[] = []
    for (let number = 0; number < peopleCount; number += 1)
      pages.push(...(await pagesOf(desk.origin, api, group.id, number)))
    const took: number[] = []
    for (let round = 0; round < renames; round += 1) {
      const told = pages.map((page) => page.told())
      const startedAt = performance.now()
      await api.want('PATCH', `/groups/${group.id}`, { name: `Hall ${round}` })
      for (const at of await Promise.all(told)) took.push(at - startedAt)
    }
    await Promise.all(pages.map((page) => page.close()))
    return [
      limitRow(
        `a change until ${streamCount} open pages were told, with its write, p95`,
        'ms',
        quantile(took, 0.95),
        toldLimitMs,
      ),
    ]
  } finally {
    await desk.stop()
  }
}

interface Page {
  /** When the next change of a group arrives. */
  told(): Promise<number>
  close(): Promise<void>
}

/** A member of the group who has just signed in, with as many open pages as a person may have. */
async function pagesOf(origin: string, api: ApiClient, groupId: string, number: number): Promise<Page[]> {
  const person = { email: `guard${number}@desk.example`, password: 'copper-lantern-63' }
  const names = { username: `guard${number}`, displayName: `Guard ${number}` }
  const { id } = await api.want<{ id: string }>('POST', '/users', { ...person, ...names })
  await api.want('PUT', `/groups/${groupId}/members/${id}`, { role: 'viewer' })
  const theirs = new ApiClient(origin)
  await theirs.signIn(person.email, person.password)
  return Promise.all(Array.from({ length: pagesEach }, () => openPage(origin, theirs.token)))
}

async function openPage(origin: string, token: string | null): Promise<Page> {
  const answer = await fetch(`${origin}/api/events/stream`, { headers: { authorization: `Bearer ${token}` } })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) throw new Error('There is no event stream.')
  let text = ''
  const until = async (words: string): Promise<number> => {
    for (;;) {
      const found = text.indexOf(words)
      if (found >= 0) {
        text = text.slice(found + words.length)
        return performance.now()
      }
      const { value, done } = await reader.read()
      if (done) throw new Error('The event stream ended.')
      text += value
    }
  }
  await until('"type":"hello"')
  return { told: () => until('"type":"group.changed"'), close: () => reader.cancel() }
}

/** One topic with 1,000 messages a second beside one with 20, read by pages that keep up and by some that do not. */
async function noisyRows(): Promise<BenchRow[]> {
  const hub = new StreamHub('bench')
  const noisy = hub.register({ name: 'user.changed', audience: () => true, kept: 1_000 })
  const quiet = hub.register({ name: 'group.changed', audience: () => true, kept: 1_000 })
  const streams = new EventStreams({
    hub,
    bus: new Bus(() => undefined),
    clock: systemClock,
    isStillIn: () => Promise.resolve(true),
    greeting: () => ({ timeZone: 'UTC', streamOrigins: [] }),
    mostStreams: fastReaders + slowReaders,
    metrics: new Metrics(),
  })
  streams.start()
  const [fast, slow] = [tally(), tally()]
  const reading = [
    ...Array.from({ length: fastReaders }, (_, number) => read(streams, number, 0, fast)),
    ...Array.from({ length: slowReaders }, (_, number) =>
      read(streams, fastReaders + number, slowPauseMs, slow),
    ),
  ]
  const sent = { noisy: 0, quiet: 0 }
  const startedAt = performance.now()
  for (let elapsed = 0; elapsed < noisyMs; elapsed = performance.now() - startedAt) {
    for (; sent.noisy < (elapsed * noisyPerSecond) / 1000; sent.noisy += 1)
      noisy.publish({ type: 'user.changed', at: 0, userId: `${sent.noisy}`, change: 'changed' }, null)
    for (; sent.quiet < (elapsed * quietPerSecond) / 1000; sent.quiet += 1)
      quiet.publish(
        { type: 'group.changed', at: performance.now(), groupId: `${sent.quiet}`, change: 'changed' },
        null,
      )
    await pause(1)
  }
  const perSecond = sent.noisy / ((performance.now() - startedAt) / 1000)
  quiet.publish({ type: 'group.changed', at: performance.now(), groupId: 'end', change: 'removed' }, null)
  await Promise.all(reading)
  streams.stop()
  if (slow.gaps === 0) throw new Error('The slow readers kept up: nothing was proven.')
  const lost = (readers: number, heard: number): number => readers * sent.quiet - heard
  if (perSecond < noisyPerSecond * 0.99) throw new Error(`Only ${perSecond} messages/s were published.`)
  const name = `lost of a topic beside one with ${noisyPerSecond} messages/s`
  return [
    limitRow(`${name}, ${fastReaders} readers that keep up`, 'messages', lost(fastReaders, fast.quiet), 0),
    limitRow(`${name}, ${slowReaders} that do not`, 'messages', lost(slowReaders, slow.quiet), 0),
    factRow(
      'a message beside the noisy topic until it is read, p95',
      'ms',
      quantile(fast.tookMs, 0.95),
      'nothing',
      null,
    ),
    factRow(
      'lost of the noisy topic by those who keep up',
      'messages',
      fastReaders * sent.noisy - fast.noisy,
      'nothing',
      null,
    ),
  ]
}

function tally() {
  return { quiet: 0, noisy: 0, gaps: 0, tookMs: [] as number[] }
}

/** Reads until the end is announced; waits `pauseMs` after each message. */
async function read(
  streams: EventStreams,
  number: number,
  pauseMs: number,
  heard: ReturnType<typeof tally>,
): Promise<void> {
  const caller: Caller = { userId: `u${number}`, email: '', admin: true, family: `f${number}` }
  for await (const message of streams.open(caller, undefined, new AbortController().signal)) {
    if (message.type === 'hello' && message.topics) heard.gaps += 1
    if (message.type === 'user.changed') heard.noisy += 1
    if (message.type === 'group.changed') {
      if (message.change === 'removed') return
      heard.quiet += 1
      heard.tookMs.push(performance.now() - message.at)
    }
    if (pauseMs > 0) await pause(pauseMs)
  }
}
