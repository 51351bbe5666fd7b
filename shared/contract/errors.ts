import { z } from 'zod'
import { altaProblems } from '../domain/alta-problems.ts'
import type { AltaProblemCode } from '../domain/alta-problems.ts'

const issueSchema = z.object({ field: z.string(), message: z.string() })

/** What may be asked again after a while. */
export const retryLaterSchema = z.object({ retryAfterSeconds: z.int() })

/** Errors that any procedure may answer, besides INTERNAL (an internal error, with the request id). */
export const commonErrors = {
  BAD_REQUEST: {
    status: 400,
    message: 'The request is not understood. Correct the named fields.',
    data: z.object({ issues: z.array(issueSchema) }).optional(),
  },
  UNAUTHORIZED: { status: 401, message: 'Sign in first.' },
  FORBIDDEN: { status: 403, message: 'Only an administrator may do this.' },
  PASSWORD_CHANGE_REQUIRED: {
    status: 403,
    message:
      'Somebody else gave you this password. Choose one of your own first (POST /api/account/password).',
  },
  TOTP_SETUP_REQUIRED: {
    status: 403,
    message: 'An administrator asks for an authenticator app. Set one up in your account first.',
  },
  NOT_FOUND: { status: 404, message: 'There is no such thing here, or it is not yours to see.' },
  TOO_MANY_REQUESTS: {
    status: 429,
    message: 'These are too many requests at once. Try again later.',
    data: retryLaterSchema,
  },
  PASSWORDS_UNAVAILABLE: {
    status: 503,
    message: 'The desk could not check the password just now. Try again in a moment.',
  },
} as const

const altaErrorData = z.object({ detail: z.string().optional(), field: z.string().optional() }).optional()

/** Why a file could not be made. */
export const fileErrors = {
  FILE_QUOTA_REACHED: {
    status: 409,
    message:
      'Your files take all the space that one person may use. Exported files are deleted after an hour; or choose fewer rows.',
  },
  FILE_DISK_FULL: {
    status: 507,
    message: 'The disk for files is full. Nothing was kept. Free some space and try again.',
  },
  FILES_UNAVAILABLE: {
    status: 503,
    message: 'The folder for files cannot be used. Nothing was kept. Check its rights and its disk.',
  },
} as const

function altaError(code: AltaProblemCode) {
  return { status: 422, message: altaProblems[code], data: altaErrorData } as const
}

/** What can go wrong when an Alta server is asked something; one error, one sentence each. */
export const altaErrors = {
  ALTA_UNREACHABLE: altaError('ALTA_UNREACHABLE'),
  ALTA_ADDRESS_REFUSED: altaError('ALTA_ADDRESS_REFUSED'),
  ALTA_TLS_UNTRUSTED: altaError('ALTA_TLS_UNTRUSTED'),
  ALTA_WRONG_PASSWORD: altaError('ALTA_WRONG_PASSWORD'),
  ALTA_OBSERVER: altaError('ALTA_OBSERVER'),
  ALTA_SLOW: altaError('ALTA_SLOW'),
  ALTA_NOT_ALTA: altaError('ALTA_NOT_ALTA'),
  ALTA_HUGE_ANSWER: altaError('ALTA_HUGE_ANSWER'),
  ALTA_ERROR: altaError('ALTA_ERROR'),
  ALTA_CLOCK_OFF: altaError('ALTA_CLOCK_OFF'),
  ALTA_TOO_OLD: altaError('ALTA_TOO_OLD'),
  ALTA_OTT_CLOSED: altaError('ALTA_OTT_CLOSED'),
  ALTA_NO_OTT: altaError('ALTA_NO_OTT'),
  ALTA_DISK_FULL: altaError('ALTA_DISK_FULL'),
  ALTA_RECEIVER_MISSING: altaError('ALTA_RECEIVER_MISSING'),
  ALTA_CHANNEL_TAKEN: altaError('ALTA_CHANNEL_TAKEN'),
} as const

/** A change that would destroy recordings waits for the typed name of what it would destroy. */
export const confirmationError = {
  CONFIRMATION_NEEDED: {
    status: 409,
    message: 'This deletes recordings on Alta. Repeat the request with the name typed out in confirmName.',
    data: z.object({ expected: z.string(), reason: z.string() }),
  },
} as const
