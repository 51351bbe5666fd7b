import { deskRecord, hmacOf, isSame } from './audit-chain.ts'
import type { ChainedRow, ChainKeys, ChainPoint } from './audit-chain.ts'
import type { SqliteConnection } from './connection.ts'
import type { AuditRecord } from './store-types.ts'

const brokenAction = 'audit.broken'
const restoredAction = 'audit.restored'
const longestReason = 500

/** A row with which the desk recorded, at a start, that its log had been altered. */
export interface RecordedBreak {
  readonly seq: number
  /** When the desk noticed, ms. */
  readonly at: number
  readonly finding: string
}

/** A row with which an administrator recorded that a backup was restored. */
export interface RecordedRestore {
  readonly seq: number
  readonly at: number
  readonly by: string
  readonly reason: string
}

/** The record of a break; it states the link with which it goes on, so that what follows can be proven. */
export function brokenRecord(finding: string, from: ChainPoint): AuditRecord {
  return { ...deskRecord(brokenAction), outcome: 'failed', after: { finding, from } }
}

/** The record of a restore; `by` is the account of the machine in whose name it was recorded. */
export function restoredRecord(by: string, reason: string): AuditRecord {
  return { ...deskRecord(restoredAction), actorName: by, after: { reason: reason.slice(0, longestReason) } }
}

/** The break that a row records; null for any other row. */
export function breakIn(row: ChainedRow): RecordedBreak | null {
  if (row.action !== brokenAction) return null
  return { seq: row.seq, at: Number(row.at), finding: textIn(row, 'finding') }
}

/** The restore that a row records; null for any other row. */
export function restoreIn(row: ChainedRow): RecordedRestore | null {
  if (row.action !== restoredAction) return null
  return { seq: row.seq, at: Number(row.at), by: String(row.actor_name), reason: textIn(row, 'reason') }
}

/** Whether a row records a break and holds by the link that it states itself, whatever stands before it. */
export function holdsByItself(row: ChainedRow, keys: ChainKeys): boolean {
  const key = row.action === brokenAction ? keys.key(row.key_id) : null
  const from = sideOf(row)?.['from']
  if (!key || typeof from !== 'object' || from === null || !('hmac' in from)) return false
  return typeof from.hmac === 'string' && isSame(hmacOf(key, from.hmac, row), row.hmac)
}

/** The newest recorded break after which no restore was recorded; what does not hold itself counts for nothing. */
export function openBreak(connection: SqliteConnection, keys: ChainKeys): RecordedBreak | null {
  const row = newest(connection, brokenAction)
  if (!row || !holdsByItself(row, keys)) return null
  const restored = newest(connection, restoredAction)
  if (restored && restored.seq > row.seq && holdsBehind(connection, restored, keys)) return null
  return breakIn(row)
}

function newest(connection: SqliteConnection, action: string): ChainedRow | undefined {
  return connection
    .prepare<[string], ChainedRow>('select * from audit where action = ? order by seq desc limit 1')
    .get(action)
}

function holdsBehind(connection: SqliteConnection, row: ChainedRow, keys: ChainKeys): boolean {
  const before = connection
    .prepare<[number], { hmac: string }>('select hmac from audit where seq < ? order by seq desc limit 1')
    .get(row.seq)
  const key = keys.key(row.key_id)
  return key !== null && isSame(hmacOf(key, before?.hmac ?? '', row), row.hmac)
}

function textIn(row: ChainedRow, name: string): string {
  const value = sideOf(row)?.[name]
  return typeof value === 'string' ? value : ''
}

function sideOf({ after }: ChainedRow): Readonly<Record<string, unknown>> | null {
  try {
    const side: unknown = JSON.parse(String(after))
    return typeof side === 'object' && side !== null ? (side as Record<string, unknown>) : null
  } catch {
    return null
  }
}
