import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { systemClock } from '../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../main/platform/logging.ts'
import { openStore } from '../../main/store/open-store.ts'
import type { AuditRecord, Store } from '../../main/store/store-types.ts'
import { deskValues } from '../../main/store/tables/desk.ts'
import { median, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'
import { SynchronousStore } from './peers/synchronous-store.ts'

const rounds = 21
const readsInRound = 2_000
const writesInRound = 400
const keyring = new Keyring([developmentStubKey])
const logger = openLogger({ filter: parseLogFilter('error'), format: 'text', write: () => undefined })

/** The store beside the synchronous one that it replaced, each on a database of its own, taken in turns. */
export const storeSeam: Bench = {
  name: 'store-seam',
  async run(): Promise<BenchRow[]> {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-store-seam-'))
    const options = {
      connectTimeoutMs: 1_000,
      queryTimeoutMs: 5_000,
      migrationsFolder: join(import.meta.dirname, '../../resources/migrations'),
      keyring,
      logger,
      clock: systemClock,
    }
    const peerPath = join(folder, 'peer.db')
    await openStore({ ...options, path: peerPath }).close()
    const peer = new SynchronousStore(peerPath, keyring)
    const store = openStore({ ...options, path: join(folder, 'altavms.db') })
    try {
      return [
        await compare(
          'one row by its key',
          readsInRound,
          () => readOurs(store),
          () => readTheirs(peer),
        ),
        await compare(
          'write with audit, NORMAL',
          writesInRound,
          () => writeOurs(store),
          () => writeTheirs(peer),
        ),
      ]
    } finally {
      await store.close()
      peer.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function compare(
  name: string,
  count: number,
  ours: () => Promise<void>,
  theirs: () => void,
): Promise<BenchRow> {
  const [mine, others]: [number[], number[]] = [[], []]
  for (let round = 0; round <= rounds; round += 1) {
    const begun = performance.now()
    for (let time = 0; time < count; time += 1) await ours()
    const between = performance.now()
    for (let time = 0; time < count; time += 1) theirs()
    // The first round warms both up.
    if (round === 0) continue
    mine.push((count * 1_000) / (between - begun))
    others.push((count * 1_000) / (performance.now() - between))
  }
  return ratioRow(`store: ${name}`, '/s', median(mine), 'the synchronous store before it', median(others), {
    atLeast: 0.9,
  })
}

async function readOurs(store: Store): Promise<void> {
  await store.read((db) => db.select().from(deskValues).where(eq(deskValues.key, 'audit_head')))
}

function readTheirs(peer: SynchronousStore): void {
  peer.read((db) => db.select().from(deskValues).where(eq(deskValues.key, 'audit_head')).all())
}

let number = 0

async function writeOurs(store: Store): Promise<void> {
  await store.write({ audit: record, durable: false }, (tx) => tx.insert(deskValues).values(nextValue()))
}

function writeTheirs(peer: SynchronousStore): void {
  peer.write(record, false, (tx) => tx.insert(deskValues).values(nextValue()).run())
}

function nextValue(): typeof deskValues.$inferInsert {
  number += 1
  return { key: `bench ${number}`, value: 'x' }
}

const record: AuditRecord = {
  action: 'bench.saved',
  actorId: null,
  actorName: 'bench',
  door: 'desk',
  remoteAddress: '',
  requestId: '',
  outcome: 'done',
  target: null,
  before: null,
  after: { name: 'after' },
}
