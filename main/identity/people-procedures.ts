import type { Groups } from './groups.ts'
import { os } from './implementer.ts'
import type { Invites } from './invites.ts'
import { refusing } from './procedures.ts'
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
      rules: os.registration.rules.handler(() => registration.rules()),
      register: os.registration.register.handler(({ context, input, errors }) =>
        refusing(errors, () => registration.register(context, input)),
      ),
    },
    users: {
      list: os.users.list.handler(({ input }) => users.list(input)),
      create: os.users.create.handler(({ context, input, errors }) =>
        refusing(errors, () => users.create(context, input)),
      ),
      get: os.users.get.handler(({ input, errors }) => refusing(errors, () => users.get(input.id))),
      update: os.users.update.handler(({ context, input: { id, ...changes }, errors }) =>
        refusing(errors, () => users.update(context, id, changes)),
      ),
      remove: os.users.remove.handler(({ context, input, errors }) =>
        refusing(errors, () => {
          users.remove(context, input.id)
          return done
        }),
      ),
      resetPassword: os.users.resetPassword.handler(({ context, input, errors }) =>
        refusing(errors, () => users.resetPassword(context, input.id, input.password)),
      ),
      sessions: os.users.sessions.handler(({ context, input, errors }) =>
        refusing(errors, () => users.signIns(context, input.id)),
      ),
      endSession: os.users.endSession.handler(({ context, input, errors }) =>
        refusing(errors, () => {
          users.endSignIn(context, input.id, input.sessionId)
          return done
        }),
      ),
      endSessions: os.users.endSessions.handler(({ context, input, errors }) =>
        refusing(errors, () => {
          users.endSignIns(context, input.id)
          return done
        }),
      ),
      removeTotp: os.users.removeTotp.handler(({ context, input, errors }) =>
        refusing(errors, () => {
          users.removeTotp(context, input.id)
          return done
        }),
      ),
      unlock: os.users.unlock.handler(({ context, input, errors }) =>
        refusing(errors, () => {
          users.unlock(context, input.id)
          return done
        }),
      ),
    },
    invites: {
      list: os.invites.list.handler(({ context, input }) =>
        invites.list(context, input.page, input.pageSize),
      ),
      create: os.invites.create.handler(({ context, input }) => invites.create(context, input)),
      remove: os.invites.remove.handler(({ context, input, errors }) =>
        refusing(errors, () => {
          invites.remove(context, input.id)
          return done
        }),
      ),
    },
  }
}

/** Groups, but for their walls, which `live/` keeps. */
export function groupProcedures(groups: Groups) {
  return {
    list: os.groups.list.handler(({ context, input }) => groups.list(context, input)),
    create: os.groups.create.handler(({ context, input, errors }) =>
      refusing(errors, () => groups.create(context, input.name)),
    ),
    get: os.groups.get.handler(({ context, input, errors }) =>
      refusing(errors, () => groups.get(context, input.id)),
    ),
    update: os.groups.update.handler(({ context, input, errors }) =>
      refusing(errors, () => groups.rename(context, input.id, input.name)),
    ),
    remove: os.groups.remove.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        groups.remove(context, input.id)
        return done
      }),
    ),
    addCamera: os.groups.addCamera.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        groups.addCamera(context, input.id, input.cameraId)
        return done
      }),
    ),
    removeCamera: os.groups.removeCamera.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        groups.removeCamera(context, input.id, input.cameraId)
        return done
      }),
    ),
    setMember: os.groups.setMember.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        groups.setMember(context, input.id, input.userId, input.role)
        return done
      }),
    ),
    removeMember: os.groups.removeMember.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        groups.removeMember(context, input.id, input.userId)
        return done
      }),
    ),
  }
}
