import { rpc } from '../rpc/rpc.ts'
import type { CamerasService } from './service.ts'

/** `cameras.*` of the contract. */
export function camerasProcedures(service: CamerasService) {
  return {
    list: rpc.cameras.list.handler(({ context, input }) => service.list(context, input)),
    visible: rpc.cameras.visible.handler(({ context, input }) => service.visible(context, input.cameraIds)),
    create: rpc.cameras.create.handler(({ context, input }) => service.create(context, input)),
    get: rpc.cameras.get.handler(({ context, input }) => service.show(context, input.id)),
    update: rpc.cameras.update.handler(({ context, input: { id, ...changes } }) =>
      service.update(context, id, changes),
    ),
    remove: rpc.cameras.remove.handler(async ({ context, input }) => {
      await service.remove(context, input.id, input.force ?? false)
      return {}
    }),
  }
}
