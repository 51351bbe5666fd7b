import { os } from '../identity/implementer.ts'
import { answering } from '../servers/refusals.ts'
import type { CamerasService } from './service.ts'

/** `cameras.*` of the contract. */
export function camerasProcedures(service: CamerasService) {
  return {
    list: os.cameras.list.handler(({ context, input }) => service.list(context, input)),
    visible: os.cameras.visible.handler(({ context, input }) => service.visible(context, input.cameraIds)),
    create: os.cameras.create.handler(({ context, input }) =>
      answering(() => service.create(context, input)),
    ),
    get: os.cameras.get.handler(({ context, input }) => answering(() => service.show(context, input.id))),
    update: os.cameras.update.handler(({ context, input: { id, ...changes } }) =>
      answering(() => service.update(context, id, changes)),
    ),
    remove: os.cameras.remove.handler(({ context, input }) =>
      answering(async () => {
        await service.remove(context, input.id, input.force ?? false)
        return {}
      }),
    ),
  }
}
