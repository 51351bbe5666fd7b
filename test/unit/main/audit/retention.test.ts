import { eq } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { auditRetention } from '../../../../main/audit/worker.ts'
import { jobsQueued } from '../../../../main/jobs/job-changes.ts'
import { JobQueue } from '../../../../main/jobs/job-queue.ts'
import { openJobsOfLane, updateJob } from '../../../../main/jobs/queries.ts'
import type { JobRow } from '../../../../main/jobs/queries.ts'
import { Bus } from '../../../../main/platform/bus.ts'
import { developmentStubKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { PartsHealth } from '../../../../main/platform/service-health.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import type { SqliteStore } from '../../../../main/store/store.ts'
import { proveAuditOf } from '../../../../main/store/audit-proof.ts'
import { audit } from '../../../../main/store/tables/desk.ts'
import { openTestStore, storeOptions } from '../store/open-test-store.ts'

const dayMs = 24 * 3_600_000
const logger = openLogger({ filter: parseLogFilter('error'), format: 'text', write: () => undefined }).for(
  'x',
)
const record = {
  action: 'wall.saved',
  actorId: 'u1',
  actorName: 'guard@desk',
  door: 'http',
  remoteAddress: '',
  requestId: '',
  outcome: 'done',
  target: null,
  before: null,
  after: null,
} as const

/** A log with as many rows as said on each of ten days. */
async function tenDays(rowsEach: number) {
  let now = dayMs
  const clock = { now: () => now, monotonicMs: () => now }
  const options = storeOptions({ clock })
  const store = openStore(options)
  for (let day = 0; day < 10; day += 1) {
    await store.write({ audit: Array.from({ length: rowsEach }, () => record) }, () => undefined)
    now += dayMs
  }
  await store.close()
  const pass = (ms: number): void => void (now += ms)
  return { options, clock, pass, store: openTestStore(options) }
}

/** A desk that keeps rows for five days, until the test ends; `stop` ends it as a desk does. */
async function startRetention(
  { store, clock }: Awaited<ReturnType<typeof tenDays>>,
  retentionMs = 5 * dayMs,
) {
  const [bus, keyring] = [new Bus(() => undefined), new Keyring([developmentStubKey])]
  const jobs = new JobQueue({ store, feed: store.feed, clock, keyring, logger })
  const health = new PartsHealth(bus)
  const retention = auditRetention({ store, jobs, health, clock, logger, retentionMs })
  const stop = () => jobs.stop()
  onTestFinished(stop)
  await jobs.start()
  await retention.start(new AbortController().signal)
  return { stop, health }
}

function retentionJobs(store: SqliteStore): Promise<JobRow[]> {
  return store.read((db) => openJobsOfLane(db, 'audit.retention'))
}

/** The job has run, and the next one waits. */
async function untilNext(store: SqliteStore, now: number): Promise<JobRow[]> {
  for (;;) {
    const rows = await retentionJobs(store)
    if (rows.some(({ state, runAt }) => state === 'queued' && runAt > now)) return rows
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function savedRows(store: SqliteStore): Promise<{ seq: number }[]> {
  return store.read((db) =>
    db.select({ seq: audit.seq }).from(audit).where(eq(audit.action, 'wall.saved')).orderBy(audit.seq),
  )
}

describe('retention', () => {
  test('removes what is older than it is kept, many batches if it must, and the rest is proven', async () => {
    const desk = await tenDays(600)
    const { options, clock, store } = desk
    await startRetention(desk)
    await untilNext(store, clock.now())
    expect(proveAuditOf(options.path, options.keyring)).toMatchObject({ removedUpTo: 3_000, broken: null })
    expect(await savedRows(store)).toHaveLength(3_000)
    const trimmed = await store.read((db) => db.select().from(audit).where(eq(audit.action, 'audit.trimmed')))
    expect(trimmed).toHaveLength(3)
  })

  test('keeps for ever where it is 0', async () => {
    const desk = await tenDays(1)
    await startRetention(desk, 0)
    await untilNext(desk.store, desk.clock.now())
    expect(await savedRows(desk.store)).toHaveLength(10)
  })

  // Would catch: a retention that runs twice a day after the second start, or never again after a crash in its middle.
  test('runs at each start and a day later; exactly one is queued whatever ends the desk', async () => {
    const desk = await tenDays(2)
    const { clock, store } = desk
    const first = await startRetention(desk)
    const tomorrow = clock.now() + dayMs
    expect((await untilNext(store, clock.now())).map(({ runAt }) => runAt)).toEqual([tomorrow])
    await first.stop()
    // Killed while it ran.
    await store.write({ audit: null }, async (tx) => {
      const [{ id } = { id: '' }] = await openJobsOfLane(tx, 'audit.retention')
      await updateJob(tx, id, { state: 'running', leaseId: 'dead', leasedUntil: 0, attempts: 1 })
    })
    await startRetention(desk)
    expect(await untilNext(store, clock.now())).toHaveLength(1)
    desk.pass(dayMs / 2)
    await startRetention(desk)
    const waiting = await untilNext(store, tomorrow)
    expect(waiting.map(({ runAt }) => runAt)).toEqual([clock.now() + dayMs])
  })

  // Would catch: a log that grows for ever, and nobody who learns of it.
  test('says that it does not work, and goes on', async () => {
    const desk = await tenDays(1)
    const { store } = desk
    const trimAudit = store.trimAudit.bind(store)
    const failed = new Error('no')
    store.trimAudit = () => Promise.reject(failed)
    const { health } = await startRetention(desk)
    while ((await retentionJobs(store))[0]?.error !== 'no')
      await new Promise((resolve) => setTimeout(resolve, 2))
    expect(health.degraded()).toMatchObject([{ part: 'audit retention' }])
    store.trimAudit = trimAudit
    desk.pass(1_000)
    await store.write({ audit: null, changes: [jobsQueued('audit.retention')] }, () => undefined)
    await untilNext(store, desk.clock.now())
    expect(health.degraded()).toEqual([])
  })
})
