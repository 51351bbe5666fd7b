import { z } from 'zod'
import {
  accountLockedError,
  emailSchema,
  newPasswordSchema,
  sessionSchema,
  signInSchema,
  userSchema,
} from './auth.ts'
import { procedure, signedIn } from './procedure.ts'
import { accountErrors, displayNameSchema, usernameSchema } from './users.ts'

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

const wrongPassword = {
  WRONG_PASSWORD: { status: 422, message: 'The current password is not right.' },
  ...accountLockedError,
} as const
/** What changes a way in asks again who it is, where the sign-in is older than 15 minutes. */
const proofError = {
  REAUTHENTICATION_REQUIRED: {
    status: 403,
    message:
      'You proved who you are more than 15 minutes ago. Give your password again; without one, sign in by single sign-on again.',
  },
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
  sessions: procedure({ access: signedIn, audit: null, withoutTotp: true })
    .route({ method: 'GET', path: '/account/sessions', summary: 'My sign-ins', tags })
    .output(z.object({ items: z.array(signInSchema), total: z.int() })),
  endSession: procedure({ access: signedIn, audit: 'session.ended', withoutTotp: true })
    .route({ method: 'DELETE', path: '/account/sessions/{id}', summary: 'End one of my sign-ins', tags })
    .input(z.object({ id: z.string().max(100) }))
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
