import { rpc } from '../rpc/rpc.ts'
import type { Invites } from './invites.ts'
import type { Users } from './users.ts'

const done = {}

/** Accounts as administrators keep them; what `users.*` says of their sign-ins is answered by `sign-in/`. */
export function userProcedures(users: Users) {
  return {
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
  }
}

/** `invites.*` of the contract. */
export function inviteProcedures(invites: Invites) {
  return {
    list: rpc.invites.list.handler(({ context, input }) => invites.list(context, input.page, input.pageSize)),
    create: rpc.invites.create.handler(({ context, input }) => invites.create(context, input)),
    remove: rpc.invites.remove.handler(async ({ context, input }) => {
      await invites.remove(context, input.id)
      return done
    }),
  }
}
