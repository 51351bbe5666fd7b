import { z } from 'zod'
import { registrationModes } from '../domain/registration.ts'
import { emailSchema, newPasswordSchema, sessionSchema } from './auth.ts'
import { pageInput } from './paging.ts'
import { admin, anyone, procedure } from './procedure.ts'
import { accountErrors, displayNameSchema, usernameSchema } from './users.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'invite.made': true
    'invite.withdrawn': true
  }
}

export const inviteSchema = z.object({
  id: z.string(),
  /** 12 characters; capitals, spaces and hyphens do not matter when it is typed. */
  code: z.string(),
  /** Where the invited person registers; null on a desktop that no colleague can reach. */
  url: z.string().nullable(),
  /** Null: as often as anybody likes. */
  maxUses: z.int().nullable(),
  uses: z.int(),
  /** Null: until it is withdrawn. */
  expiresAt: z.int().nullable(),
  state: z.enum(['open', 'used', 'expired']),
  createdAt: z.int(),
  createdBy: z.string(),
})
export type Invite = z.infer<typeof inviteSchema>

export const invites = {
  list: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/invites', summary: 'List invites, newest first', tags: ['People'] })
    .input(pageInput.omit({ search: true }))
    .output(z.object({ items: z.array(inviteSchema), total: z.int() })),
  create: procedure({ access: admin, audit: 'invite.made' })
    .route({ method: 'POST', path: '/invites', summary: 'Invite people', tags: ['People'] })
    .input(
      z.object({
        maxUses: z.int().min(1).max(100_000).nullable().optional(),
        expiresInHours: z.int().min(1).max(8_760).nullable().optional(),
      }),
    )
    .output(inviteSchema),
  remove: procedure({ access: admin, audit: 'invite.withdrawn' })
    .route({ method: 'DELETE', path: '/invites/{id}', summary: 'Withdraw an invite', tags: ['People'] })
    .input(z.object({ id: z.string().max(100) }))
    .output(z.object({})),
}

export const registration = {
  rules: procedure({ access: anyone, audit: null })
    .route({
      method: 'GET',
      path: '/auth/registration',
      summary: 'Who may register',
      tags: ['Sign-in'],
    })
    .output(z.object({ mode: z.enum(registrationModes) })),
  register: procedure({ access: anyone, audit: 'user.registered' })
    .route({
      method: 'POST',
      path: '/auth/register',
      summary: 'Make an account of my own',
      tags: ['Sign-in'],
    })
    .input(
      z.object({
        email: emailSchema,
        username: usernameSchema,
        displayName: displayNameSchema,
        password: newPasswordSchema,
        invite: z.string().max(100).optional(),
      }),
    )
    // The recovery code resets a forgotten password and is shown this once.
    .output(sessionSchema.extend({ recoveryCode: z.string() }))
    .errors({
      ...accountErrors,
      REGISTRATION_CLOSED: {
        status: 403,
        message: 'Nobody can register here. Ask an administrator for an account.',
      },
      INVITE_NEEDED: { status: 403, message: 'An invite is needed. Ask an administrator for one.' },
      INVITE_INVALID: {
        status: 403,
        message: 'This invite is not valid (any more). Check the code, or ask for a new one.',
      },
    }),
}
