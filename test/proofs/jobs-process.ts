/**
 * A process with a job queue, to be killed at any moment: `node jobs-process.ts <folder> [drain]`. Queues jobs in writes of
 * its own, says in a file which of them were written, and does them. `drain` queues none and ends when all are done.
 */
import { appendFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { jobsQueued } from '../../main/jobs/job-changes.ts'
import type { JobKind, RunningJob } from '../../main/jobs/job-kinds.ts'
import { startJobProcess } from '../../main/jobs/job-process.ts'
import { JobQueue } from '../../main/jobs/job-queue.ts'
import { systemClock } from '../../main/platform/clock.ts'
import { newId } from '../../main/platform/ids.ts'
import { developmentStubKey, Keyring } from '../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../main/platform/logging.ts'
import { openStore } from '../../main/store/open-store.ts'
import type { Tx } from '../../main/store/store-types.ts'
import { deskValues } from '../../main/store/tables/desk.ts'
import { jobs } from '../../main/store/tables/jobs.ts'

interface Order {
  readonly order: string
  /** The job that queued this one; null where a request did. */
  readonly parent: string | null
}

const [folder = '', mode] = process.argv.slice(2)
const recordFile = join(folder, 'record')
const child = join(import.meta.dirname, 'jobs-child.ts')
const mostOpen = 24
const requested = ['step', 'step', 'step', 'child', 'child', 'child', 'stubborn', 'parent', 'doomed'] as const
const keyring = new Keyring([developmentStubKey])
const logger = openLogger({
  filter: parseLogFilter('error'),
  format: 'text',
  write: (line) => appendFileSync(join(folder, 'log'), `${line}\n`),
})
const store = openStore({
  path: join(folder, 'altavms.db'),
  connectTimeoutMs: 10_000,
  queryTimeoutMs: 5_000,
  migrationsFolder: join(import.meta.dirname, '../../resources/migrations'),
  keyring,
  logger,
  clock: systemClock,
})
const queue = new JobQueue({
  store,
  feed: store.feed,
  clock: systemClock,
  keyring,
  logger: logger.for('jobs'),
})

/** The name of a run is that of its lease. */
function runOf(job: RunningJob<Order>): string {
  return job.temporaryName('run')
}

function record(job: RunningJob<Order>, what: string): void {
  appendFileSync(recordFile, `${job.id} ${runOf(job)} ${what} ${process.pid}\n`)
}

/** The result of a job, in the transaction that finishes it: two of them are an error. */
function finish(
  job: RunningJob<Order>,
  more: (tx: Tx) => Promise<unknown> = async () => null,
): Promise<void> {
  return store.write({ audit: null, changes: [jobsQueued('step')] }, async (tx) => {
    await job.finish(tx)
    await tx.insert(deskValues).values({ key: `made ${job.id}`, value: runOf(job) })
    await more(tx)
  })
}

async function runStep(job: RunningJob<Order>): Promise<void> {
  record(job, 'start')
  await setTimeout(Math.random() * 10)
  if (Math.random() < 0.2) throw new Error('It fails sometimes.')
  record(job, 'end')
  await finish(job)
}

async function runParent(job: RunningJob<Order>): Promise<void> {
  record(job, 'start')
  const payload: Order = { order: newId(), parent: job.id }
  await finish(job, (tx) => queue.enqueue(tx, { kind: 'step', payload }))
}

async function runChild(job: RunningJob<Order>, more: readonly string[]): Promise<void> {
  record(job, 'start')
  const path = join(folder, `${job.id}.clip`)
  const temporaryFile = job.temporaryName(path)
  const args = [child, recordFile, job.id, runOf(job), temporaryFile, ...more]
  const started = await startJobProcess(job, process.execPath, args)
  started.child.stdin.write('go')
  const code = await started.ended
  if (code !== 0) throw new Error(`The child ended with ${code}.`)
  renameSync(temporaryFile, path)
  record(job, 'end')
  await finish(job)
}

function kind(name: string, run: JobKind<Order>['run'], concurrency: number, mostAttempts = Infinity): void {
  queue.register<Order>({ name, concurrency, mostAttempts, backoffMs: () => 5, run })
}

kind('step', runStep, 4)
kind('parent', runParent, 2)
kind('child', (job) => runChild(job, []), 2)
kind('stubborn', (job) => runChild(job, ['stubborn']), 1)
kind('doomed', () => Promise.reject(new Error('It always fails.')), 1, 3)

function openJobs(): Promise<number> {
  return store.read((db) => db.$count(jobs, sql`${jobs.state} in ('queued', 'running')`))
}

await queue.start()
process.stdout.write('ready\n')
if (mode === 'drain') {
  while ((await openJobs()) > 0) await setTimeout(20)
  await queue.stop()
  await store.close()
  process.exit(0)
}
for (;;) {
  if ((await openJobs()) >= mostOpen) {
    await setTimeout(5)
    continue
  }
  const order = newId()
  const name = requested[Math.floor(Math.random() * requested.length)] ?? 'step'
  const priority = Math.floor(Math.random() * 3)
  await store.write({ audit: null, changes: [jobsQueued(name)] }, async (tx) => {
    await tx.insert(deskValues).values({ key: `order ${order}`, value: name })
    await queue.enqueue(tx, { kind: name, payload: { order, parent: null } satisfies Order, priority })
  })
  appendFileSync(join(folder, 'acknowledged'), `${order}\n`)
}
