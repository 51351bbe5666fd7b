import { ORPCError } from '@orpc/server'
import { os } from './implementer.ts'
import { IdentityRefusal } from './refusals.ts'
import type { RefusalCode } from './refusals.ts'
import { signedInCaller } from './request-context.ts'
import type { Identity } from './service.ts'

/** What the contract offers a procedure to refuse with: a constructor for each code. */
type Refusals = { readonly [Code in RefusalCode]?: (options: { message?: string }) => Error }

/** Answers what `work` answers; what it refuses becomes the error that the contract foresees. */
async function refusing<Answer>(errors: Refusals, work: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof IdentityRefusal)) throw error
    const refuse = errors[error.code]
    throw refuse ? refuse({ message: error.sentence }) : new ORPCError(error.code, { message: error.message })
  }
}

/** Sign-in, and one's own account. */
export function identityProcedures(identity: Identity) {
  return {
    auth: {
      login: os.auth.login.handler(({ context, input, errors }) =>
        refusing(errors, () => identity.login(context, input.email, input.password)),
      ),
      refresh: os.auth.refresh.handler(({ context, errors }) =>
        refusing(errors, () => identity.refresh(context)),
      ),
      logout: os.auth.logout.handler(({ context }) => {
        identity.logout(context, signedInCaller(context))
        return {}
      }),
      setupState: os.auth.setupState.handler(({ context }) => identity.setupState(context)),
      setup: os.auth.setup.handler(({ context, input, errors }) =>
        refusing(errors, () => identity.setup(context, input)),
      ),
    },
    account: {
      show: os.account.show.handler(({ context, errors }) =>
        refusing(errors, () => identity.account(signedInCaller(context))),
      ),
      changePassword: os.account.changePassword.handler(({ context, input, errors }) =>
        refusing(errors, () => identity.changePassword(context, signedInCaller(context), input)),
      ),
    },
  }
}
