import { z } from 'zod'
import {
  accountLockedError,
  proofError,
  emailSchema,
  newPasswordSchema,
  sessionSchema,
  signInSchema,
  userSchema,
} from './auth.ts'
import { noticeAuthors, noticeKinds } from '../domain/notices.ts'
import { procedure, signedIn } from './procedure.ts'
import { accountErrors, displayNameSchema, usernameSchema } from './users.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'session.proven': true
    'session.ended': true
    'password.changed': true
    'totp.prepared': true
    'totp.confirmed': true
    'totp.removed': true
    'backup-codes.renewed': true
    'recovery-code.renewed': true
    'notices.dismissed': true
    'account.changed': true
  }
}

const tags = ['Account']
const typedPassword = z.string().max(1000)
const typedCode = z.string().max(100)

/** A person as they see themselves. */
export const accountSchema = userSchema.extend({
  /** Whether an authenticator app is asked for at sign-in. */
  totp: z.boolean(),
  /** How many backup codes are left; 0 without an app. */
  backupCodesLeft: z.int(),
  /** An administrator asks for an app: until it is set up, only /account and sign-out are answered. */
  mustSetUpTotp: z.boolean(),
  /** False for who signs in by SSO alone. */
  hasPassword: z.boolean(),
  hasRecoveryCode: z.boolean(),
})
export type Account = z.infer<typeof accountSchema>

/** A change of how somebody signs in, kept until they have dismissed it. */
const noticeSchema = z.object({
  id: z.string(),
  kind: z.enum(noticeKinds),
  at: z.number(),
  by: z.enum(noticeAuthors),
  /** The name that the administrator had then; null where none did it. */
  byName: z.string().nullable(),
  /** Of the caller who changed it; `desktop` for the desk's own window. */
  remoteAddress: z.string(),
})
export type Notice = z.infer<typeof noticeSchema>
export type NoticeKind = Notice['kind']

const wrongPassword = {
  WRONG_PASSWORD: { status: 422, message: 'The current password is not right.' },
  ...accountLockedError,
} as const
const wrongCode = {
  WRONG_CODE: {
    status: 422,
    message: 'This code is not right, or was used already. Wait for the next one of the app.',
  },
} as const
const totpOn = { TOTP_ON: { status: 409, message: 'An authenticator app is set up already.' } } as const
const totpOff = { TOTP_OFF: { status: 409, message: 'No authenticator app is set up. Begin anew.' } } as const
const backupCodes = z.object({ backupCodes: z.array(z.string()) })
const passwordAndCode = z.object({ password: typedPassword, code: typedCode })

