import type { Statement } from 'better-sqlite3'
import { brokenRecord } from './audit-breaks.ts'
import {
  brokenLink,
  chainStart,
  deskRecord,
  headName,
  hmacOf,
  lastRow,
  openPoint,
  readDeskValue,
  removedName,
  rowOf,
  sealedHead,
  sealPoint,
  signedColumns,
  writeDeskValue,
} from './audit-chain.ts'
import type { ChainedRow, ChainKeys, ChainPoint } from './audit-chain.ts'
import type { SqliteConnection } from './connection.ts'
import type { AuditRecord } from './store-types.ts'

interface Statements {
  readonly last: Statement<[], { seq: number | null }>
  readonly insert: Statement
  readonly head: Statement<[string, string]>
}

/**
 * Writes the audit log: every row carries an HMAC over itself and the row before it, and the sealed head says where
 * the log ends. The head is kept in memory too, so that nobody can move it while the desk runs. Every method is called
 * inside a transaction, of which `committed` or `undone` then tells the end.
 */
export class AuditLog {
  readonly #keys: ChainKeys
  readonly #statements = new WeakMap<SqliteConnection, Statements>()
  #head: ChainPoint
  #pending: ChainPoint | null = null

  private constructor(keys: ChainKeys, head: ChainPoint) {
    this.#keys = keys
    this.#head = head
  }

  /**
   * Begins the chain, and chains the rows of a log from before there was one. Only where the database is made, or
   * brought up to the schema that has the chain, and in that very transaction: anywhere else a log without a chain is
   * one that was stripped of it.
   */
  static begin(connection: SqliteConnection, keys: ChainKeys, now: number): void {
    const { seq, hmac, rows } = chainOldRows(connection, keys)
    writeDeskValue(connection, headName, sealPoint(headName, { seq, hmac }, keys))
    if (rows === 0) return
    // A schema that was set back, so that the log is chained anew, shows this row at a time of its own.
    new AuditLog(keys, { seq, hmac }).append(connection, [chainedRecord(rows)], now)
  }

  /** Takes up the log where it ended. What was altered meanwhile is recorded, and never signed as if it were genuine. */
  static resume(
    connection: SqliteConnection,
    keys: ChainKeys,
    finding: string | null,
    now: number,
  ): AuditLog {
    const sealed = sealedHead(connection, keys)
    const head = sealed ?? { seq: lastRow(connection)?.seq ?? 0, hmac: brokenLink }
    const log = new AuditLog(keys, head)
    if (finding !== null) {
      log.append(connection, [brokenRecord(finding, head)], now)
      log.committed()
    }
    return log
  }

  /** Where the log ends, as far as it is committed. */
  get head(): ChainPoint {
    return this.#head
  }

  /** Writes rows behind the last one, and the seal behind them. */
  append(connection: SqliteConnection, records: readonly AuditRecord[], at: number): void {
    if (records.length === 0) return
    const { last, insert, head } = this.#statementsOf(connection)
    const [keyId, key] = [this.#keys.activeId, this.#activeKey()]
    let { seq, hmac } = this.#pending ?? this.#head
    // Somebody may have put a row behind the last one; that one never holds, but ours must find room.
    seq = Math.max(seq, last.get()?.seq ?? 0)
    for (const record of records) {
      seq += 1
      const row = { ...rowOf(record, at), seq, key_id: keyId }
      hmac = hmacOf(key, hmac, row)
      insert.run({ ...row, hmac })
    }
    this.#pending = { seq, hmac }
    head.run(headName, sealPoint(headName, this.#pending, this.#keys))
  }

  /**
   * Removes up to `limit` of the oldest rows that were written before `at`, and leaves a sealed anchor to which the
   * oldest one left is linked. Stops at a row that does not hold: what was tampered with is not swept away. Returns how
   * many were removed, and the number of the last.
   */
  trim(
    connection: SqliteConnection,
    at: number,
    limit: number,
  ): { readonly removed: number; readonly lastSeq: number } {
    const old = connection
      .prepare<[number], ChainedRow>('select * from audit order by seq limit ?')
      .all(limit)
    const anchor = readDeskValue(connection, removedName)
    let point = anchor === null ? chainStart : openPoint(removedName, anchor, this.#keys)
    let removed = 0
    for (const row of old) {
      const key = this.#keys.key(row.key_id)
      if (!point || !key || Number(row.at) >= at || hmacOf(key, point.hmac, row) !== row.hmac) break
      point = { seq: row.seq, hmac: row.hmac }
      removed += 1
    }
    if (!point || removed === 0) return { removed: 0, lastSeq: 0 }
    writeDeskValue(connection, removedName, sealPoint(removedName, point, this.#keys))
    connection.prepare('delete from audit where seq <= ?').run(point.seq)
    return { removed, lastSeq: point.seq }
  }

  committed(): void {
    this.#head = this.#pending ?? this.#head
    this.#pending = null
  }

  undone(): void {
    this.#pending = null
  }

  #activeKey(): Buffer {
    const key = this.#keys.key(this.#keys.activeId)
    if (!key) throw new Error('The active key of the key ring cannot be derived from.')
    return key
  }

  #statementsOf(connection: SqliteConnection): Statements {
    const known = this.#statements.get(connection)
    if (known) return known
    const names = [...signedColumns, 'hmac']
    const statements: Statements = {
      last: connection.prepare('select max(seq) as seq from audit'),
      insert: connection.prepare(
        `insert into audit (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map((name) => `@${name}`).join(', ')})`,
      ),
      head: connection.prepare(
        'insert into desk_values (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
      ),
    }
    this.#statements.set(connection, statements)
    return statements
  }
}

function chainOldRows(connection: SqliteConnection, keys: ChainKeys): ChainPoint & { readonly rows: number } {
  const key = keys.key(keys.activeId)
  if (!key) throw new Error('The active key of the key ring cannot be derived from.')
  const update = connection.prepare('update audit set key_id = ?, hmac = ? where seq = ?')
  const page = connection.prepare<[number], ChainedRow>(
    'select * from audit where seq > ? order by seq limit 1000',
  )
  let [{ seq, hmac }, rows] = [chainStart, 0]
  for (let found = page.all(0); found.length > 0; found = page.all(seq)) {
    for (const row of found) {
      hmac = hmacOf(key, hmac, { ...row, key_id: keys.activeId })
      seq = row.seq
      rows += 1
      update.run(keys.activeId, hmac, seq)
    }
  }
  return { seq, hmac, rows }
}

function chainedRecord(rows: number): AuditRecord {
  return { ...deskRecord('audit.chained'), after: { rows } }
}
