import { rpc } from '../rpc/rpc.ts'
import type { Groups } from './groups.ts'

const done = {}

/** Groups, but for their walls, which `live/` keeps. */
export function groupProcedures(groups: Groups) {
  return {
    list: rpc.groups.list.handler(({ context, input }) => groups.list(context, input)),
    create: rpc.groups.create.handler(({ context, input }) => groups.create(context, input.name)),
    get: rpc.groups.get.handler(({ context, input }) => groups.get(context, input.id)),
    update: rpc.groups.update.handler(({ context, input }) => groups.rename(context, input.id, input.name)),
    remove: rpc.groups.remove.handler(async ({ context, input }) => {
      await groups.remove(context, input.id)
      return done
    }),
    addCamera: rpc.groups.addCamera.handler(async ({ context, input }) => {
      await groups.addCamera(context, input.id, input.cameraId)
      return done
    }),
    removeCamera: rpc.groups.removeCamera.handler(async ({ context, input }) => {
      await groups.removeCamera(context, input.id, input.cameraId)
      return done
    }),
    setMember: rpc.groups.setMember.handler(async ({ context, input }) => {
      await groups.setMember(context, input.id, input.userId, input.role)
      return done
    }),
    removeMember: rpc.groups.removeMember.handler(async ({ context, input }) => {
      await groups.removeMember(context, input.id, input.userId)
      return done
    }),
  }
}
