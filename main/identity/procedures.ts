import { ORPCError } from '@orpc/server'
import { os } from './implementer.ts'
import type { OwnAccount } from './own-account.ts'
import type { PasswordSignIn } from './password-sign-in.ts'
import type { Recovery } from './recovery.ts'
import { IdentityRefusal } from './refusals.ts'
import type { RefusalCode } from './refusals.ts'
import { signedInCaller } from './request-context.ts'
import type { Identity } from './service.ts'
import type { SsoSignIn } from './sso-sign-in.ts'

/** What the contract offers a procedure to refuse with: a constructor for each code. */
type Refusals = { readonly [Code in RefusalCode]?: (options: { message?: string }) => Error }

/** Answers what `work` answers; what it refuses becomes the error that the contract foresees. */
export async function refusing<Answer>(
  errors: Refusals,
  work: () => Answer | Promise<Answer>,
): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof IdentityRefusal)) throw error
    const refuse = errors[error.code]
    throw refuse ? refuse({ message: error.sentence }) : new ORPCError(error.code, { message: error.message })
  }
}

/** What the procedures of sign-in and of one's own account are answered by. */
export interface SignInServices {
  readonly service: Identity
  readonly passwordSignIn: PasswordSignIn
  readonly recovery: Recovery
  readonly ownAccount: OwnAccount
  readonly sso: SsoSignIn
}

/** Sign-in, and one's own account. */
export function identityProcedures(services: SignInServices) {
  return { auth: authProcedures(services), account: accountProcedures(services) }
}

function authProcedures({ service, passwordSignIn, recovery, sso }: SignInServices) {
  return {
    login: os.auth.login.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        const { email, username, ...secrets } = input
        return passwordSignIn.login(context, { name: email ?? username ?? '', ...secrets })
      }),
    ),
    options: os.auth.options.handler(({ context }) => sso.offers(context)),
    signInWithBrowser: os.auth.signInWithBrowser.handler(({ context, input, errors }) =>
      refusing(errors, () =>
        sso.signInWithBrowser(context, {
          invite: input.invite ?? null,
          keep: input.keep === true,
          again: input.again === true,
        }),
      ),
    ),
    refresh: os.auth.refresh.handler(({ context, errors }) =>
      refusing(errors, () => service.refresh(context)),
    ),
    logout: os.auth.logout.handler(({ context, errors }) =>
      refusing(errors, () => {
        service.logout(context)
        return {}
      }),
    ),
    setupState: os.auth.setupState.handler(({ context }) => service.setupState(context)),
    setup: os.auth.setup.handler(({ context, input, errors }) =>
      refusing(errors, () => service.setup(context, input)),
    ),
    recover: os.auth.recover.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        const { email, username, ...codes } = input
        return recovery.recover(context, { name: email ?? username ?? '', ...codes })
      }),
    ),
  }
}

function accountProcedures({ service, ownAccount }: SignInServices) {
  return {
    show: os.account.show.handler(({ context, errors }) =>
      refusing(errors, () => ownAccount.show(signedInCaller(context))),
    ),
    update: os.account.update.handler(({ context, input, errors }) =>
      refusing(errors, () => ownAccount.update(context, signedInCaller(context), input)),
    ),
    changePassword: os.account.changePassword.handler(({ context, input, errors }) =>
      refusing(errors, () => service.changePassword(context, signedInCaller(context), input)),
    ),
    prove: os.account.prove.handler(({ context, input, errors }) =>
      refusing(errors, async () => {
        await service.prove(context, signedInCaller(context), input.password)
        return {}
      }),
    ),
    sessions: os.account.sessions.handler(({ context }) => {
      const items = ownAccount.sessions(signedInCaller(context))
      return { items, total: items.length }
    }),
    endSession: os.account.endSession.handler(({ context, input, errors }) =>
      refusing(errors, () => {
        ownAccount.endSession(context, signedInCaller(context), input.id)
        return {}
      }),
    ),
    notices: os.account.notices.handler(({ context }) => {
      const items = ownAccount.notices(signedInCaller(context))
      return { items, total: items.length }
    }),
    dismissNotices: os.account.dismissNotices.handler(({ context, input }) => {
      ownAccount.dismissNotices(context, signedInCaller(context), input.ids)
      return {}
    }),
    setUpTotp: os.account.setUpTotp.handler(({ context, input, errors }) =>
      refusing(errors, () => ownAccount.setUpTotp(context, signedInCaller(context), input.password)),
    ),
    confirmTotp: os.account.confirmTotp.handler(({ context, input, errors }) =>
      refusing(errors, () => ownAccount.confirmTotp(context, signedInCaller(context), input.code)),
    ),
    removeTotp: os.account.removeTotp.handler(({ context, input, errors }) =>
      refusing(errors, async () => {
        await ownAccount.removeTotp(context, signedInCaller(context), input)
        return {}
      }),
    ),
    renewBackupCodes: os.account.renewBackupCodes.handler(({ context, input, errors }) =>
      refusing(errors, () => ownAccount.renewBackupCodes(context, signedInCaller(context), input)),
    ),
    renewRecoveryCode: os.account.renewRecoveryCode.handler(({ context, input, errors }) =>
      refusing(errors, () => ownAccount.renewRecoveryCode(context, signedInCaller(context), input.password)),
    ),
  }
}
