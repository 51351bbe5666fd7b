import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { jobsQueued } from '../../../../main/jobs/job-changes.ts'
import { JobQueue } from '../../../../main/jobs/job-queue.ts'
import type { JobKind, NewJob, RunningJob } from '../../../../main/jobs/job-kinds.ts'
import { startOfProcess } from '../../../../main/jobs/other-process.ts'
import { jobById, openJobsOfLane, updateJob } from '../../../../main/jobs/queries.ts'
import type { JobRow } from '../../../../main/jobs/queries.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import type { Change } from '../../../../main/store/change-feed.ts'
import type { SqliteStore } from '../../../../main/store/store.ts'
import { deskValues } from '../../../../main/store/tables/desk.ts'
import { openTestStore } from '../store/open-test-store.ts'

const logger = openLogger({
  filter: parseLogFilter('error'),
  format: 'text',
  write: () => undefined,
}).for('jobs')

const keyring = new Keyring([developmentStubKey])

function kindOf(changes: Partial<JobKind<string>>): JobKind<string> {
  return {
    name: 'clip',
    concurrency: 1,
    mostAttempts: 3,
    backoffMs: () => 1,
    run: () => Promise.resolve(),
    ...changes,
  }
}

/** Works until it is told to end. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

function queueOn(store: SqliteStore, kinds: readonly JobKind<string>[], leaseMs = 30_000): JobQueue {
  const queue = new JobQueue({ store, feed: store.feed, clock: systemClock, keyring, logger, leaseMs })
  for (const kind of kinds) queue.register(kind)
  return queue
}

async function open(kinds: readonly JobKind<string>[], store = openTestStore(), leaseMs = 30_000) {
  const queue = queueOn(store, kinds, leaseMs)
  await queue.start()
  onTestFinished(() => queue.stop())
  const enqueue = (payload: string, more: Partial<NewJob> = {}) => {
    const kind = more.kind ?? 'clip'
    return store.write({ audit: null, changes: [jobsQueued(kind)] }, (tx) =>
      queue.enqueue(tx, { payload, ...more, kind }),
    )
  }
  return { queue, store, enqueue }
}

/** The job once it is in one of these states. */
async function until(store: SqliteStore, id: string, states: readonly JobRow['state'][]): Promise<JobRow> {
  for (;;) {
    const row = await store.read((db) => jobById(db, id))
    if (row && states.includes(row.state)) return row
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

// Would catch: a clip that is promised by an answer, and lost since its job was queued apart from it.
test('a job is queued with the write it belongs to, done once, and leaves its result in one transaction', async () => {
  const runs: string[] = []
  const store = openTestStore()
  const run = async ({ payload, finish }: RunningJob<string>) => {
    runs.push(payload)
    await store.write({ audit: null }, async (tx) => {
      await finish(tx)
      await tx.insert(deskValues).values({ key: 'made', value: payload })
    })
  }
  const { queue, enqueue } = await open([kindOf({ run })], store)
  const undone = store.write({ audit: null, changes: [jobsQueued('clip')] }, async (tx) => {
    await queue.enqueue(tx, { kind: 'clip', payload: 'undone' })
    throw new Error('no')
  })
  await expect(undone).rejects.toThrow('no')
  const id = await enqueue('gate')
  expect(await until(store, id, ['done'])).toMatchObject({ attempts: 1, leaseId: null, error: '' })
  expect(runs).toEqual(['gate'])
  const made = await store.read((db) => db.select().from(deskValues))
  expect(made).toContainEqual({ key: 'made', value: 'gate' })
})

test('the most urgent comes first, then the oldest; no more run at once than the kind allows, and kinds do not wait for each other', async () => {
  const order: string[] = []
  const held = Promise.withResolvers<void>()
  let [running, most] = [0, 0]
  const run = async ({ payload }: RunningJob<string>) => {
    order.push(payload)
    running += 1
    most = Math.max(most, running)
    await held.promise
    running -= 1
  }
  const other = kindOf({ name: 'other' })
  const { store, enqueue } = await open([kindOf({ run, concurrency: 2 }), other])
  const first = await enqueue('first')
  await enqueue('second')
  await until(store, first, ['running'])
  await enqueue('late')
  await enqueue('urgent', { priority: 5 })
  const last = await enqueue('later')
  await until(store, await enqueue('beside', { kind: 'other' }), ['done'])
  held.resolve()
  await until(store, last, ['done'])
  expect(order).toEqual(['first', 'second', 'urgent', 'late', 'later'])
  expect(most).toBe(2)
})

test('a failure is tried again as often as the kind says, with its error, and then given up', async () => {
  const attempts: number[] = []
  const run = ({ attempt }: RunningJob<string>) => {
    attempts.push(attempt)
    return Promise.reject(new Error(`no ${attempt}`))
  }
  const { store, enqueue } = await open([kindOf({ run })])
  const row = await until(store, await enqueue('gate'), ['failed'])
  expect(attempts).toEqual([1, 2, 3])
  expect(row).toMatchObject({ error: 'no 3', attempts: 3 })
  expect(row.finishedAt).not.toBeNull()
})

test('is not run before its time', async () => {
  const { store, enqueue } = await open([kindOf({})])
  const later = await enqueue('later', { runAt: Date.now() + 3_600_000 })
  await until(store, await enqueue('now'), ['done'])
  expect(await store.read((db) => jobById(db, later))).toMatchObject({ state: 'queued' })
})

test('is cancelled while it waits and while it runs, and not once it is done', async () => {
  const began = Promise.withResolvers<void>()
  const run = ({ signal }: RunningJob<string>) => {
    began.resolve()
    return untilAborted(signal)
  }
  const { queue, store, enqueue } = await open([kindOf({ run }), kindOf({ name: 'quick' })])
  const running = await enqueue('running')
  const waiting = await enqueue('waiting')
  await began.promise
  const cancel = (id: string): Promise<unknown> =>
    store.write({ audit: null, changes: (changes: readonly Change[]) => changes }, (tx) =>
      queue.cancel(tx, id),
    )
  await cancel(waiting)
  await cancel(running)
  expect(await until(store, running, ['cancelled'])).toMatchObject({ error: '' })
  expect(await store.read((db) => jobById(db, waiting))).toMatchObject({ state: 'cancelled', attempts: 0 })
  const done = await enqueue('done', { kind: 'quick' })
  await until(store, done, ['done'])
  await cancel(done)
  expect(await store.read((db) => jobById(db, done))).toMatchObject({ state: 'done' })
})

test('a desk that stops takes nothing from the attempts of a job, and the next one goes on with it', async () => {
  const began = Promise.withResolvers<void>()
  const run = ({ signal }: RunningJob<string>) => {
    began.resolve()
    return untilAborted(signal)
  }
  const { queue, store, enqueue } = await open([kindOf({ run, mostAttempts: 1 })])
  const id = await enqueue('gate')
  await began.promise
  await queue.stop()
  expect(await store.read((db) => jobById(db, id))).toMatchObject({ state: 'queued', attempts: 0 })
  await open([kindOf({})], store)
  expect(await until(store, id, ['done'])).toMatchObject({ attempts: 1 })
})

// Would catch: a clip that two processes write at once, since a dead desk left the first one behind.
test.skipIf(process.platform !== 'linux')(
  'a process that a dead desk left behind is ended before its job is run again',
  async () => {
    const left = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'])
    const exited = once(left, 'exit')
    const store = openTestStore()
    const began = Promise.withResolvers<void>()
    // Never hears of the next one, as if it had been killed.
    const dead = await open(
      [
        kindOf({
          run: async (job) => {
            await job.workedOnBy(left.pid ?? 0)
            began.resolve()
            return untilAborted(job.signal)
          },
        }),
      ],
      store,
    )
    const id = await dead.enqueue('gate')
    await began.promise
    let wasGone = false
    const run = () => {
      wasGone = startOfProcess(left.pid ?? 0) === null
      return Promise.resolve()
    }
    const queue = queueOn(store, [kindOf({ run })])
    await queue.start()
    await exited
    expect(await until(store, id, ['done'])).toMatchObject({ attempts: 2 })
    expect(wasGone).toBe(true)
    await queue.stop()
  },
)

// Would catch: a worker that was presumed dead and writes over what its successor has made.
test('a worker that has lost the lease can neither report progress nor finish, and writes under a name of its own', async () => {
  const store = openTestStore()
  const names: string[] = []
  const began = Promise.withResolvers<RunningJob<string>>()
  const slow = kindOf({
    run: (job) => {
      names.push(job.temporaryName('gate.mp4'))
      began.resolve(job)
      return untilAborted(job.signal)
    },
  })
  const { enqueue } = await open([slow], store)
  const id = await enqueue('gate')
  const job = await began.promise
  const next = queueOn(store, [
    kindOf({
      run: (again) => {
        names.push(again.temporaryName('gate.mp4'))
        return Promise.resolve()
      },
    }),
  ])
  await next.start()
  await until(store, id, ['done'])
  await expect(job.progress({ share: 0.5 })).rejects.toThrow('not this lease')
  expect(new Set(names).size).toBe(2)
  await next.stop()
})

test('a job that takes the desk with it each time is given up', async () => {
  const store = openTestStore()
  const began = Promise.withResolvers<void>()
  const run = ({ signal }: RunningJob<string>) => {
    began.resolve()
    return untilAborted(signal)
  }
  const { enqueue } = await open([kindOf({ run, mostAttempts: 1 })], store)
  const id = await enqueue('gate')
  await began.promise
  const next = queueOn(store, [kindOf({ mostAttempts: 1 })])
  await next.start()
  expect(await store.read((db) => jobById(db, id))).toMatchObject({
    state: 'failed',
    error: 'The desk ended while it ran.',
  })
  await next.stop()
})

test('an unknown kind is an error where it is queued, not a job that waits for ever', async () => {
  const { enqueue } = await open([kindOf({})])
  await expect(enqueue('gate', { kind: 'nothing' })).rejects.toThrow('no kind')
})

// Would catch: the two steps of one server in the wrong order, since the first one failed and waits for its next attempt.
test('jobs of a lane run one after the other in their order, also while the first one is tried again', async () => {
  const order: string[] = []
  const run = ({ payload, attempt }: RunningJob<string>) => {
    order.push(`${payload} ${attempt}`)
    return payload === 'first' && attempt === 1 ? Promise.reject(new Error('no')) : Promise.resolve()
  }
  const { store, enqueue } = await open([kindOf({ run, concurrency: 3, backoffMs: () => 50 })])
  await enqueue('first', { lane: 'hall' })
  const last = await enqueue('second', { lane: 'hall', priority: 9 })
  await until(store, await enqueue('beside', { lane: 'yard' }), ['done'])
  await until(store, last, ['done'])
  expect(order.filter((run) => run !== 'beside 1')).toEqual(['first 1', 'first 2', 'second 1'])
  expect(order.indexOf('beside 1')).toBeLessThan(2)
})

// Would catch: a server that answers again, whose left work waits for the rest of a pause that has grown to minutes.
test('what waits of a lane is run at once where that is asked for', async () => {
  const run = ({ attempt }: RunningJob<string>) =>
    attempt === 1 ? Promise.reject(new Error('no')) : Promise.resolve()
  const { queue, store, enqueue } = await open([kindOf({ run, backoffMs: () => 3_600_000 })])
  const id = await enqueue('gate', { lane: 'hall' })
  await until(store, id, ['queued'])
  await untilAttempted(store, id)
  await store.write({ audit: null, changes: [jobsQueued('clip')] }, (tx) => queue.makeLaneDue(tx, 'hall'))
  expect(await until(store, id, ['done'])).toMatchObject({ attempts: 2 })
})

/** The first attempt of a job has failed. */
async function untilAttempted(store: SqliteStore, id: string): Promise<void> {
  while ((await until(store, id, ['queued'])).error === '')
    await new Promise((resolve) => setTimeout(resolve, 2))
}

// Would catch: what a request began on Alta and nobody ever undoes, since the desk died before its answer.
test('a job that a request holds is done by nobody else, and by the queue once the desk has died or the request has failed', async () => {
  const runs: string[] = []
  const kind = kindOf({
    run: ({ payload }) => {
      runs.push(payload)
      return Promise.resolve()
    },
  })
  const store = openTestStore()
  const { queue, enqueue } = await open([kind], store)
  const finished = await queue.hold({ kind: 'clip', payload: 'finished' })
  const released = await queue.hold({ kind: 'clip', payload: 'released' })
  const cut = await queue.hold({ kind: 'clip', payload: 'cut' })
  await until(store, await enqueue('beside'), ['done'])
  expect(runs).toEqual(['beside'])
  await store.write({ audit: null }, (tx) => finished.finish(tx))
  await released.release()
  await until(store, released.id, ['done'])
  expect(runs).toEqual(['beside', 'released'])
  const next = queueOn(store, [kind])
  await next.start()
  await until(store, cut.id, ['done'])
  expect(runs).toEqual(['beside', 'released', 'cut'])
  // It has been done meanwhile: what the request wrote does not count any more.
  await expect(store.write({ audit: null }, (tx) => cut.finish(tx))).rejects.toThrow('not this lease')
  await next.stop()
})

// Would catch: the password of a server that anybody reads who gets the database, or that stays there for ever.
test('what is secret of a job is sealed, opened for its run, and gone with its end', async () => {
  const secrets: (string | null)[] = []
  const run = ({ secret }: RunningJob<string>) => {
    secrets.push(secret)
    return Promise.resolve()
  }
  const { store, enqueue } = await open([kindOf({ run })])
  const id = await enqueue('gate', { secret: 'violet-otter-42', runAt: Date.now() + 50 })
  const waiting = await until(store, id, ['queued'])
  expect(waiting.secretSealed).toMatch(/^v1:/)
  expect(JSON.stringify(waiting)).not.toContain('violet')
  expect(await until(store, id, ['done'])).toMatchObject({ secretSealed: null })
  expect(secrets).toEqual(['violet-otter-42'])
})

// Would catch: two of a work that there is once, since the desk was started twice.
test('a job of which there is one is queued once, and earlier where that is asked for', async () => {
  const { queue, store } = await open([kindOf({})])
  const once = (runAt: number): Promise<void> =>
    store.write({ audit: null }, (tx) =>
      queue.enqueueOnce(tx, { kind: 'clip', payload: '', lane: 'once', runAt }),
    )
  const [later, earlier] = [Date.now() + 2_000_000, Date.now() + 1_000_000]
  await once(later)
  await once(earlier)
  await once(later)
  const rows = await store.read((db) => openJobsOfLane(db, 'once'))
  expect(rows.map(({ runAt }) => runAt)).toEqual([earlier])
})

// Would catch: a worker whose heartbeats failed for long, which goes on beside the one that has its job now.
test('a heartbeat keeps a lease, and ends what works on one that is lost', async () => {
  const began = Promise.withResolvers<RunningJob<string>>()
  const run = (job: RunningJob<string>) => {
    began.resolve(job)
    return untilAborted(job.signal)
  }
  const { store, enqueue } = await open([kindOf({ run })], openTestStore(), 30)
  const id = await enqueue('gate')
  const { signal } = await began.promise
  const { leasedUntil } = await until(store, id, ['running'])
  while ((await until(store, id, ['running'])).leasedUntil === leasedUntil)
    await new Promise((resolve) => setTimeout(resolve, 2))
  expect(signal.aborted).toBe(false)
  const lost = new Promise<unknown>((resolve) =>
    signal.addEventListener('abort', () => resolve(signal.reason)),
  )
  await store.write({ audit: null }, (tx) =>
    updateJob(tx, id, { leaseId: 'another', leasedUntil: Date.now() + 3_600_000 }),
  )
  expect(await lost).toMatchObject({ name: 'LeaseLostError' })
})
