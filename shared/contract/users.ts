import { z } from 'zod'
import { groupRoles } from '../domain/roles.ts'
import { isUsername } from '../domain/usernames.ts'
import { emailSchema, newPasswordSchema, proofError, signInSchema } from './auth.ts'
import { nameSchema } from './names.ts'
import { pageInput } from './paging.ts'
import { admin, procedure } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'user.added': true
    'user.registered': true
    'user.changed': true
    'user.removed': true
    'user.password-reset': true
    'user.sign-in-ended': true
    'user.totp-removed': true
    'user.unlocked': true
    'user.sign-ins-ended': true
  }
}

/** Unique without regard to case; what comes in capitals is kept in lower case. */
export const usernameSchema = z
  .string()
  .trim()
  .toLowerCase()
  .refine(isUsername, 'A username has 3 to 32 of the characters a to z, 0 to 9, dot, underscore and hyphen.')

export const displayNameSchema = nameSchema('Give the person a name.')

/** A person as administrators see them. */
export const personSchema = z.object({
  id: z.string(),
  email: z.string(),
  username: z.string(),
  displayName: z.string(),
  admin: z.boolean(),
  disabled: z.boolean(),
  mustChangePassword: z.boolean(),
  createdAt: z.int(),
  /** In how many groups they are. */
  groupCount: z.int(),
  /** False for who signs in by SSO alone. */
  hasPassword: z.boolean(),
  /** Whether they have an authenticator app. */
  totp: z.boolean(),
  /** Until when too many failures lock their sign-in, in milliseconds since the epoch; null where they do not. */
  lockedUntil: z.int().nullable(),
  /** When they last signed in or renewed a sign-in; null before the first time. */
  lastActiveAt: z.int().nullable(),
})
export type PersonView = z.infer<typeof personSchema>

const idInput = z.object({ id: z.string().max(100) })
const filterFlag = z.union([z.boolean(), z.stringbool()]).optional()

/** Answered once, in plain; null where a password was given with the request. */
const initialPassword = z.string().nullable()

/** What a new account may run into. */
export const accountErrors = {
  EMAIL_TAKEN: { status: 409, message: 'Somebody else has this e-mail address.' },
  USERNAME_TAKEN: { status: 409, message: 'Somebody else has this username. Choose another.' },
  WEAK_PASSWORD: { status: 422, message: 'Choose a password that is harder to guess.' },
} as const

const lastAdminError = {
  LAST_ADMIN: {
    status: 409,
    message: 'This is the last administrator. Make somebody else an administrator first.',
  },
} as const

/** One's own password, address and app take the proof that /account asks for. */
const ownAccountError = {
  OWN_ACCOUNT: {
    status: 403,
    message: 'This is your own account. Change it at /api/account, which asks for your password.',
  },
} as const

