import { rpc } from '../rpc/rpc.ts'
import type { OwnAccount } from './own-account.ts'
import type { PasswordSignIn } from './password-sign-in.ts'
import type { Recovery } from './recovery.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { Identity } from './service.ts'
import type { SsoSignIn } from './sso-sign-in.ts'

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
    login: rpc.auth.login.handler(({ context, input }) => {
      const { email, username, ...secrets } = input
      return passwordSignIn.login(context, { name: email ?? username ?? '', ...secrets })
    }),
    options: rpc.auth.options.handler(({ context }) => sso.offers(context)),
    signInWithBrowser: rpc.auth.signInWithBrowser.handler(({ context, input }) =>
      sso.signInWithBrowser(context, {
        invite: input.invite ?? null,
        keep: input.keep === true,
        again: input.again === true,
      }),
    ),
    refresh: rpc.auth.refresh.handler(({ context }) => service.refresh(context)),
    logout: rpc.auth.logout.handler(async ({ context }) => {
      await service.logout(context)
      return {}
    }),
    setupState: rpc.auth.setupState.handler(({ context }) => service.setupState(context)),
    setup: rpc.auth.setup.handler(({ context, input }) => service.setup(context, input)),
    recover: rpc.auth.recover.handler(({ context, input }) => {
      const { email, username, ...codes } = input
      return recovery.recover(context, { name: email ?? username ?? '', ...codes })
    }),
  }
}

function accountProcedures({ service, ownAccount }: SignInServices) {
  return {
    show: rpc.account.show.handler(({ context }) => ownAccount.show(signedInCaller(context))),
    update: rpc.account.update.handler(({ context, input }) =>
      ownAccount.update(context, signedInCaller(context), input),
    ),
    changePassword: rpc.account.changePassword.handler(({ context, input }) =>
      service.changePassword(context, signedInCaller(context), input),
    ),
    prove: rpc.account.prove.handler(async ({ context, input }) => {
      await service.prove(context, signedInCaller(context), input.password)
      return {}
    }),
    sessions: rpc.account.sessions.handler(async ({ context }) => {
      const items = await ownAccount.sessions(signedInCaller(context))
      return { items, total: items.length }
    }),
    endSession: rpc.account.endSession.handler(async ({ context, input }) => {
      await ownAccount.endSession(context, signedInCaller(context), input.id)
      return {}
    }),
    notices: rpc.account.notices.handler(async ({ context }) => {
      const items = await ownAccount.notices(signedInCaller(context))
      return { items, total: items.length }
    }),
    dismissNotices: rpc.account.dismissNotices.handler(async ({ context, input }) => {
      await ownAccount.dismissNotices(context, signedInCaller(context), input.ids)
      return {}
    }),
    setUpTotp: rpc.account.setUpTotp.handler(({ context, input }) =>
      ownAccount.setUpTotp(context, signedInCaller(context), input.password),
    ),
    confirmTotp: rpc.account.confirmTotp.handler(({ context, input }) =>
      ownAccount.confirmTotp(context, signedInCaller(context), input.code),
    ),
    removeTotp: rpc.account.removeTotp.handler(async ({ context, input }) => {
      await ownAccount.removeTotp(context, signedInCaller(context), input)
      return {}
    }),
    renewBackupCodes: rpc.account.renewBackupCodes.handler(({ context, input }) =>
      ownAccount.renewBackupCodes(context, signedInCaller(context), input),
    ),
    renewRecoveryCode: rpc.account.renewRecoveryCode.handler(({ context, input }) =>
      ownAccount.renewRecoveryCode(context, signedInCaller(context), input.password),
    ),
  }
}
