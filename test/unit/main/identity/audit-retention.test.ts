import { describe, expect, test } from 'vitest'
import { removeOldRows, runAuditRetention } from '../../../../main/identity/audit/worker.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { openStore } from '../../../../main/store/store.ts'
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
  return { options, clock, store: openTestStore(options) }
}

describe('retention', () => {
  test('removes what is older than it is kept, many batches if it must, and the rest is proven', async () => {
    const { options, clock, store } = await tenDays(600)
    const retentionMs = 5 * dayMs
    const removed = await removeOldRows({ store, clock, logger, retentionMs }, new AbortController().signal)
    expect(removed).toBe(5 * 600)
    expect(proveAuditOf(options.path, options.keyring)).toMatchObject({ removedUpTo: 3_000, broken: null })
    const actions = await store.read((db) =>
      db.select({ action: audit.action }).from(audit).orderBy(audit.seq).all(),
    )
    expect(actions.filter(({ action }) => action === 'wall.saved')).toHaveLength(3_000)
    expect(actions.filter(({ action }) => action === 'audit.trimmed')).toHaveLength(3)
  })

  test('keeps for ever where it is 0', async () => {
    const { clock, store } = await tenDays(1)
    expect(await removeOldRows({ store, clock, logger, retentionMs: 0 }, new AbortController().signal)).toBe(
      0,
    )
  })

  test('runs at once and then waits; it ends with the desk', async () => {
    const { clock, store } = await tenDays(2)
    const abort = new AbortController()
    const running = runAuditRetention({ store, clock, logger, retentionMs: 5 * dayMs }, abort.signal)
    await new Promise((resolve) => setImmediate(resolve))
    expect((await store.read((db) => db.select().from(audit).all())).map(({ seq }) => seq)[0]).toBe(11)
    abort.abort()
    await running
  })
})