export const users = {
  list: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/users', summary: 'List people', tags: ['People'] })
    .input(
      pageInput.extend({
        admin: filterFlag,
        disabled: filterFlag,
        sort: z.enum(['name', '-name', 'created', '-created']).default('name'),
      }),
    )
    .output(z.object({ items: z.array(personSchema), total: z.int() })),
  create: procedure({ access: admin, audit: 'user.added' })
    .route({
      method: 'POST',
      path: '/users',
      summary: 'Make an account',
      description:
        'Without a password one is made, answered once in initialPassword, and must be changed at the first sign-in. An administrator is made only within 15 minutes of the last proof of who you are: see POST /account/proof.',
      tags: ['People'],
    })
    .input(
      z.object({
        email: emailSchema,
        username: usernameSchema,
        displayName: displayNameSchema,
        password: newPasswordSchema.optional(),
        admin: z.boolean().optional(),
      }),
    )
    .output(personSchema.extend({ initialPassword }))
    .errors({ ...accountErrors, ...proofError }),
  get: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/users/{id}', summary: 'One person', tags: ['People'] })
    .input(idInput)
    .output(
      personSchema.extend({
        groups: z.array(z.object({ id: z.string(), name: z.string(), role: z.enum(groupRoles) })),
      }),
    ),
  update: procedure({ access: admin, audit: 'user.changed' })
    .route({
      method: 'PATCH',
      path: '/users/{id}',
      summary: 'Change an account',
      description:
        'A new password must be changed at the next sign-in; like disabling, it ends every sign-in. A new password, a new address and the rights of an administrator ask for a fresh proof of who you are: see POST /account/proof. Your own password and address are changed at /account.',
      tags: ['People'],
    })
    .input(
      idInput.extend({
        email: emailSchema.optional(),
        username: usernameSchema.optional(),
        displayName: displayNameSchema.optional(),
        password: newPasswordSchema.optional(),
        admin: z.boolean().optional(),
        disabled: z.boolean().optional(),
      }),
    )
    .output(personSchema)
    .errors({ ...accountErrors, ...lastAdminError, ...ownAccountError, ...proofError }),
  remove: procedure({ access: admin, audit: 'user.removed' })
    .route({ method: 'DELETE', path: '/users/{id}', summary: 'Delete an account', tags: ['People'] })
    .input(idInput)
    .output(z.object({}))
    .errors(lastAdminError),
  resetPassword: procedure({ access: admin, audit: 'user.password-reset' })
    .route({
      method: 'POST',
      path: '/users/{id}/password',
      summary: 'Reset a password',
      description:
        'Ends every sign-in of the person. Without a password one is made and answered once in initialPassword. Asks for a fresh proof of who you are: see POST /account/proof. Your own is changed at /account/password.',
      tags: ['People'],
    })
    .input(idInput.extend({ password: newPasswordSchema.optional() }))
    .output(z.object({ initialPassword }))
    .errors({ WEAK_PASSWORD: accountErrors.WEAK_PASSWORD, ...ownAccountError, ...proofError }),
  sessions: procedure({ access: admin, audit: null })
    .route({
      method: 'GET',
      path: '/users/{id}/sessions',
      summary: 'Where a person is signed in',
      tags: ['People'],
    })
    .input(idInput)
    .output(z.object({ items: z.array(signInSchema), total: z.int() })),
  endSession: procedure({ access: admin, audit: 'user.sign-in-ended' })
    .route({
      method: 'DELETE',
      path: '/users/{id}/sessions/{sessionId}',
      summary: 'End a sign-in of a person',
      tags: ['People'],
    })
    .input(idInput.extend({ sessionId: z.string().max(100) }))
    .output(z.object({})),
  endSessions: procedure({ access: admin, audit: 'user.sign-ins-ended' })
    .route({
      method: 'DELETE',
      path: '/users/{id}/sessions',
      summary: 'End every sign-in of a person',
      tags: ['People'],
    })
    .input(idInput)
    .output(z.object({})),
  removeTotp: procedure({ access: admin, audit: 'user.totp-removed' })
    .route({
      method: 'DELETE',
      path: '/users/{id}/totp',
      summary: "Remove a person's authenticator app",
      description:
        'For a phone that is lost. Their backup codes go with it, and every sign-in of theirs ends. Asks for a fresh proof of who you are: see POST /account/proof. Your own is removed at /account/totp/disable.',
      tags: ['People'],
    })
    .input(idInput)
    .output(z.object({}))
    .errors({
      TOTP_OFF: { status: 409, message: 'This person has no authenticator app.' },
      ...ownAccountError,
      ...proofError,
    }),
  unlock: procedure({ access: admin, audit: 'user.unlocked' })
    .route({
      method: 'DELETE',
      path: '/users/{id}/lock',
      summary: 'Let a person sign in again',
      description:
        'Forgets the failed sign-ins with either of their names; the count begins anew. Your own account is unlocked by another administrator.',
      tags: ['People'],
    })
    .input(idInput)
    .output(z.object({}))
    .errors(ownAccountError),
}
