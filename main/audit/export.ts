import type { AuditFilter } from '../../shared/contract/audit.ts'
import { AppError } from '../rpc/app-error.ts'
import type { Store } from '../store/store-types.ts'
import { auditPage, sideIn } from './queries.ts'
import type { AuditRow } from './queries.ts'

export type ExportFormat = 'csv' | 'jsonl'

/** Rows read at a time: some 100 kB, so that neither the desk nor the query worker holds much. */
const pageRows = 500

/** Of CSV, for people; the JSON lines have what proves a row as well. */
const columns = [
  'seq',
  'at',
  'action',
  'outcome',
  'actor_name',
  'actor_id',
  'target_kind',
  'target_name',
  'target_id',
  'door',
  'remote_address',
  'request_id',
  'before',
  'after',
] as const
/** How often a refusal happened that was counted instead of written each time, and when last; empty for other rows. */
const repetitionColumns = ['repeated', 'repeated_last_at'] as const

export const exportContentTypes: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
}

/**
 * The log as a file, newest first, in pieces. Rows that are written meanwhile are not in it. `mayGoOn` is asked before
 * each piece: a right that is taken away ends the export with UNAUTHORIZED.
 */
export async function* exportAudit(
  store: Store,
  filter: AuditFilter,
  format: ExportFormat,
  mayGoOn: () => Promise<boolean>,
): AsyncGenerator<string, void> {
  // Excel takes a file for UTF-8 only when it begins with a byte order mark.
  if (format === 'csv') yield `\ufeff${[...columns, ...repetitionColumns].join(',')}\r\n`
  let before: number | null = null
  for (;;) {
    if (!(await mayGoOn())) throw new AppError('UNAUTHORIZED')
    const rows: AuditRow[] = await auditPage(store, filter, before, pageRows)
    if (rows.length > 0) yield rows.map(format === 'csv' ? csvLine : jsonLine).join('')
    before = rows.at(-1)?.seq ?? null
    if (rows.length < pageRows || before === null) return
  }
}

/** One line of CSV (RFC 4180). */
function csvLine(row: AuditRow): string {
  const cells = columns.map((column) =>
    csvCell(column === 'at' ? new Date(row.at).toISOString() : row[column]),
  )
  return `${[...cells, ...repetitionCells(row)].join(',')}\r\n`
}

function repetitionCells({ after }: AuditRow): string[] {
  const { times, lastAt } = (sideIn(after)?.['repeated'] ?? {}) as {
    readonly times?: unknown
    readonly lastAt?: unknown
  }
  return [typeof times === 'number' ? csvCell(times) : '', typeof lastAt === 'string' ? csvCell(lastAt) : '']
}

/** A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection). */
function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const harmless = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) || harmless !== value ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** All that the HMAC of a row covers, under the names of the columns. */
function jsonLine(row: AuditRow): string {
  return `${JSON.stringify(row)}\n`
}
