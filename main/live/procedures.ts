import { os } from '../identity/implementer.ts'
import { answering } from '../servers/refusals.ts'
import type { LiveService } from './service.ts'

/** `live.*` of the contract. */
export function liveProcedures(service: LiveService) {
  return {
    open: os.live.open.handler(({ context, input }) => answering(() => service.open(context, input.id))),
    openMany: os.live.openMany.handler(({ context, input }) => service.openMany(context, input.cameraIds)),
    wall: os.live.wall.handler(({ context }) => service.wall(context)),
    saveWall: os.live.saveWall.handler(({ context, input }) => service.saveWall(context, input)),
  }
}
