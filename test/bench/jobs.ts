import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobsQueued } from '../../main/jobs/job-changes.ts'
import { JobQueue } from '../../main/jobs/job-queue.ts'
import { systemClock } from '../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../main/platform/logging.ts'
import { openStore } from '../../main/store/open-store.ts'
import { deskValues } from '../../main/store/tables/desk.ts'
import { floorRow, median } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const rounds = 5
const jobsInRound = 2_000
const goal = 500
const kind = 'bench'
const keyring = new Keyring([developmentStubKey])
const logger = openLogger({ filter: parseLogFilter('error'), format: 'text', write: () => undefined })

/**
 * Jobs that are queued one by one, each in a durable write with the row that it belongs to, and done at once, from the
 * first that is queued to the last that is finished.
 */
export const jobsBench: Bench = {
  name: 'jobs',
  async run(): Promise<BenchRow[]> {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-jobs-'))
    const store = openStore({
      path: join(folder, 'altavms.db'),
      connectTimeoutMs: 1_000,
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
    let [left, over] = [0, Promise.withResolvers<void>()]
    queue.register({
      name: kind,
      concurrency: 4,
      mostAttempts: 1,
      backoffMs: () => 0,
      run: async () => {
        await Promise.resolve()
        left -= 1
        if (left === 0) over.resolve()
      },
    })
    const perSecond: number[] = []
    try {
      for (let round = 0; round <= rounds; round += 1) {
        ;[left, over] = [jobsInRound, Promise.withResolvers<void>()]
        await queue.start()
        const begun = performance.now()
        for (let time = 0; time < jobsInRound; time += 1)
          await store.write({ audit: null, changes: [jobsQueued(kind)] }, async (tx) => {
            await tx.insert(deskValues).values({ key: `bench ${round} ${time}`, value: 'x' })
            await queue.enqueue(tx, { kind, payload: time })
          })
        await over.promise
        // Writes the end of the last ones.
        await queue.stop()
        // The first round warms up.
        if (round > 0) perSecond.push((jobsInRound * 1_000) / (performance.now() - begun))
      }
    } finally {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    }
    return [floorRow('jobs: queued and finished on SQLite', '/s', median(perSecond), goal)]
  },
}
