import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { systemClock } from '../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../main/platform/logging.ts'
import { openStore } from '../../main/store/open-store.ts'
import type { AuditRecord, Store } from '../../main/store/store-types.ts'
import { factRow, quantile } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const writes = 1_500

/** What a durable write costs with its row of the audit log, beside the same write without one, taken in turns. */
export const auditWrite: Bench = {
  name: 'audit-write',
  async run(): Promise<BenchRow[]> {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-audit-write-'))
    const store = openStore({
      path: join(folder, 'altavms.db'),
      connectTimeoutMs: 1_000,
      queryTimeoutMs: 5_000,
      migrationsFolder: join(import.meta.dirname, '../../resources/migrations'),
      keyring: new Keyring([developmentStubKey]),
      logger: openLogger({ filter: parseLogFilter('error'), format: 'text', write: () => undefined }),
      clock: systemClock,
    })
    try {
      await store.write({ audit: null }, (tx) => tx.run(sql`create table saves (number integer not null)`))
      const plain: number[] = []
      const audited: number[] = []
      for (let number = 0; number < writes; number += 1) {
        plain.push(await saveMs(store, number, null))
        audited.push(await saveMs(store, number, record(number)))
      }
      return [0.5, 0.99].map((share) => row(share, plain, audited))
    } finally {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

function row(share: number, plain: readonly number[], audited: readonly number[]): BenchRow {
  const [without, ours] = [quantile(plain, share), quantile(audited, share)]
  const against = `without audit: ${without.toPrecision(3)} ms`
  return factRow(`durable write with audit, p${share * 100}`, 'ms', ours, against, ours / without)
}

async function saveMs(store: Store, number: number, audit: AuditRecord | null): Promise<number> {
  const startedAt = performance.now()
  await store.write({ audit }, (tx) => tx.run(sql`insert into saves values (${number})`))
  return performance.now() - startedAt
}

function record(number: number): AuditRecord {
  return {
    action: `bench.saved_${number % 20}`,
    actorId: `0190a6a0-0000-7000-8000-${String(number % 50).padStart(12, '0')}`,
    actorName: `person-${number % 50}`,
    door: 'http',
    remoteAddress: '127.0.0.1',
    requestId: `request-${number}`,
    outcome: 'done',
    target: null,
    before: { name: `before ${number}` },
    after: { name: `after ${number}` },
  }
}
