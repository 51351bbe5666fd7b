import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { seededRandom } from '../fixtures/seeded-random.ts'
import type { Proof } from './proof.ts'

const seed = 20_261_122
const script = join(import.meta.dirname, 'jobs-process.ts')
const longestLifeMs = 700
/** So many are killed at an instant from their very start, the others from when their queue runs. */
const earlyShare = 0.2
const mostFailures = 20

interface Job {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly attempts: number
  readonly order: string
  readonly parent: string | null
}

/**
 * A process with a queue is killed (SIGKILL) at random instants while it queues jobs and does them, some with children
 * that outlive it. Afterwards every job has ended as it must, with one result; no two runs of a job overlapped; and no
 * run wrote into the file of another.
 */
export const jobs: Proof = {
  name: 'jobs',
  defaultCount: 300,
  counts: 'kills',
  async run(count) {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-jobs-'))
    const random = seededRandom(seed)
    try {
      for (let kill = 0; kill < count; kill += 1)
        await live(folder, random() < earlyShare, random() * longestLifeMs)
      const drained = await drain(folder)
      const rows = readJobs(folder)
      const runs = runsOf(folder)
      const failures = [
        ...drained,
        ...checkJobs(folder, rows),
        ...checkOverlaps(runs),
        ...checkFiles(folder),
        ...checkReach(rows, runs),
      ].slice(0, mostFailures)
      const again = rows.filter(({ attempts, kind }) => attempts > 1 && kind !== 'doomed').length
      const claim = `killed while jobs are queued and done, none is lost and none runs twice at once (${rows.length} jobs, ${again} of them begun again, seed ${seed})`
      return { claim, tries: count, failures }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function live(folder: string, isEarly: boolean, lifeMs: number): Promise<void> {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  if (!isEarly) await Promise.race([once(child.stdout, 'data'), gone])
  await Promise.race([setTimeout(lifeMs), gone])
  if (child.exitCode !== null) throw new Error('The process with the queue ended by itself.')
  child.kill('SIGKILL')
  await gone
}

async function drain(folder: string): Promise<string[]> {
  const child = spawn(process.execPath, [script, folder, 'drain'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0 ? [] : [`the last process ended with ${code}`]
}

function lines(folder: string, file: string): string[] {
  const path = join(folder, file)
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
}

function query<Row>(folder: string, text: string): Row[] {
  const database = new Database(join(folder, 'altavms.db'), { readonly: true })
  try {
    return database.prepare(text).all() as Row[]
  } finally {
    database.close()
  }
}

function readJobs(folder: string): Job[] {
  return query<Job>(
    folder,
    `select id, kind, state, attempts, payload ->> 'order' as "order", payload ->> 'parent' as parent from jobs`,
  )
}

/** Every order has its one job, every job the one end that its kind has, and every job that was done its one result. */
function checkJobs(folder: string, rows: readonly Job[]): string[] {
  const failures: string[] = []
  const [{ sound } = { sound: '' }] = query<{ sound: string }>(
    folder,
    'select integrity_check as sound from pragma_integrity_check',
  )
  if (sound !== 'ok') failures.push(`integrity_check says ${sound}`)
  const keys = new Set(query<{ key: string }>(folder, 'select key from desk_values').map(({ key }) => key))
  for (const order of lines(folder, 'acknowledged'))
    if (!keys.has(`order ${order}`)) failures.push(`order ${order} was acknowledged and is lost`)
  const requested = new Set(rows.filter(({ parent }) => parent === null).map(({ order }) => order))
  for (const key of keys)
    if (key.startsWith('order ') && !requested.has(key.slice('order '.length)))
      failures.push(`${key} has no job`)
  if (new Set(rows.map(({ order }) => order)).size !== rows.length) failures.push('an order has two jobs')
  for (const { id, kind, state } of rows) {
    const wanted = kind === 'doomed' ? 'failed' : 'done'
    if (state !== wanted) failures.push(`the ${kind} ${id} is ${state}, not ${wanted}`)
    if (keys.has(`made ${id}`) !== (wanted === 'done'))
      failures.push(`the result of the ${kind} ${id} is wrong`)
    const children = rows.filter(({ parent }) => parent === id).length
    if (children !== (kind === 'parent' ? 1 : 0)) failures.push(`the ${kind} ${id} queued ${children} jobs`)
  }
  return failures
}

/** The runs of each job in the order of what they wrote, one entry for each time that another one wrote. */
function runsOf(folder: string): Map<string, string[]> {
  const runs = new Map<string, string[]>()
  for (const line of lines(folder, 'record')) {
    const [job = '', run = ''] = line.split(' ')
    const known = runs.get(job) ?? []
    if (known.at(-1) !== run) runs.set(job, [...known, run])
  }
  return runs
}

/** A run that writes again after a later one has begun was at work beside it. */
function checkOverlaps(runs: ReadonlyMap<string, readonly string[]>): string[] {
  return [...runs].flatMap(([job, found]) =>
    new Set(found).size === found.length ? [] : [`two runs of ${job} overlapped: ${found.join(', ')}`],
  )
}

/** Each file was written by one run: the one whose name it has, as far as it is a temporary one. */
function checkFiles(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.clip') || name.endsWith('.tmp'))
  const failures = files.length === 0 ? ['no file was written'] : []
  for (const name of files) {
    const writers = new Set(lines(folder, name).map((line) => line.split(' ')[1] ?? ''))
    const [writer = ''] = writers
    if (writers.size > 1) failures.push(`${name} was written by ${[...writers].join(', ')}`)
    if (name.endsWith('.tmp') && writer !== '' && !name.endsWith(writer.slice('run'.length)))
      failures.push(`${name} was written by ${writer}`)
  }
  return failures
}

/** Otherwise the kills have proved nothing. */
function checkReach(rows: readonly Job[], runs: ReadonlyMap<string, readonly string[]>): string[] {
  const cut = (kind: string): boolean =>
    rows.some((row) => row.kind === kind && (runs.get(row.id)?.length ?? 0) > 1)
  return ['child', 'stubborn', 'step'].filter((kind) => !cut(kind)).map((kind) => `no ${kind} was cut off`)
}
