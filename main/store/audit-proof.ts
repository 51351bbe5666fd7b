import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { developmentStubKey } from '../platform/keyring.ts'
import type { Keyring } from '../platform/keyring.ts'
import { checkAnchors } from './audit-anchor-proof.ts'
import type { AnchorsProof } from './audit-anchor-proof.ts'
import { breakIn, holdsByItself, restoreIn } from './audit-breaks.ts'
import type { RecordedBreak, RecordedRestore } from './audit-breaks.ts'
import {
  ChainKeys,
  chainStart,
  hmacOf,
  isSame,
  openPoint,
  readDeskValue,
  removedName,
  sealedHead,
} from './audit-chain.ts'
import type { ChainedRow, ChainPoint } from './audit-chain.ts'
import { triggersFinding } from './audit-triggers.ts'
import type { SqliteConnection } from './connection.ts'
import { proveKeyring } from './sealed-columns.ts'
import { asOpenError, DatabaseOpenError, NotADatabaseError } from './store-errors.ts'

/** What a proof of the audit log found. */
export interface AuditProof {
  /** Whether nothing at all was found that an administrator has not recorded. */
  readonly holds: boolean
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
  /** Where the desk went on after the last break that it recorded, and how many rows hold from there; null without. */
  readonly resumed: { readonly seq: number; readonly rows: number } | null
  /** What is wrong with the triggers that protect the log; null when nothing is. */
  readonly triggers: string | null
  /** What SQLite finds wrong with the table of the log and its indexes; null when nothing is. */
  readonly structure: string | null
  /** The breaks that the desk recorded at its starts, in their order. */
  readonly breaks: readonly RecordedBreak[]
  /** The restores that administrators recorded, in their order. */
  readonly restores: readonly RecordedRestore[]
  /** How many rows are signed with the key of development, which everybody knows. */
  readonly publicKeyRows: number
  /** What became of the anchors of a file; null where none was given. */
  readonly anchors: AnchorsProof | null
}

/** The database was made before there was a chain. */
class AuditNotChainedError extends DatabaseOpenError {
  constructor(path: string) {
    super(`The audit log in ${path} is not chained yet. Start this version of Alta Desk with it once.`)
  }
}

/**
 * Proves the audit log of a database file, which may be in use, stopped, or a copy; with `anchorFile` also that it was
 * not cut since those anchors were written. Changes nothing. Throws a `DatabaseOpenError`, an
 * `EncryptionKeyMissingError` or a `SealBrokenError`, and what the disk throws of the anchor file.
 */
export function proveAuditOf(path: string, keyring: Keyring, anchorFile: string | null = null): AuditProof {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new NotADatabaseError(path)
  let connection: SqliteConnection | null = null
  try {
    const opened = new Database(path, { readonly: true, fileMustExist: true })
    connection = opened
    opened.pragma('trusted_schema = OFF')
    // One transaction: a desk that goes on writing is seen as it was at this moment.
    return opened.transaction(() => prove(opened, path, keyring, anchorFile))()
  } catch (error) {
    throw asOpenError(path, error)
  } finally {
    connection?.close()
  }
}

function prove(
  connection: SqliteConnection,
  path: string,
  keyring: Keyring,
  anchorFile: string | null,
): AuditProof {
  const columns = connection
    .prepare<[], { name: string }>(`select name from pragma_table_info('audit')`)
    .all()
  if (columns.length === 0) throw new NotADatabaseError(path)
  if (!columns.some(({ name }) => name === 'hmac')) throw new AuditNotChainedError(path)
  proveKeyring(connection, path, keyring)
  const keys = new ChainKeys(connection, keyring)
  const kept = readDeskValue(connection, removedName)
  const removed = kept === null ? chainStart : openPoint(removedName, kept, keys)
  const walked = walk(connection, keys, removed)
  const broken = walked.broken ?? endFinding(connection, keys, walked.end)
  const [triggers, removedUpTo] = [triggersFinding(connection), removed?.seq ?? 0]
  const { breaks, restores } = walked
  const anchors =
    anchorFile === null ? null : checkAnchors(anchorFile, { connection, keys, removedUpTo, restores })
  const lastRestore = restores.at(-1)?.seq ?? 0
  const isOpen = breaks.some(({ seq }) => seq > lastRestore)
  const structure = structureFinding(connection)
  const isSound = broken === null && triggers === null && structure === null && !isOpen
  const holds = isSound && (anchors?.holds ?? true)
  return { ...walked, broken, triggers, structure, removedUpTo, anchors, holds }
}

/**
 * The desk's pages find rows by indexes, the proof goes through the table: a row that was taken out of an index holds, and
 * nobody who looks for it finds it.
 */
function structureFinding(connection: SqliteConnection): string | null {
  const finding = String(connection.pragma(`integrity_check('audit')`, { simple: true }))
  return finding === 'ok'
    ? null
    : `Its table and its indexes do not agree, so pages and searches may hide rows: ${finding.slice(0, 200)}.`
}

type Walk = Omit<AuditProof, 'removedUpTo' | 'triggers' | 'structure' | 'anchors' | 'holds'>

/** Goes through all rows. `from` is null where the sealed record of what retention removed was altered. */
function walk(connection: SqliteConnection, keys: ChainKeys, from: ChainPoint | null): Walk {
  const [breaks, restores] = [[] as RecordedBreak[], [] as RecordedRestore[]]
  // The row before, as far as it is proven.
  let before = from
  let [rows, publicKeyRows, end] = [0, 0, from ?? chainStart]
  let [chained, broken, resumed]: [AuditProof['chained'], AuditProof['broken'], AuditProof['resumed']] = [
    null,
    null,
    null,
  ]
  for (const row of connection.prepare<[], ChainedRow>('select * from audit order by seq').iterate()) {
    const reason = rowFinding(row, before, keys)
    if (reason !== null) {
      broken ??= { seq: row.seq, reason }
      before = null
      if (!holdsByItself(row, keys)) continue
      resumed = { seq: row.seq, rows: 0 }
    }
    before = { seq: row.seq, hmac: row.hmac }
    if (resumed) resumed = { ...resumed, rows: resumed.rows + 1 }
    else [rows, end] = [rows + 1, before]
    if (row.key_id === developmentStubKey.id) publicKeyRows += 1
    if (row.action === 'audit.chained') chained = { seq: row.seq, at: Number(row.at) }
    breaks.push(...[breakIn(row) ?? []].flat())
    restores.push(...[restoreIn(row) ?? []].flat())
  }
  if (from === null) broken ??= { seq: 0, reason: removedReason }
  return { rows, end, chained, broken, resumed, breaks, restores, publicKeyRows }
}

const removedReason = 'the sealed record of what retention removed before it was altered'

function rowFinding(row: ChainedRow, before: ChainPoint | null, keys: ChainKeys): string | null {
  if (!before) return removedReason
  if (row.hmac === '') return 'it was written by something else than Alta Desk'
  const key = keys.key(row.key_id)
  if (!key)
    return `it names the key ${row.key_id}, which is not configured, and of which no sound copy is kept`
  if (row.seq > before.seq && isSame(hmacOf(key, before.hmac, row), row.hmac)) return null
  const missing = row.seq - before.seq - 1
  if (missing === 1) return `row ${before.seq + 1} before it is missing`
  if (missing > 1) return `rows ${before.seq + 1} to ${row.seq - 1} before it are missing`
  return 'it was changed, or put in the place of another'
}

/** Compares where the rows end with where the sealed head says they do. */
function endFinding(connection: SqliteConnection, keys: ChainKeys, end: ChainPoint): AuditProof['broken'] {
  const head = sealedHead(connection, keys)
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