export const account = {
  show: procedure({ access: signedIn, audit: null, withoutTotp: true, withoutOwnPassword: true })
    .route({ method: 'GET', path: '/account', summary: 'Who am I', tags })
    .output(accountSchema),
  update: procedure({ access: signedIn, audit: 'account.changed' })
    .route({ method: 'PATCH', path: '/account', summary: 'Change my name, address or username', tags })
    // A new address or username is a new way in, so it asks for the password.
    .input(
      z.object({
        displayName: displayNameSchema.optional(),
        email: emailSchema.optional(),
        username: usernameSchema.optional(),
        currentPassword: typedPassword.optional(),
      }),
    )
    .output(accountSchema)
    .errors({
      ...wrongPassword,
      ...proofError,
      EMAIL_TAKEN: accountErrors.EMAIL_TAKEN,
      USERNAME_TAKEN: accountErrors.USERNAME_TAKEN,
    }),
  changePassword: procedure({
    access: signedIn,
    audit: 'password.changed',
    withoutTotp: true,
    withoutOwnPassword: true,
  })
    .route({ method: 'POST', path: '/account/password', summary: 'Change my password', tags })
    .input(z.object({ currentPassword: typedPassword, newPassword: newPasswordSchema }))
    // Every other sign-in of the person ends; this one goes on with a new token.
    .output(sessionSchema)
    .errors({
      ...wrongPassword,
      WEAK_PASSWORD: accountErrors.WEAK_PASSWORD,
    }),
  prove: procedure({ access: signedIn, audit: 'session.proven' })
    .route({
      method: 'POST',
      path: '/account/proof',
      summary: 'Prove who I am',
      description:
        'For 15 minutes, this sign-in may then do what answers REAUTHENTICATION_REQUIRED. Who has no password signs in by single sign-on again instead.',
      tags,
    })
    .input(z.object({ password: typedPassword }))
    .output(z.object({}))
    .errors({ ...wrongPassword, ...proofError }),
  sessions: procedure({ access: signedIn, audit: null, withoutTotp: true })
    .route({ method: 'GET', path: '/account/sessions', summary: 'My sign-ins', tags })
    .output(z.object({ items: z.array(signInSchema), total: z.int() })),
  endSession: procedure({ access: signedIn, audit: 'session.ended', withoutTotp: true })
    .route({ method: 'DELETE', path: '/account/sessions/{id}', summary: 'End one of my sign-ins', tags })
    .input(z.object({ id: z.string().max(100) }))
    .output(z.object({})),
  // Not before a password of one's own is chosen or an app that is asked for is set up: a caller who has only the
  // password might be the one who changed it.
  notices: procedure({ access: signedIn, audit: null })
    .route({
      method: 'GET',
      path: '/account/notices',
      summary: 'How I sign in was changed, from another sign-in than this',
      tags,
    })
    .output(z.object({ items: z.array(noticeSchema), total: z.int() })),
  dismissNotices: procedure({ access: signedIn, audit: 'notices.dismissed' })
    .route({ method: 'POST', path: '/account/notices/dismiss', summary: 'I have read these notices', tags })
    .input(z.object({ ids: z.array(z.string().max(100)).max(100) }))
    .output(z.object({})),
  setUpTotp: procedure({ access: signedIn, audit: 'totp.prepared', withoutTotp: true })
    .route({ method: 'POST', path: '/account/totp/setup', summary: 'Begin with an authenticator app', tags })
    // The password is asked for only where the sign-in is older than 15 minutes.
    .input(z.object({ password: typedPassword.optional() }))
    // `secret` is base32, to be typed; `otpauthUrl` is what a QR code holds. Nothing is asked for before `confirm`.
    .output(z.object({ secret: z.string(), otpauthUrl: z.string() }))
    .errors({ ...totpOn, ...wrongPassword, ...proofError }),
  confirmTotp: procedure({ access: signedIn, audit: 'totp.confirmed', withoutTotp: true })
    .route({ method: 'POST', path: '/account/totp/confirm', summary: 'Prove that the app has it', tags })
    .input(z.object({ code: typedCode }))
    .output(backupCodes)
    .errors({ ...totpOn, ...totpOff, ...wrongCode }),
  removeTotp: procedure({ access: signedIn, audit: 'totp.removed' })
    .route({ method: 'POST', path: '/account/totp/disable', summary: 'Remove the authenticator app', tags })
    .input(passwordAndCode)
    .output(z.object({}))
    .errors({ ...wrongPassword, ...wrongCode, ...totpOff, ...proofError }),
  renewBackupCodes: procedure({ access: signedIn, audit: 'backup-codes.renewed' })
    .route({ method: 'POST', path: '/account/totp/backup-codes', summary: 'Make new backup codes', tags })
    .input(passwordAndCode)
    .output(backupCodes)
    .errors({ ...wrongPassword, ...wrongCode, ...totpOff, ...proofError }),
  renewRecoveryCode: procedure({ access: signedIn, audit: 'recovery-code.renewed' })
    .route({ method: 'POST', path: '/account/recovery-code', summary: 'Make a new recovery code', tags })
    .input(z.object({ password: typedPassword }))
    .output(z.object({ recoveryCode: z.string() }))
    .errors(wrongPassword),
}
