import { rpc } from '../rpc/rpc.ts'
import type { OwnAccount } from './own-account.ts'
import type { PasswordSignIn } from './password-sign-in.ts'
import type { Recovery } from './recovery.ts'
import { signedInCaller } from '../rpc/request-context.ts'
import type { PasswordChange } from './password-change.ts'
import type { Reauthentication } from './reauthentication.ts'
import type { Registration } from './registration.ts'
import type { SessionService } from './session-service.ts'
import type { Setup } from './setup.ts'
import type { SignInAdministration } from './sign-in-administration.ts'
import type { SsoSignIn } from './sso-sign-in.ts'

/** What the procedures of sign-in and of one's own account are answered by. */
export interface SignInServices {
  readonly service: SessionService
  readonly setup: Setup
  readonly reauthentication: Reauthentication
  readonly passwordChange: PasswordChange
  readonly registration: Registration
  readonly administration: SignInAdministration
  readonly passwordSignIn: PasswordSignIn
  readonly recovery: Recovery
  readonly ownAccount: OwnAccount
  readonly sso: SsoSignIn
}

const done = {}

/** Sign-in, registration, one's own account, and what administrators do with sign-ins. */
export function signInProcedures(services: SignInServices) {
  return {
    auth: authProcedures(services),
    account: accountProcedures(services),
    registration: registrationProcedures(services),
    users: administrationProcedures(services),
  }
}

function registrationProcedures({ registration }: SignInServices) {
  return {
    rules: rpc.registration.rules.handler(() => registration.rules()),
    register: rpc.registration.register.handler(({ context, input }) =>
      registration.register(context, input),
    ),
  }
}

function administrationProcedures({ administration }: SignInServices) {
  return {
    sessions: rpc.users.sessions.handler(({ context, input }) => administration.list(context, input.id)),
    endSession: rpc.users.endSession.handler(async ({ context, input }) => {
      await administration.end(context, input.id, input.sessionId)
      return done
    }),
    endSessions: rpc.users.endSessions.handler(async ({ context, input }) => {
      await administration.endAll(context, input.id)
      return done
    }),
    removeTotp: rpc.users.removeTotp.handler(async ({ context, input }) => {
      await administration.removeTotp(context, input.id)
      return done
    }),
    unlock: rpc.users.unlock.handler(async ({ context, input }) => {
      await administration.unlock(context, input.id)
      return done
    }),
  }
}

function authProcedures({ service, setup, passwordSignIn, recovery, sso }: SignInServices) {
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
      return done
    }),
    setupState: rpc.auth.setupState.handler(({ context }) => setup.state(context)),
    setup: rpc.auth.setup.handler(({ context, input }) => setup.run(context, input)),
    recover: rpc.auth.recover.handler(({ context, input }) => {
      const { email, username, ...codes } = input
      return recovery.recover(context, { name: email ?? username ?? '', ...codes })
    }),
  }
}

function accountProcedures({ passwordChange, reauthentication, ownAccount }: SignInServices) {
  return {
    show: rpc.account.show.handler(({ context }) => ownAccount.show(signedInCaller(context))),
    update: rpc.account.update.handler(({ context, input }) =>
      ownAccount.update(context, signedInCaller(context), input),
    ),
    changePassword: rpc.account.changePassword.handler(({ context, input }) =>
      passwordChange.change(context, signedInCaller(context), input),
    ),
    prove: rpc.account.prove.handler(async ({ context, input }) => {
      await reauthentication.prove(context, signedInCaller(context), input.password)
      return done
    }),
    sessions: rpc.account.sessions.handler(async ({ context }) => {
      const items = await ownAccount.sessions(signedInCaller(context))
      return { items, total: items.length }
    }),
    endSession: rpc.account.endSession.handler(async ({ context, input }) => {
      await ownAccount.endSession(context, signedInCaller(context), input.id)
      return done
    }),
    notices: rpc.account.notices.handler(async ({ context }) => {
      const items = await ownAccount.notices(signedInCaller(context))
      return { items, total: items.length }
    }),
    dismissNotices: rpc.account.dismissNotices.handler(async ({ context, input }) => {
      await ownAccount.dismissNotices(context, signedInCaller(context), input.ids)
      return done
    }),
    setUpTotp: rpc.account.setUpTotp.handler(({ context, input }) =>
      ownAccount.setUpTotp(context, signedInCaller(context), input.password),
    ),
    confirmTotp: rpc.account.confirmTotp.handler(({ context, input }) =>
      ownAccount.confirmTotp(context, signedInCaller(context), input.code),
    ),
    removeTotp: rpc.account.removeTotp.handler(async ({ context, input }) => {
      await ownAccount.removeTotp(context, signedInCaller(context), input)
      return done
    }),
    renewBackupCodes: rpc.account.renewBackupCodes.handler(({ context, input }) =>
      ownAccount.renewBackupCodes(context, signedInCaller(context), input),
    ),
    renewRecoveryCode: rpc.account.renewRecoveryCode.handler(({ context, input }) =>
      ownAccount.renewRecoveryCode(context, signedInCaller(context), input.password),
    ),
  }
}
