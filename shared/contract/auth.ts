import { z } from 'zod'
import { anyone, procedure, signedIn } from './procedure.ts'

/** A person as other parts of the interface show them. */
export const userSchema = z.object({
  id: z.string(),
  email: z.string(),
  displayName: z.string(),
  admin: z.boolean(),
  /** True while the documented development password stands; the page asks for a new one. */
  mustChangePassword: z.boolean(),
})
export type User = z.infer<typeof userSchema>

/** `expiresAt` is in milliseconds since the epoch; the token is a JWT for `Authorization: Bearer`. */
export const sessionSchema = z.object({ accessToken: z.string(), expiresAt: z.int(), user: userSchema })

/** `local@host`, any host: the documented default is admin@localhost, which z.email() refuses. */
const emailSchema = z
  .string()
  .trim()
  .max(254, 'An address has at most 254 characters.')
  .regex(/^[^\s@]+@[^\s@]+$/, 'An address looks like name@host.')

/** 8 to 128 characters; how strong it must be is decided where the person's own words are known. */
export const newPasswordSchema = z
  .string()
  .min(8, 'A password has at least 8 characters.')
  .max(128, 'A password has at most 128 characters.')

export const auth = {
  login: procedure({ access: anyone, audit: 'session.opened' })
    .route({ method: 'POST', path: '/auth/login', summary: 'Sign in', tags: ['Sign-in'] })
    // Any strings: a wrong address and a wrong password look the same from outside.
    .input(z.object({ email: z.string().max(1000), password: z.string().max(1000) }))
    .output(sessionSchema)
    .errors({
      UNAUTHORIZED: { status: 401, message: 'This address and password do not match. Check both.' },
    }),
  refresh: procedure({ access: anyone, audit: 'session.refreshed' })
    .route({ method: 'POST', path: '/auth/refresh', summary: 'Renew the access token', tags: ['Sign-in'] })
    // In a browser the refresh token is an HttpOnly cookie; on the desktop the door holds it.
    .input(z.object({}))
    .output(sessionSchema),
  logout: procedure({ access: signedIn, audit: 'session.closed' })
    .route({ method: 'POST', path: '/auth/logout', summary: 'Sign out', tags: ['Sign-in'] })
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
    .output(sessionSchema)
    .errors({
      ALREADY_SET_UP: { status: 409, message: 'This desk already has an administrator. Sign in.' },
      WRONG_CODE: {
        status: 403,
        message: 'The code does not match. It is printed on the terminal of the desk at every start.',
      },
      WEAK_PASSWORD: { status: 422, message: 'Choose a password that is harder to guess.' },
    }),
}
