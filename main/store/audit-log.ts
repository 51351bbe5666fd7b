import type { Statement } from 'better-sqlite3'
import { brokenRecord } from './audit-breaks.ts'
import {
  brokenLink,
  chainStart,
  deskRecord,
  headName,
  hmacOf,
  isSame,
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

const alteredFinding =
  'The seal behind its last row was altered, or set back, while the desk ran: rows may have been removed, changed or forged.'

interface Statements {
  readonly last: Statement<[], { seq: number | null }>
  readonly insert: Statement
  readonly head: Statement<[string], { value: string }>
  readonly putHead: Statement<[string, string]>
}

/**
 * Writes the audit log: every row carries an HMAC over itself and the row before it, and the sealed head, which is read
 * and written in the same transaction, says where the log ends. Every method is called inside a transaction, of which
 * `committed` or `undone` then tells the end.
 */
export class AuditLog {
  readonly #keys: ChainKeys
  readonly #statements = new WeakMap<SqliteConnection, Statements>()
  /** The newest head that was committed: whoever sets the log back while the desk runs is noticed by it. */
  #seen: ChainPoint
  #pending: ChainPoint | null = null
  /** The head that was sealed last, and how it is written. */
  #sealed: { readonly point: ChainPoint; readonly text: string } | null = null

  private constructor(keys: ChainKeys, seen: ChainPoint) {
    this.#keys = keys
    this.#seen = seen
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
      log.#write(connection, head, [brokenRecord(finding, head)], now)
      log.committed()
    }
    return log
  }

  /** Where the log ends, as it is sealed in the database; null where that was altered. */
  head(connection: SqliteConnection): ChainPoint | null {
    const { head } = this.#statementsOf(connection)
    const sealed = head.get(headName)?.value ?? null
    // What this desk has sealed itself needs no second proof.
    if (sealed !== null && sealed === this.#sealed?.text) return this.#sealed.point
    return sealed === null ? null : openPoint(headName, sealed, this.#keys)
  }

  /** Writes rows behind the last one, and the seal behind them. */
  append(connection: SqliteConnection, records: readonly AuditRecord[], at: number): void {
    if (records.length === 0) return
    const head = this.head(connection)
    if (head && !this.#isSetBack(head)) return this.#write(connection, head, records, at)
    const from = { seq: Math.max(this.#seen.seq, head?.seq ?? 0), hmac: brokenLink }
    this.#write(connection, from, [brokenRecord(alteredFinding, from), ...records], at)
  }

  #isSetBack({ seq, hmac }: ChainPoint): boolean {
    return seq < this.#seen.seq || (seq === this.#seen.seq && !isSame(hmac, this.#seen.hmac))
  }

  #write(connection: SqliteConnection, from: ChainPoint, records: readonly AuditRecord[], at: number): void {
    const { last, insert, putHead } = this.#statementsOf(connection)
    const [keyId, key] = [this.#keys.activeId, this.#activeKey()]
    let { seq, hmac } = from
    // Somebody may have put a row behind the last one; that one never holds, but ours must find room.
    seq = Math.max(seq, last.get()?.seq ?? 0)
    for (const record of records) {
      seq += 1
      const row = { ...rowOf(record, at), seq, key_id: keyId }
      hmac = hmacOf(key, hmac, row)
      insert.run({ ...row, hmac })
    }
    this.#pending = { seq, hmac }
    this.#sealed = { point: this.#pending, text: sealPoint(headName, this.#pending, this.#keys) }
    putHead.run(headName, this.#sealed.text)
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
    this.#seen = this.#pending ?? this.#seen
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
      head: connection.prepare('select value from desk_values where key = ?'),
      putHead: connection.prepare(
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
