import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import { encryptionKey, Keyring } from '../../../../main/platform/keyring.ts'
import { proveAuditOf } from '../../../../main/store/audit-proof.ts'
import type { AuditProof } from '../../../../main/store/audit-proof.ts'
import type { AuditRecord } from '../../../../main/store/store-types.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import type { StoreOptions } from '../../../../main/store/store.ts'
import { storeOptions } from './open-test-store.ts'

export const firstKey = encryptionKey(randomBytes(32))
/** The keys of the desk under test; whoever tampers has none. */
export const ring = new Keyring([firstKey])

/** The row of something that a guard did. */
export function recordOf(number: number): AuditRecord {
  return {
    action: 'wall.saved',
    actorId: 'u1',
    actorName: 'guard@desk',
    door: 'http',
    remoteAddress: '127.0.0.1',
    requestId: `r${number}`,
    outcome: 'done',
    target: { kind: 'wall', id: 'w1', name: `Wall ${number}` },
    before: number % 2 ? { number } : null,
    after: { number },
  }
}

/** A stopped desk's database whose log has `rows` rows. */
export async function databaseWith(rows: number, changes: Partial<StoreOptions> = {}): Promise<StoreOptions> {
  const options = storeOptions({ keyring: ring, ...changes })
  await write(options, rows)
  return options
}

/** Starts a desk's store, adds `rows` rows and stops it. */
export async function write(options: StoreOptions, rows: number): Promise<void> {
  const store = openStore(options)
  for (let number = 1; number <= rows; number += 1) {
    // Both connections write the one log in turn.
    await store.write({ audit: recordOf(number), durable: number % 3 !== 0 }, () => undefined)
  }
  await store.close()
}

/** What somebody does who can write the file but has no key. */
export function tamper({ path }: StoreOptions, work: (database: Database.Database) => void): void {
  const database = new Database(path)
  database.exec('drop trigger if exists audit_unchangeable; drop trigger if exists audit_unremovable')
  work(database)
  database.close()
}

/** With `anchorFile`, against those anchors too. */
export function prove({ path }: StoreOptions, keyring = ring, anchorFile: string | null = null): AuditProof {
  return proveAuditOf(path, keyring, anchorFile)
}
