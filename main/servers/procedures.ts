import { rpc } from '../rpc/rpc.ts'
import type { PageOrigins } from './page-origins.ts'
import type { ServersService } from './service.ts'

/** `servers.*` of the contract. */
export function serversProcedures(service: ServersService, pageOrigins: PageOrigins) {
  return {
    list: rpc.servers.list.handler(({ input }) => service.list(input)),
    create: rpc.servers.create.handler(({ context, input }) => service.create(context, input)),
    get: rpc.servers.get.handler(({ input }) => service.get(input.id)),
    update: rpc.servers.update.handler(({ context, input: { id, ...changes } }) =>
      service.update(context, id, changes),
    ),
    remove: rpc.servers.remove.handler(async ({ context, input }) => {
      await service.remove(context, input.id, input.force ?? false)
      return {}
    }),
    repair: rpc.servers.repair.handler(({ context, input }) =>
      service.repair(context, input.id, input.confirmName),
    ),
    receivers: rpc.servers.receivers.handler(({ context, input }) =>
      service.receivers(context, input.id, input.search),
    ),
    pageOrigins: rpc.servers.pageOrigins.handler(() => pageOrigins.list()),
    allowPageOrigin: rpc.servers.allowPageOrigin.handler(({ context, input }) =>
      pageOrigins.allow(context, input.origin),
    ),
    withdrawPageOrigin: rpc.servers.withdrawPageOrigin.handler(({ context, input }) =>
      pageOrigins.withdraw(context, input.origin),
    ),
    storages: rpc.servers.storages.handler(({ context, input }) => service.storages(context, input.id)),
  }
}
