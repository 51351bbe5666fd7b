import { os } from '../implementer.ts'
import type { AuditReader } from './service.ts'

/** `audit.*` of the contract. */
export function auditProcedures(reader: AuditReader) {
  return {
    list: os.audit.list.handler(({ input }) => reader.page(input)),
    actions: os.audit.actions.handler(() => reader.actions()),
    state: os.audit.state.handler(() => reader.state()),
    export: os.audit.export.handler(({ context, input }) => reader.export(context, input)),
  }
}
