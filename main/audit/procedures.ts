import { rpc } from '../rpc/rpc.ts'
import type { AuditReader } from './service.ts'

/** `audit.*` of the contract. */
export function auditProcedures(reader: AuditReader) {
  return {
    list: rpc.audit.list.handler(({ input }) => reader.page(input)),
    actions: rpc.audit.actions.handler(() => reader.actions()),
    state: rpc.audit.state.handler(() => reader.state()),
    export: rpc.audit.export.handler(({ context, input }) => reader.export(context, input)),
  }
}
