// The peer of the store: the synchronous seam that the desk had before, two connections in one thread.
import type { Statement } from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import {
  ChainKeys,
  headName,
  hmacOf,
  rowOf,
  sealedHead,
  sealPoint,
  signedColumns,
} from '../../../main/store/audit-chain.ts'
import type { ChainPoint } from '../../../main/store/audit-chain.ts'
import { openConnection, withPreparedStatements } from '../../../main/store/connection.ts'
import type { SqliteConnection } from '../../../main/store/connection.ts'
import type { Keyring } from '../../../main/platform/keyring.ts'
import type { AuditRecord } from '../../../main/store/store-types.ts'

interface Channel {
  readonly connection: SqliteConnection
  readonly builder: BetterSQLite3Database
  readonly last: Statement<[], { seq: number | null }>
  readonly insert: Statement
  readonly head: Statement<[string, string]>
}

/** Reads and writes as the desk did: one synchronous function for each, and the head of the audit log in memory. */
export class SynchronousStore {
  readonly #keys: ChainKeys
  readonly #durable: Channel
  readonly #events: Channel
  #head: ChainPoint

  constructor(path: string, keyring: Keyring) {
    this.#durable = openChannel(path, 'FULL')
    this.#events = openChannel(path, 'NORMAL')
    this.#keys = new ChainKeys(this.#durable.connection, keyring)
    this.#head = sealedHead(this.#durable.connection, this.#keys) ?? { seq: 0, hmac: '' }
  }

  read<T>(query: (db: BetterSQLite3Database) => T): T {
    return query(this.#durable.builder)
  }

  write<T>(audit: AuditRecord, durable: boolean, change: (tx: BetterSQLite3Database) => T): T {
    const channel = durable ? this.#durable : this.#events
    return channel.connection
      .transaction(() => {
        const result = change(channel.builder)
        this.#append(channel, audit)
        return result
      })
      .immediate()
  }

  close(): void {
    this.#events.connection.close()
    this.#durable.connection.close()
  }

  #append({ last, insert, head }: Channel, record: AuditRecord): void {
    const keyId = this.#keys.activeId
    const key = this.#keys.key(keyId)
    if (!key) throw new Error('There is no key.')
    const seq = Math.max(this.#head.seq, last.get()?.seq ?? 0) + 1
    const row = { ...rowOf(record, Date.now()), seq, key_id: keyId }
    const hmac = hmacOf(key, this.#head.hmac, row)
    insert.run({ ...row, hmac })
    this.#head = { seq, hmac }
    head.run(headName, sealPoint(headName, this.#head, this.#keys))
  }
}

function openChannel(path: string, synchronous: 'FULL' | 'NORMAL'): Channel {
  const connection = openConnection({ path, connectTimeoutMs: 1_000, synchronous })
  const names = [...signedColumns, 'hmac']
  return {
    connection,
    builder: drizzle({ client: withPreparedStatements(connection) }),
    last: connection.prepare('select max(seq) as seq from audit'),
    insert: connection.prepare(
      `insert into audit (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map((name) => `@${name}`).join(', ')})`,
    ),
    head: connection.prepare(
      'insert into desk_values (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    ),
  }
}
