import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Keyring } from '../platform/keyring.ts'
import {
  anchorName,
  ChainKeys,
  chainStart,
  headName,
  hmacOf,
  isSame,
  openPoint,
  readDeskValue,
} from './audit-chain.ts'
import type { ChainedRow, ChainPoint } from './audit-chain.ts'
import type { SqliteConnection } from './connection.ts'
import { proveKeyring } from './sealed-columns.ts'
import { asOpenError, DatabaseOpenError, NotADatabaseError } from './store-errors.ts'

/** What a proof of the audit log found. */
export interface AuditProof {
  /** How many rows hold, up to the first broken one. */
  readonly rows: number
  /** Rows up to this number were removed by retention; 0 where none were. */
  readonly removedUpTo: number
  /** The last row that holds. Kept elsewhere, it betrays a whole older log that was put in the place of this one. */
  readonly end: ChainPoint
  /** The last time that a log without a chain was chained, as a newer version does once; null where that never was. */
  readonly chained: { readonly seq: number; readonly at: number } | null
  /** The first row that does not hold, and why; null when all do. */
  readonly broken: { readonly seq: number; readonly reason: string } | null
}

/** The database was made before there was a chain. */
class AuditNotChainedError extends DatabaseOpenError {
  constructor(path: string) {
    super(`The audit log in ${path} is not chained yet. Start this version of Alta Desk with it once.`)
  }
}

/**
 * Proves the audit log of a database file, which may be in use, stopped, or a copy. Changes nothing. Throws a
 * `DatabaseOpenError`, an `EncryptionKeyMissingError` or a `SealBrokenError`.
 */
export function proveAuditOf(path: string, keyring: Keyring): AuditProof {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new NotADatabaseError(path)
  let connection: SqliteConnection | null = null
  try {
    const opened = new Database(path, { readonly: true, fileMustExist: true })
    connection = opened
    opened.pragma('trusted_schema = OFF')
    // One transaction: a desk that goes on writing is seen as it was at this moment.
    return opened.transaction(() => prove(opened, path, keyring))()
  } catch (error) {
    throw asOpenError(path, error)
  } finally {
    connection?.close()
  }
}

function prove(connection: SqliteConnection, path: string, keyring: Keyring): AuditProof {
  const columns = connection
    .prepare<[], { name: string }>(`select name from pragma_table_info('audit')`)
    .all()
  if (columns.length === 0) throw new NotADatabaseError(path)
  if (!columns.some(({ name }) => name === 'hmac')) throw new AuditNotChainedError(path)
  proveKeyring(connection, path, keyring)
  const keys = new ChainKeys(connection, keyring)
  const kept = readDeskValue(connection, anchorName)
  const anchor = kept === null ? chainStart : openPoint(anchorName, kept, keys)
  if (!anchor) {
    const reason = 'the anchor that retention left before it was altered'
    return {
      rows: 0,
      removedUpTo: 0,
      end: chainStart,
      chained: null,
      broken: { seq: firstSeq(connection), reason },
    }
  }
  const walked = walk(connection, keys, anchor)
  const broken = walked.broken ?? endFinding(connection, keys, walked.end)
  return { ...walked, removedUpTo: anchor.seq, broken }
}

type Walk = Omit<AuditProof, 'removedUpTo'>

function walk(connection: SqliteConnection, keys: ChainKeys, from: ChainPoint): Walk {
  let [rows, end] = [0, from]
  let chained: AuditProof['chained'] = null
  for (const row of connection.prepare<[], ChainedRow>('select * from audit order by seq').iterate()) {
    const reason = rowFinding(row, end, keys)
    if (reason !== null) return { rows, end, chained, broken: { seq: row.seq, reason } }
    end = { seq: row.seq, hmac: row.hmac }
    rows += 1
    if (row.action === 'audit.chained') chained = { seq: row.seq, at: Number(row.at) }
  }
  return { rows, end, chained, broken: null }
}

function rowFinding(row: ChainedRow, before: ChainPoint, keys: ChainKeys): string | null {
  if (row.hmac === '') return 'it was written by something else than Alta Desk'
  const key = keys.key(row.key_id)
  if (!key) return `it names the key ${row.key_id}, with which this desk never wrote`
  if (row.seq > before.seq && isSame(hmacOf(key, before.hmac, row), row.hmac)) return null
  const missing = row.seq - before.seq - 1
  if (missing === 1) return `row ${before.seq + 1} before it is missing`
  if (missing > 1) return `rows ${before.seq + 1} to ${row.seq - 1} before it are missing`
  return 'it was changed, or put in the place of another'
}

/** Compares where the rows end with where the sealed head says they do. */
function endFinding(connection: SqliteConnection, keys: ChainKeys, end: ChainPoint): AuditProof['broken'] {
  const kept = readDeskValue(connection, headName)
  const head = kept === null ? null : openPoint(headName, kept, keys)
  if (!head) return { seq: end.seq, reason: 'the seal behind the last row is missing or was altered' }
  if (head.seq > end.seq) {
    const [first, last] = [end.seq + 1, head.seq]
    const reason =
      first === last ? 'it is missing at the end' : `rows ${first} to ${last} are missing at the end`
    return { seq: first, reason }
  }
  if (head.seq < end.seq) return { seq: head.seq + 1, reason: 'the seal says that the log ends before it' }
  return isSame(head.hmac, end.hmac)
    ? null
    : { seq: end.seq, reason: 'it is not the row that was written last' }
}

function firstSeq(connection: SqliteConnection): number {
  const row = connection.prepare<[], { seq: number | null }>('select min(seq) as seq from audit').get()
  return row?.seq ?? 0
}
