import { ORPCError } from '@orpc/server'
import { commonErrors } from '../../shared/contract/errors.ts'
import { os } from '../identity/implementer.ts'
import { answering } from '../servers/refusals.ts'
import type { LiveService } from './service.ts'
import { followWindow } from './shown-wall.ts'
import type { Views } from './views.ts'
import type { Walls } from './walls.ts'

/** `live.*` of the contract. */
export function liveProcedures(service: LiveService, walls: Walls) {
  return {
    open: os.live.open.handler(({ context, input }) => answering(() => service.open(context, input.id))),
    openMany: os.live.openMany.handler(({ context, input }) => service.openMany(context, input.cameraIds)),
    show: os.live.show.handler(({ context }) => {
      if (context.window) return followWindow(context.window, context.signal)
      const message = 'Only a window of the desktop application can do this.'
      throw new ORPCError('NOT_FOUND', { ...commonErrors.NOT_FOUND, message })
    }),
    wall: os.live.wall.handler(({ context }) => walls.mine(context)),
    saveWall: os.live.saveWall.handler(({ context, input }) => walls.saveMine(context, input)),
  }
}

/** The walls of groups: what `groups.*` of the contract says of them. */
export function groupWallProcedures(walls: Walls) {
  return {
    wall: os.groups.wall.handler(({ context, input }) => walls.ofGroup(context, input.id)),
    saveWall: os.groups.saveWall.handler(({ context, input: { id, ...wall } }) =>
      answering(() => walls.saveOfGroup(context, id, wall)),
    ),
    restoreWall: os.groups.restoreWall.handler(({ context, input }) =>
      answering(() => walls.restoreOfGroup(context, input.id, input.savedAt)),
    ),
  }
}

/** `views.*` of the contract. */
export function viewProcedures(views: Views) {
  return {
    list: os.views.list.handler(({ context }) => views.list(context)),
    create: os.views.create.handler(({ context, input }) => answering(() => views.create(context, input))),
    get: os.views.get.handler(({ context, input }) => answering(() => views.get(context, input.id))),
    update: os.views.update.handler(({ context, input: { id, ...changes } }) =>
      answering(() => views.update(context, id, changes)),
    ),
    restore: os.views.restore.handler(({ context, input }) =>
      answering(() => views.restore(context, input.id, input.savedAt)),
    ),
    setSlot: os.views.setSlot.handler(({ context, input }) =>
      answering(() => views.setSlot(context, input.id, input.slot)),
    ),
    remove: os.views.remove.handler(({ context, input }) =>
      answering(() => {
        views.remove(context, input.id)
        return {}
      }),
    ),
  }
}
