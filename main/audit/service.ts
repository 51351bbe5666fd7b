import type { AuditEntry, AuditFilter } from '../../shared/contract/audit.ts'
import type { Clock } from '../platform/clock.ts'
import type { RecordedBreak } from '../store/audit-breaks.ts'
import type { Store } from '../store/store-types.ts'
import type { FileStore } from '../files/file-store.ts'
import type { FileTickets } from '../files/file-tickets.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { Caller, RequestContext } from '../rpc/request-context.ts'
import { exportAudit, exportContentTypes } from './export.ts'
import type { ExportFormat } from './export.ts'
import { auditActions, auditPage, oldestAuditAt, sideIn } from './queries.ts'
import type { AuditRow } from './queries.ts'

export interface AuditReaderOptions {
  readonly store: Store
  readonly clock: Clock
  readonly files: FileStore
  readonly tickets: FileTickets
  readonly isStillIn: (caller: Caller) => Promise<boolean>
  /** How long rows are kept, ms; 0 is for ever. */
  readonly retentionMs: number
  /** What the desk noticed of the log at a start; null when all was well. */
  readonly noticed: RecordedBreak | null
}

/** How long an exported file can be downloaded, ms: also once more, where a connection broke off. */
const exportLifeMs = 3_600_000

/** The audit log for administrators: pages of it, and the whole as a file. */
export class AuditReader {
  readonly #options: AuditReaderOptions

  constructor(options: AuditReaderOptions) {
    this.#options = options
  }

  async page(
    input: AuditFilter & { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
    const { cursor, limit, ...filter } = input
    // One more tells whether there is a next page.
    const rows = await auditPage(
      this.#options.store,
      filter,
      cursor === undefined ? null : Number(cursor),
      limit + 1,
    )
    const items = rows.slice(0, limit).map(entryOf)
    return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.seq ?? 0) : null }
  }

  async actions(): Promise<{ actions: string[] }> {
    return { actions: await auditActions(this.#options.store) }
  }

  async state(): Promise<{ oldestAt: number | null; keptForMs: number | null; finding: string | null }> {
    const { store, retentionMs, noticed } = this.#options
    return {
      oldestAt: await oldestAuditAt(store),
      keptForMs: retentionMs === 0 ? null : retentionMs,
      finding: noticed && findingMessage(noticed),
    }
  }

  /**
   * Writes the log into a file for download; that it was taken out is recorded before it is read. Throws UNAUTHORIZED when
   * the sign-in ends meanwhile, and what `FileStore.write` throws.
   */
  async export(
    context: RequestContext,
    input: AuditFilter & { readonly format: ExportFormat },
  ): Promise<{ url: string; expiresAt: number }> {
    const { store, clock, files, tickets, isStillIn } = this.#options
    const { format, ...filter } = input
    const caller = signedInCaller(context)
    const name = `audit-log-${new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}.${format}`
    const audit = auditRecord(context, {
      action: 'audit.exported',
      target: { kind: 'audit-log', id: null, name },
      after: { format, ...filter },
    })
    const contentType = exportContentTypes[format]
    const file = await files.write(
      { ownerId: caller.userId, name, contentType, lifeMs: exportLifeMs, audit },
      exportAudit(store, filter, format, () => isStillIn(caller)),
      context.signal,
    )
    return tickets.issue(file, caller)
  }
}

function findingMessage({ at, seq, finding }: RecordedBreak): string {
  return (
    `The audit log was altered outside Alta Desk. Noticed on ${new Date(at).toISOString()} (row ${seq}): ${finding} ` +
    'Run alta-desk verify-audit. If a backup was restored, stop the desk and run alta-desk record-restore.'
  )
}

function entryOf(row: AuditRow): AuditEntry {
  const { seq, at, action, target_kind: kind } = row
  return {
    seq,
    at,
    action,
    actor: { id: row.actor_id, name: row.actor_name },
    target: kind === null ? null : { kind, id: row.target_id, name: row.target_name ?? '' },
    outcome: row.outcome as AuditEntry['outcome'],
    door: row.door as AuditEntry['door'],
    remoteAddress: row.remote_address,
    requestId: row.request_id,
    before: sideIn(row.before),
    after: sideIn(row.after),
  }
}
