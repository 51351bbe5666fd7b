import { AppError } from '../rpc/app-error.ts'
import { rpc } from '../rpc/rpc.ts'
import type { LiveService } from './service.ts'
import { followWindow } from './shown-wall.ts'
import type { Views } from './views.ts'
import type { Walls } from './walls.ts'

/** `live.*` of the contract. */
export function liveProcedures(service: LiveService, walls: Walls) {
  return {
    open: rpc.live.open.handler(({ context, input }) => service.open(context, input.id)),
    openMany: rpc.live.openMany.handler(({ context, input }) => service.openMany(context, input.cameraIds)),
    show: rpc.live.show.handler(({ context }) => {
      if (context.window) return followWindow(context.window, context.signal)
      const message = 'Only a window of the desktop application can do this.'
      throw new AppError('NOT_FOUND', { message })
    }),
    wall: rpc.live.wall.handler(({ context }) => walls.mine(context)),
    saveWall: rpc.live.saveWall.handler(({ context, input }) => walls.saveMine(context, input)),
  }
}

/** The walls of groups: what `groups.*` of the contract says of them. */
export function groupWallProcedures(walls: Walls) {
  return {
    wall: rpc.groups.wall.handler(({ context, input }) => walls.ofGroup(context, input.id)),
    saveWall: rpc.groups.saveWall.handler(({ context, input: { id, ...wall } }) =>
      walls.saveOfGroup(context, id, wall),
    ),
    restoreWall: rpc.groups.restoreWall.handler(({ context, input }) =>
      walls.restoreOfGroup(context, input.id, input.savedAt),
    ),
  }
}

/** `views.*` of the contract. */
export function viewProcedures(views: Views) {
  return {
    list: rpc.views.list.handler(({ context }) => views.list(context)),
    create: rpc.views.create.handler(({ context, input }) => views.create(context, input)),
    get: rpc.views.get.handler(({ context, input }) => views.get(context, input.id)),
    update: rpc.views.update.handler(({ context, input: { id, ...changes } }) =>
      views.update(context, id, changes),
    ),
    restore: rpc.views.restore.handler(({ context, input }) =>
      views.restore(context, input.id, input.savedAt),
    ),
    setSlot: rpc.views.setSlot.handler(({ context, input }) => views.setSlot(context, input.id, input.slot)),
    remove: rpc.views.remove.handler(async ({ context, input }) => {
      await views.remove(context, input.id)
      return {}
    }),
  }
}
