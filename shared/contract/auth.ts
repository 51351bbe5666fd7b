import { z } from 'zod'
import { isOneLine } from '../domain/one-line.ts'
import { retryLaterSchema } from './errors.ts'
import { anyone, procedure } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'session.opened': true
    'session.refreshed': true
    'session.closed': true
    'desk.set-up': true
    'password.refused': true
    'account.recovered': true
    'account.locked': true
    'account.linked': true
  }
}

/** A person as other parts of the interface show them. */
export const userSchema = z.object({
  id: z.string(),
  email: z.string(),
  username: z.string(),
  displayName: z.string(),
  admin: z.boolean(),
  /** The password was given by somebody else (or stands in the documentation); the page asks for a new one. */
  mustChangePassword: z.boolean(),
  /** Of these two, that the documentation names it: the desk then answers its own machine alone. */
  documentedPassword: z.boolean(),
})
export type User = z.infer<typeof userSchema>

/** `expiresAt` is in milliseconds since the epoch; the token is a JWT for `Authorization: Bearer`. */
export const sessionSchema = z.object({
  accessToken: z.string(),
  expiresAt: z.int(),
  /** An administrator asks for an authenticator app; until it is set up, only /account and sign-out are answered. */
  mustSetUpTotp: z.boolean(),
  /** Signed in with a password that somebody else gave: until they choose one of their own, nothing else is answered. */
  mustChoosePassword: z.boolean(),
  user: userSchema,
})

/** One sign-in of a person. Times are in milliseconds since the epoch. */
export const signInSchema = z.object({
  id: z.string(),
  openedAt: z.int(),
  /** When it last renewed its access token. */
  usedAt: z.int(),
  expiresAt: z.int(),
  remoteAddress: z.string(),
  userAgent: z.string(),
  /** The one that asks. */
  current: z.boolean(),
})
export type SignIn = z.infer<typeof signInSchema>

/** `local@host`, any host: the documented default is admin@localhost, which z.email() refuses. */
export const emailSchema = z
  .string()
  .trim()
  .max(254, 'An address has at most 254 characters.')
  .regex(/^[^\s@]+@[^\s@]+$/, 'An address looks like name@host.')
  .refine(isOneLine, 'An address has no control characters.')

/** 8 to 128 characters; how strong it must be is decided where the person's own words are known. */
export const newPasswordSchema = z
  .string()
  .min(8, 'A password has at least 8 characters.')
  .max(128, 'A password has at most 128 characters.')

/**
 * Ten failures within 15 minutes lock a name for 15, whether or not anybody has it; never at the desk's own window. Ten by
 * whatever names lock the account, which looks like a wrong password from outside.
 */
export const accountLockedError = {
  ACCOUNT_LOCKED: {
    status: 429,
    message: 'Too many sign-ins with this name failed. Try again later.',
    data: retryLaterSchema,
  },
} as const

/** What changes a way in asks again who it is, where the sign-in is older than 15 minutes. */
export const proofError = {
  REAUTHENTICATION_REQUIRED: {
    status: 403,
    message:
      'You proved who you are more than 15 minutes ago. Give your password again; without one, sign in by single sign-on again.',
  },
} as const

const passwordsOffError = {
  PASSWORDS_OFF: { status: 403, message: 'Passwords are not taken here. Sign in by single sign-on.' },
} as const

/** What can go wrong on the way by a single sign-on provider; the page is told the code in `?sso=`. */
const ssoErrors = {
  SSO_OFF: { status: 409, message: 'Single sign-on is not to be had here.' },
  SSO_UNAVAILABLE: {
    status: 503,
    message: 'The single sign-on provider does not answer. Try again in a moment.',
  },
  SSO_REFUSED: { status: 403, message: 'Single sign-on did not let you in. Try again.' },
  SSO_NO_ACCOUNT: {
    status: 403,
    message: 'You have no account here. Ask an administrator for one, or for an invite.',
  },
  SSO_EMAIL_UNVERIFIED: {
    status: 403,
    message:
      'Your provider has not verified your e-mail address, so it opens no account here. Verify it there, then sign in again.',
  },
  EMAIL_TAKEN: {
    status: 409,
    message:
      'Another account has your e-mail address, and is not linked to single sign-on. Ask an administrator.',
  },
} as const

/** Any strings: a wrong name and a wrong password look the same from outside. Either holds an address or a username. */
const nameFields = { email: z.string().optional(), username: z.string().optional() }
const isNamed = (input: { email?: string | undefined; username?: string | undefined }): boolean =>
  (input.email ?? input.username) !== undefined
const unnamed = { message: 'Give an e-mail address or a username.', path: ['email'] }

/** At the desktop's own window: stay signed in when the application is closed. Elsewhere it changes nothing. */
const keepSignIn = z.boolean().optional()

