import { anchorFileOf, newestAnchor } from './audit-anchors.ts'
import type { AnchorReading, AuditAnchor } from './audit-anchors.ts'
import {
  headName,
  isSame,
  lastRow,
  openPoint,
  readDeskValue,
  removedName,
  sealedHead,
} from './audit-chain.ts'
import type { ChainKeys, ChainPoint } from './audit-chain.ts'
import { triggersFinding } from './audit-triggers.ts'
import type { SqliteConnection } from './connection.ts'

/**
 * What a start finds of the log that only somebody outside the desk can have done, in sentences; null when all is well.
 * The whole log is proven by `alta-desk verify-audit`; here only its end, its triggers and the newest anchor beside the
 * database are looked at, which costs nothing. In a transaction.
 */
export function startFinding(connection: SqliteConnection, path: string, keys: ChainKeys): string | null {
  const head = sealedHead(connection, keys)
  const findings = [
    head ? tailFinding(connection, keys, head) : headFinding(connection),
    triggersFinding(connection),
    newestAnchorFinding(connection, path, keys),
  ].filter((finding) => finding !== null)
  return findings.length > 0 ? findings.join(' ') : null
}

function headFinding(connection: SqliteConnection): string {
  return readDeskValue(connection, headName) === null
    ? 'The seal behind its last row is missing: rows may have been removed, changed or forged.'
    : 'The seal behind its last row was altered: rows may have been removed, changed or forged.'
}

function tailFinding(connection: SqliteConnection, keys: ChainKeys, head: ChainPoint): string | null {
  const last = lastRow(connection)
  if (!last)
    return head.seq === 0 || removedUpTo(connection, keys) === head.seq ? null : 'Its rows are missing.'
  if (last.seq === head.seq && isSame(last.hmac, head.hmac)) return null
  return last.seq < head.seq
    ? `Its last rows, from ${last.seq + 1} to ${head.seq}, are missing.`
    : `Row ${head.seq} was altered, or rows were added behind it.`
}

function newestAnchorFinding(connection: SqliteConnection, path: string, keys: ChainKeys): string | null {
  const newest = readNewest(anchorFileOf(path), keys)
  if (newest === null) return null
  if (newest === 'unreadable') return 'The anchor file cannot be read.'
  if (newest === 'unsigned')
    return 'The newest line of the anchor file was not signed with a key of this desk.'
  return anchorVerdict(connection, newest, removedUpTo(connection, keys)) === 'cut'
    ? `It was cut, or an older copy of the database was put in its place: on ${new Date(newest.at).toISOString()} it went to row ${newest.point.seq}.`
    : null
}

/** A file that cannot be read must not keep the desk from starting: a guard needs the wall. */
function readNewest(file: string, keys: ChainKeys): AnchorReading | 'unreadable' {
  try {
    return newestAnchor(file, keys)
  } catch {
    return 'unreadable'
  }
}

/** What the log says of an anchor: the row is there, retention removed it, or neither, which is a cut. */
export function anchorVerdict(
  connection: SqliteConnection,
  { point }: AuditAnchor,
  removed: number,
): 'held' | 'retired' | 'cut' {
  if (point.seq <= removed) return 'retired'
  const row = connection
    .prepare<[number], { hmac: string }>('select hmac from audit where seq = ?')
    .get(point.seq)
  return row && isSame(row.hmac, point.hmac) ? 'held' : 'cut'
}

function removedUpTo(connection: SqliteConnection, keys: ChainKeys): number {
  const kept = readDeskValue(connection, removedName)
  return (kept === null ? null : openPoint(removedName, kept, keys))?.seq ?? 0
}
