import { os } from '../identity/implementer.ts'
import type { PageOrigins } from './page-origins.ts'
import { answering } from './refusals.ts'
import type { ServersService } from './service.ts'

/** `servers.*` of the contract. */
export function serversProcedures(service: ServersService, pageOrigins: PageOrigins) {
  return {
    list: os.servers.list.handler(({ input }) => service.list(input)),
    create: os.servers.create.handler(({ context, input }) =>
      answering(() => service.create(context, input)),
    ),
    get: os.servers.get.handler(({ input }) => answering(() => service.get(input.id))),
    update: os.servers.update.handler(({ context, input: { id, ...changes } }) =>
      answering(() => service.update(context, id, changes)),
    ),
    remove: os.servers.remove.handler(({ context, input }) =>
      answering(async () => {
        await service.remove(context, input.id, input.force ?? false)
        return {}
      }),
    ),
    repair: os.servers.repair.handler(({ context, input }) =>
      answering(() => service.repair(context, input.id, input.confirmName)),
    ),
    receivers: os.servers.receivers.handler(({ context, input }) =>
      answering(() => service.receivers(context, input.id, input.search)),
    ),
    pageOrigins: os.servers.pageOrigins.handler(() => pageOrigins.list()),
    allowPageOrigin: os.servers.allowPageOrigin.handler(({ context, input }) =>
      answering(() => pageOrigins.allow(context, input.origin)),
    ),
    withdrawPageOrigin: os.servers.withdrawPageOrigin.handler(({ context, input }) =>
      answering(() => pageOrigins.withdraw(context, input.origin)),
    ),
    storages: os.servers.storages.handler(({ context, input }) =>
      answering(() => service.storages(context, input.id)),
    ),
  }
}
