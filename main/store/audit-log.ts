import type { Statement } from 'better-sqlite3'
import type { Keyring } from '../platform/keyring.ts'
import type { AreaLogger } from '../platform/logging.ts'
import {
  anchorName,
  ChainKeys,
  chainStart,
  headName,
  hmacOf,
  openPoint,
  readDeskValue,
  rowOf,
  sealPoint,
  signedColumns,
  writeDeskValue,
} from './audit-chain.ts'
import type { ChainedRow, ChainPoint } from './audit-chain.ts'
import type { SqliteConnection } from './connection.ts'
import type { AuditRecord } from './store-types.ts'

interface Statements {
  readonly last: Statement<[], { seq: number | null }>
  readonly insert: Statement
  readonly head: Statement<[string, string]>
}

/** A link that no row can have: what follows it can be proven, the gap before it never. */
const brokenLink = 'lost'

/**
 * Writes the audit log: every row carries an HMAC over itself and the row before it, and the sealed head says where
 * the log ends. The head is kept in memory too, so that nobody can move it while the desk runs. Every method is called
 * inside a transaction, of which `committed` or `undone` then tells the end.
 */
export class AuditLog {
  /** What was found at start that only somebody outside the desk can have done; null when all was well. */
  readonly finding: string | null
  readonly #keys: ChainKeys
  readonly #statements = new WeakMap<SqliteConnection, Statements>()
  #head: ChainPoint
  #pending: ChainPoint | null = null

  private constructor(keys: ChainKeys, head: ChainPoint, finding: string | null) {
    this.#keys = keys
    this.#head = head
    this.finding = finding
  }

  /** Takes up the log where it ended; a log from before there was a chain is chained. In a transaction. */
  static open(connection: SqliteConnection, keyring: Keyring, now: number, logger: AreaLogger): AuditLog {
    const keys = new ChainKeys(connection, keyring)
    keys.keepActive()
    const kept = readDeskValue(connection, headName)
    if (kept === null && countWhere(connection, `hmac <> ''`) === 0)
      return AuditLog.#chainAll(connection, keys, now, logger)
    const head = kept === null ? null : openPoint(headName, kept, keys)
    const finding = head ? tailFinding(connection, head) : 'Its sealed end is missing or was altered.'
    const last = lastRow(connection)
    return new AuditLog(keys, head ?? { seq: last?.seq ?? 0, hmac: brokenLink }, finding)
  }

  static #chainAll(connection: SqliteConnection, keys: ChainKeys, now: number, logger: AreaLogger): AuditLog {
    const { seq, hmac, rows } = chainOldRows(connection, keys)
    const log = new AuditLog(keys, { seq, hmac }, null)
    if (rows === 0) {
      writeDeskValue(connection, headName, sealPoint(headName, chainStart, keys))
      return log
    }
    // A log that was stripped of its chain and begun anew would show this row, at a time of its own.
    log.append(connection, [chainedRecord(rows)], now)
    log.committed()
    logger.info('the audit log is chained from now on', { rows })
    return log
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
    const anchor = readDeskValue(connection, anchorName)
    let point = anchor === null ? chainStart : openPoint(anchorName, anchor, this.#keys)
    let removed = 0
    for (const row of old) {
      const key = this.#keys.key(row.key_id)
      if (!point || !key || Number(row.at) >= at || hmacOf(key, point.hmac, row) !== row.hmac) break
      point = { seq: row.seq, hmac: row.hmac }
      removed += 1
    }
    if (!point || removed === 0) return { removed: 0, lastSeq: 0 }
    writeDeskValue(connection, anchorName, sealPoint(anchorName, point, this.#keys))
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

/** The whole log is proven by `alta-desk verify-audit`; at start only its end is looked at, which costs nothing. */
function tailFinding(connection: SqliteConnection, head: ChainPoint): string | null {
  const last = lastRow(connection)
  if (!last) return head.seq === 0 || hasAnchorAt(connection, head.seq) ? null : 'Its rows are missing.'
  if (last.seq === head.seq && last.hmac === head.hmac) return null
  return last.seq < head.seq
    ? `Its last rows, from ${last.seq + 1} to ${head.seq}, are missing.`
    : `Row ${head.seq} was altered, or rows were added behind it.`
}

function hasAnchorAt(connection: SqliteConnection, seq: number): boolean {
  return readDeskValue(connection, anchorName)?.startsWith(`${seq}:`) ?? false
}

function lastRow(connection: SqliteConnection): ChainPoint | undefined {
  return connection.prepare<[], ChainPoint>('select seq, hmac from audit order by seq desc limit 1').get()
}

function countWhere(connection: SqliteConnection, condition: string): number {
  const row = connection
    .prepare<[], { n: number }>(`select count(*) as n from (select 1 from audit where ${condition} limit 1)`)
    .get()
  return row?.n ?? 0
}

function chainedRecord(rows: number): AuditRecord {
  return { ...deskRecord('audit.chained'), after: { rows } }
}

/** A record of what the desk does by itself. */
export function deskRecord(action: string): AuditRecord {
  return {
    action,
    actorId: null,
    actorName: 'desk',
    door: 'desk',
    remoteAddress: '',
    requestId: '',
    outcome: 'done',
    target: null,
    before: null,
    after: null,
  }
}