export const auth = {
  login: procedure({ access: anyone, audit: 'session.opened' })
    .route({ method: 'POST', path: '/auth/login', summary: 'Sign in', tags: ['Sign-in'] })
    .input(
      z
        .object({
          ...nameFields,
          password: z.string(),
          /** Of the authenticator app, or a backup code. */
          code: z.string().optional(),
          keep: keepSignIn,
          /** From the terminal of the desk, where TERMINAL_CODE_REQUIRED asks for it; without an app `code` will do. */
          terminalCode: z.string().optional(),
        })
        .refine(isNamed, unnamed),
    )
    .output(sessionSchema)
    .errors({
      UNAUTHORIZED: { status: 401, message: 'This name and password do not match. Check both.' },
      TOTP_REQUIRED: {
        status: 401,
        message: 'The password is right. Give the code of your authenticator app too, or a backup code.',
      },
      WRONG_CODE: {
        status: 401,
        message: 'This code is not right, or was used already. Wait for the next one of the app.',
      },
      ...passwordsOffError,
      TERMINAL_CODE_REQUIRED: {
        status: 401,
        message:
          'Single sign-on does not answer. The desk has printed a code on its terminal; sign in with it as well.',
      },
      ...accountLockedError,
    }),
  options: procedure({ access: anyone, audit: null })
    .route({ method: 'GET', path: '/auth/options', summary: 'Which ways in there are', tags: ['Sign-in'] })
    // With `sso`, a browser goes to /api/auth/oidc/start and comes back signed in, or to /?sso=CODE.
    .output(
      z.object({
        sso: z.boolean(),
        passwords: z.boolean(),
        /** The desk is to be reached by https:// alone: elsewhere a browser does not keep its cookie. */
        https: z.boolean(),
        /** Whether a sign-in at the desktop's own window can outlive the application; null anywhere else. */
        keep: z.object({ obstacle: z.string().nullable() }).nullable(),
      }),
    ),
  signInWithBrowser: procedure({ access: anyone, audit: 'session.opened' })
    .route({
      method: 'POST',
      path: '/auth/oidc/browser',
      summary: 'Sign in by single sign-on, from a desktop window',
      description:
        'Opens the system browser and answers once the person has come back from the provider. A browser goes to /api/auth/oidc/start instead.',
      tags: ['Sign-in'],
    })
    .input(
      z.object({
        invite: z.string().max(100).optional(),
        keep: keepSignIn,
        /** The provider asks who it is even where it knows, for what needs proof. */
        again: z.boolean().optional(),
      }),
    )
    .output(sessionSchema)
    .errors(ssoErrors),
  refresh: procedure({ access: anyone, audit: 'session.refreshed' })
    .route({ method: 'POST', path: '/auth/refresh', summary: 'Renew the access token', tags: ['Sign-in'] })
    // In a browser the refresh token is an HttpOnly cookie; on the desktop the door holds it.
    .input(z.object({}))
    .output(sessionSchema),
  logout: procedure({ access: anyone, audit: 'session.closed' })
    .route({ method: 'POST', path: '/auth/logout', summary: 'Sign out', tags: ['Sign-in'] })
    // Of the access token, or where that has expired of the refresh token; without either 401.
    .input(z.object({}))
    .output(z.object({})),
  setupState: procedure({ access: anyone, audit: null })
    .route({
      method: 'GET',
      path: '/auth/setup',
      summary: 'Is a first administrator needed?',
      tags: ['Sign-in'],
    })
    .output(z.object({ needed: z.boolean(), codeNeeded: z.boolean() })),
  setup: procedure({ access: anyone, audit: 'desk.set-up' })
    .route({
      method: 'POST',
      path: '/auth/setup',
      summary: 'Make the first administrator',
      tags: ['Sign-in'],
    })
    .input(
      z.object({ email: emailSchema, password: newPasswordSchema, code: z.string().max(100).optional() }),
    )
    // The recovery code is shown this once.
    .output(sessionSchema.extend({ recoveryCode: z.string() }))
    .errors({
      ALREADY_SET_UP: { status: 409, message: 'This desk already has an administrator. Sign in.' },
      WRONG_CODE: {
        status: 403,
        message: 'The code does not match. It is printed on the terminal of the desk at every start.',
      },
      WEAK_PASSWORD: { status: 422, message: 'Choose a password that is harder to guess.' },
    }),
  recover: procedure({ access: anyone, audit: 'account.recovered' })
    .route({
      method: 'POST',
      path: '/auth/recover',
      summary: 'Reset a forgotten password',
      tags: ['Sign-in'],
    })
    .input(
      z
        .object({ ...nameFields, recoveryCode: z.string(), newPassword: newPasswordSchema })
        .refine(isNamed, unnamed),
    )
    // Every sign-in of the person ends; the new recovery code is shown this once. Nobody is signed in by it.
    .output(z.object({ recoveryCode: z.string() }))
    .errors({
      UNAUTHORIZED: { status: 401, message: 'This name and recovery code do not match. Check both.' },
      WEAK_PASSWORD: { status: 422, message: 'Choose a password that is harder to guess.' },
      ...passwordsOffError,
      ...accountLockedError,
    }),
}
