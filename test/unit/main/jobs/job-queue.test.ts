import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { jobCancelRequested, JobQueue, jobsQueued } from '../../../../main/jobs/job-queue.ts'
import type { JobKind, RunningJob } from '../../../../main/jobs/job-kinds.ts'
import { jobById } from '../../../../main/jobs/queries.ts'
import type { JobRow } from '../../../../main/jobs/queries.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import type { SqliteStore } from '../../../../main/store/store.ts'
import { deskValues } from '../../../../main/store/tables/desk.ts'
import { openTestStore } from '../store/open-test-store.ts'

const logger = openLogger({
  filter: parseLogFilter('error'),
  format: 'text',
  write: () => undefined,
}).for('jobs')

function kindOf(changes: Partial<JobKind<string>>): JobKind<string> {
  return {
    name: 'clip',
    concurrency: 1,
    mostAttempts: 3,
    backoffMs: () => 1,
    run: () => Promise.resolve(undefined),
    ...changes,
  }
}

/** Works until it is told to end. */
function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

async function open(kinds: readonly JobKind<string>[], store = openTestStore(), leaseMs = 30_000) {
  const queue = new JobQueue({ store, feed: store.feed, clock: systemClock, logger, leaseMs })
  for (const kind of kinds) queue.register(kind)
  await queue.start()
  onTestFinished(() => queue.stop())
  const enqueue = (payload: string, more: { kind?: string; priority?: number; runAt?: number } = {}) => {
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
  const run = ({ payload }: RunningJob<string>) => {
    runs.push(payload)
    return Promise.resolve({
      finish: async (tx: Parameters<JobQueue['enqueue']>[0]) => {
        await tx.insert(deskValues).values({ key: 'made', value: payload })
        return []
      },
    })
  }
  const { queue, store, enqueue } = await open([kindOf({ run })])
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
    return undefined
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
  const cancel = (id: string): Promise<boolean> =>
    store.write({ audit: null, changes: [jobCancelRequested(id)] }, (tx) => queue.cancel(tx, id))
  expect(await cancel(waiting)).toBe(true)
  expect(await cancel(running)).toBe(true)
  expect(await until(store, running, ['cancelled'])).toMatchObject({ error: '' })
  expect(await store.read((db) => jobById(db, waiting))).toMatchObject({ state: 'cancelled', attempts: 0 })
  const done = await enqueue('done', { kind: 'quick' })
  await until(store, done, ['done'])
  expect(await cancel(done)).toBe(false)
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
            await job.workedOnBy({ pid: left.pid ?? 0 })
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
      wasGone = left.signalCode === 'SIGKILL'
      return Promise.resolve(undefined)
    }
    const queue = new JobQueue({ store, feed: store.feed, clock: systemClock, logger })
    queue.register(kindOf({ run }))
    await queue.start()
    await exited
    expect(await until(store, id, ['done'])).toMatchObject({ attempts: 2 })
    expect(wasGone).toBe(true)
    await queue.stop()
  },
)

// Would catch: a worker that was presumed dead and writes over what its successor has made.
test('whoever has lost the lease can neither report progress nor finish, and writes under a name of its own', async () => {
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
  const next = new JobQueue({ store, feed: store.feed, clock: systemClock, logger })
  next.register(
    kindOf({
      run: (again) => {
        names.push(again.temporaryName('gate.mp4'))
        return Promise.resolve(undefined)
      },
    }),
  )
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
  const next = new JobQueue({ store, feed: store.feed, clock: systemClock, logger })
  next.register(kindOf({ mostAttempts: 1 }))
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
