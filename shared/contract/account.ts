import { z } from 'zod'
import { newPasswordSchema, sessionSchema, userSchema } from './auth.ts'
import { procedure, signedIn } from './procedure.ts'

export const account = {
  show: procedure({ access: signedIn, audit: null })
    .route({ method: 'GET', path: '/account', summary: 'Who am I', tags: ['Account'] })
    .output(userSchema),
  changePassword: procedure({ access: signedIn, audit: 'password.changed' })
    .route({ method: 'POST', path: '/account/password', summary: 'Change my password', tags: ['Account'] })
    .input(z.object({ currentPassword: z.string().max(1000), newPassword: newPasswordSchema }))
    // Every other sign-in of the person ends; this one goes on with a new token.
    .output(sessionSchema)
    .errors({
      WRONG_PASSWORD: { status: 422, message: 'The current password is not right.' },
      WEAK_PASSWORD: { status: 422, message: 'Choose a password that is harder to guess.' },
    }),
}
