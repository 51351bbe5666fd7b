import { z } from 'zod'
import { fileErrors } from './errors.ts'
import { admin, procedure } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'audit.exported': true
  }
}

/** How it ended: done, refused to the person, or tried and failed. */
export const auditOutcomes = ['done', 'refused', 'failed'] as const
/** Through which door it came; `desk` is what the desk does by itself. */
const auditDoors = ['http', 'desktop', 'desk'] as const

/** Which rows are asked for; what is left out does not matter. */
export const auditFilterSchema = z.object({
  /** One action, as `user.added`. */
  action: z.string().max(100).optional(),
  /** Who did it: the id of a person, or the name in the row, whole. */
  actor: z.string().max(300).optional(),
  /** What it was done to: the id, or the name in the row, whole. */
  target: z.string().max(300).optional(),
  outcome: z.enum(auditOutcomes).optional(),
  /** From this time, in milliseconds since the epoch, inclusive. */
  from: z.coerce.number().int().min(0).max(8_640_000_000_000_000).optional(),
  /** Up to this time, inclusive. */
  to: z.coerce.number().int().min(0).max(8_640_000_000_000_000).optional(),
  /** A part of the action, the names, the address or the request id, without regard to case. */
  search: z.string().trim().max(200).optional(),
  /** `false` leaves out `session.refreshed`, which each open page adds every quarter of an hour. */
  renewals: z.union([z.boolean(), z.stringbool()]).optional(),
})
export type AuditFilter = z.infer<typeof auditFilterSchema>

/** A JSON object with secrets hidden; null where the action has no such side. */
const sideSchema = z.record(z.string(), z.unknown()).nullable()

export const auditEntrySchema = z.object({
  /** Number of the row: later rows have larger ones, whatever the clock did. */
  seq: z.int(),
  /** Milliseconds since the epoch. */
  at: z.int(),
  action: z.string(),
  /** `id` is null for strangers and for the desk itself. */
  actor: z.object({ id: z.string().nullable(), name: z.string() }),
  target: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string() }).nullable(),
  outcome: z.enum(auditOutcomes),
  door: z.enum(auditDoors),
  remoteAddress: z.string(),
  requestId: z.string(),
  before: sideSchema,
  after: sideSchema,
})
export type AuditEntry = z.infer<typeof auditEntrySchema>

export const audit = {
  list: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/audit', summary: 'The audit log, newest first', tags: ['Audit log'] })
    .input(
      auditFilterSchema.extend({
        /** `nextCursor` of the page before. */
        cursor: z
          .string()
          .regex(/^\d{1,15}$/, 'A cursor is what the page before answered as nextCursor.')
          .optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    )
    // `nextCursor` is null on the last page.
    .output(z.object({ items: z.array(auditEntrySchema), nextCursor: z.string().nullable() })),
  actions: procedure({ access: admin, audit: null })
    .route({
      method: 'GET',
      path: '/audit/actions',
      summary: 'Every action that stands in the audit log',
      tags: ['Audit log'],
    })
    .output(z.object({ actions: z.array(z.string()) })),
  state: procedure({ access: admin, audit: null })
    .route({
      method: 'GET',
      path: '/audit/state',
      summary: 'How long the audit log goes back',
      tags: ['Audit log'],
    })
    .output(
      z.object({
        /** The time of the oldest row; null for an empty log. */
        oldestAt: z.int().nullable(),
        /** How long rows are kept, in milliseconds; null is for ever. */
        keptForMs: z.int().nullable(),
        /** A sentence when the log was found altered from outside at start; null when all was well. */
        finding: z.string().nullable(),
      }),
    ),
  export: procedure({ access: admin, audit: 'audit.exported' })
    .route({
      method: 'POST',
      path: '/audit/export',
      summary: 'Download the audit log',
      description:
        'Writes the file, and answers where it can be fetched for an hour, without a token, as long as the sign-in lasts. A download that broke off can go on (Range, If-Range).',
      tags: ['Audit log'],
    })
    .errors(fileErrors)
    .input(auditFilterSchema.extend({ format: z.enum(['csv', 'jsonl']) }))
    // `url` is a path of the desk, which needs no token; `expiresAt` is in milliseconds since the epoch.
    .output(z.object({ url: z.string(), expiresAt: z.int() })),
}
