import type { Module } from '../module.ts'
import type { Core } from '../module.ts'
import type { OpenFiles } from '../files/open-files.ts'
import { supervised } from '../platform/lifecycle.ts'
import type { Caller } from '../rpc/request-context.ts'
import type { SqliteStore } from '../store/store.ts'
import type { AuditTrackingStore } from './audit-tracking-store.ts'
import { auditProcedures } from './procedures.ts'
import { AuditReader } from './service.ts'
import { auditRetention, runAuditAnchors } from './worker.ts'

export interface AuditUses {
  readonly files: Pick<OpenFiles, 'files' | 'tickets'>
  readonly sqlite: SqliteStore
  readonly trackingStore: AuditTrackingStore
  /** Whether the caller would still be let in: an export ends with its sign-in. */
  readonly isStillIn: (caller: Caller) => Promise<boolean>
}

/** The audit log as administrators read it, its retention and its anchors. */
export function openAudit(core: Core, { sqlite, trackingStore, files, isStillIn }: AuditUses): Module {
  const { clock, health, store, jobs } = core
  const { retentionMs } = core.config.audit
  const noticed = sqlite.auditBreak
  // Everybody reads this; administrators, and the log, learn what was found.
  if (noticed) health.degrade('audit log', 'It was altered from outside. Run alta-desk verify-audit.')
  const logger = core.logger.for('audit')
  const worker = (name: string, run: (signal: AbortSignal) => Promise<void>) =>
    supervised({ name, run, health, logger })
  return {
    procedures: {
      audit: auditProcedures(new AuditReader({ store, clock, ...files, isStillIn, retentionMs, noticed })),
    },
    services: [
      // First, so that it ends last: until then somebody may be refused.
      worker('repeated refusals', (signal) => trackingStore.writeRepetitions(signal)),
      auditRetention({ store: sqlite, jobs, health, clock, logger, retentionMs }),
      worker('audit anchors', (signal) => runAuditAnchors(sqlite, signal)),
    ],
  }
}
