import type { Groups } from './groups.ts'
import { rpc } from '../rpc/rpc.ts'
import type { Invites } from './invites.ts'
import type { Registration } from './registration.ts'
import type { Users } from './users.ts'

export interface PeopleServices {
  readonly users: Users
  readonly groups: Groups
  readonly invites: Invites
  readonly registration: Registration
}

const done = {}

/** Accounts as administrators keep them, invites, and registration. */
export function peopleProcedures({ users, invites, registration }: PeopleServices) {
  return {
    registration: {
      rules: rpc.registration.rules.handler(() => registration.rules()),
      register: rpc.registration.register.handler(({ context, input }) =>
        registration.register(context, input),
      ),
    },
    users: {
      list: rpc.users.list.handler(({ input }) => users.list(input)),
      create: rpc.users.create.handler(({ context, input }) => users.create(context, input)),
      get: rpc.users.get.handler(({ input }) => users.get(input.id)),
      update: rpc.users.update.handler(({ context, input: { id, ...changes } }) =>
        users.update(context, id, changes),
      ),
      remove: rpc.users.remove.handler(async ({ context, input }) => {
        await users.remove(context, input.id)
        return done
      }),
      resetPassword: rpc.users.resetPassword.handler(({ context, input }) =>
        users.resetPassword(context, input.id, input.password),
      ),
      sessions: rpc.users.sessions.handler(({ context, input }) => users.signIns(context, input.id)),
      endSession: rpc.users.endSession.handler(async ({ context, input }) => {
        await users.endSignIn(context, input.id, input.sessionId)
        return done
      }),
      endSessions: rpc.users.endSessions.handler(async ({ context, input }) => {
        await users.endSignIns(context, input.id)
        return done
      }),
      removeTotp: rpc.users.removeTotp.handler(async ({ context, input }) => {
        await users.removeTotp(context, input.id)
        return done
      }),
      unlock: rpc.users.unlock.handler(async ({ context, input }) => {
        await users.unlock(context, input.id)
        return done
      }),
    },
    invites: {
      list: rpc.invites.list.handler(({ context, input }) =>
        invites.list(context, input.page, input.pageSize),
      ),
      create: rpc.invites.create.handler(({ context, input }) => invites.create(context, input)),
      remove: rpc.invites.remove.handler(async ({ context, input }) => {
        await invites.remove(context, input.id)
        return done
      }),
    },
  }
}

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
