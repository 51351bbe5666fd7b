import { z } from 'zod'
import { serverStates } from '../domain/statuses.ts'
import { isBareOrigin, webOrigin } from '../domain/web-origins.ts'
import { altaErrors, confirmationError } from './errors.ts'
import { nameSchema } from './names.ts'
import { pageInput } from './paging.ts'
import { admin, procedure } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'server.added': true
    'server.changed': true
    'server.removed': true
    'server.repaired': true
    'server.page-origin-added': true
    'page-origin.allowed': true
    'page-origin.withdrawn': true
  }
}

/** One field of one of our objects on Alta that is not what the desk expects. */
export const driftSchema = z.object({
  object: z.string(),
  field: z.string(),
  expected: z.string(),
  found: z.string(),
})
export type DriftEntry = z.infer<typeof driftSchema>

/** A trouble that does not make a server unavailable, with the sentence that says what to do. */
const serverWarningSchema = z.object({ code: z.string(), message: z.string() })

export const serverSchema = z.object({
  id: z.string(),
  name: z.string(),
  baseUrl: z.string(),
  /** The origin that the admin typed, or null where the streaming address is found from Alta's configuration. */
  streamUrl: z.string().nullable(),
  /** Where players are sent; null until it is known. */
  streamOrigin: z.string().nullable(),
  login: z.string(),
  state: z.enum(serverStates),
  reason: z.string(),
  drift: z.array(driftSchema),
  /** How Alta is made to ask who may watch, and why that way. */
  authorization: z.object({ mode: z.enum(['backend', 'securetoken']), reason: z.string() }),
  callbackOrigin: z.string().nullable(),
  version: z.string().nullable(),
  clockOffsetMs: z.int().nullable(),
  whepPath: z.string(),
  /** The address Alta sees viewers come from, where the automatic choice is wrong (securetoken only). */
  viewerAddress: z.string().nullable(),
  cameraCount: z.int(),
  warnings: z.array(serverWarningSchema),
  checkedAt: z.int().nullable(),
  unavailableSinceAt: z.int().nullable(),
})
export type Server = z.infer<typeof serverSchema>

const name = nameSchema('Give the server a name.')
const httpUrl = z
  .string()
  .trim()
  .max(2000)
  .refine(
    isPlainHttpUrl,
    'An address looks like http://192.168.0.10:8100, without a user, query or fragment.',
  )
/** It goes into the Content-Security-Policy of every page, so nothing but an origin is taken. */
const streamUrl = z
  .string()
  .trim()
  .max(2000)
  .refine(
    isBareOrigin,
    'A streaming URL looks like https://video.example:8443: scheme, host and port, nothing after them.',
  )
const login = z.string().min(1, 'Type the Alta login.').max(200)
const password = z.string().min(1, 'Type the Alta password.').max(200)

function isPlainHttpUrl(value: string): boolean {
  if (webOrigin(value) === null) return false
  const url = new URL(value)
  return url.search === '' && url.hash === ''
}

const settings = {
  /** Path below the channel at which this Alta answers WHEP. */
  whepPath: z
    .string()
    .regex(/^[A-Za-z0-9._~/-]{1,100}$/, 'A path like whep, without a leading slash.')
    .optional(),
  viewerAddress: z.union([z.ipv4(), z.ipv6()]).nullable().optional(),
}

/** A receiver of a server, as the import dialog shows it; credentials in `source` are masked. */
const receiverSchema = z.object({
  id: z.string(),
  name: z.string(),
  source: z.string(),
  enabled: z.boolean(),
  active: z.boolean().nullable(),
  codec: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  fps: z.number().nullable(),
  bitrateKbps: z.number().nullable(),
  /** The camera that was imported from it, if any. */
  cameraId: z.string().nullable(),
  /** The receiver that looks like its sub stream (`<id>-sub`), if any. */
  suggestedSubId: z.string().nullable(),
})

/** A storage of a server ("archive" in Alta's configuration). */
const storageSchema = z.object({ id: z.string(), durationHours: z.number().nullable() })

/** Pages opened under these names may read streams; others wait, with the person who brought them, until one is allowed. */
const pageOriginsSchema = z.object({
  allowed: z.array(z.string()),
  waiting: z.array(z.object({ origin: z.string(), person: z.string(), seenAt: z.int() })),
})
export type PageOrigins = z.infer<typeof pageOriginsSchema>

const originInput = z.object({
  origin: z.string().max(300).refine(isBareOrigin, 'An address looks like http://desk.example:3303.'),
})

const idInput = z.object({ id: z.string().max(100) })

export const servers = {
  list: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/servers', summary: 'List servers', tags: ['Servers'] })
    .input(pageInput)
    .output(z.object({ items: z.array(serverSchema), total: z.int() })),
  create: procedure({ access: admin, audit: 'server.added' })
    .route({
      method: 'POST',
      path: '/servers',
      summary: 'Add a server; it is verified first',
      tags: ['Servers'],
    })
    .input(
      z.object({
        name,
        baseUrl: httpUrl,
        streamUrl: streamUrl.nullable().optional(),
        login,
        password,
        ...settings,
      }),
    )
    .output(serverSchema)
    .errors({
      ...altaErrors,
      SERVER_EXISTS: { status: 409, message: 'A server with this base URL or this name was added before.' },
    }),
  get: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/servers/{id}', summary: 'One server', tags: ['Servers'] })
    .input(idInput)
    .output(serverSchema),
  update: procedure({ access: admin, audit: 'server.changed' })
    .route({
      method: 'PATCH',
      path: '/servers/{id}',
      summary: 'Change a server; it is verified first',
      tags: ['Servers'],
    })
    .input(
      idInput.extend({
        name: name.optional(),
        baseUrl: httpUrl.optional(),
        streamUrl: streamUrl.nullable().optional(),
        login: login.optional(),
        password: password.optional(),
        ...settings,
      }),
    )
    .output(serverSchema)
    .errors({
      ...altaErrors,
      SERVER_EXISTS: { status: 409, message: 'A server with this base URL or this name was added before.' },
      PASSWORD_NEEDED: {
        status: 422,
        message:
          'The stored password is only for the address it was typed for. Type the Alta password again.',
        data: z.object({ field: z.literal('password') }),
      },
    }),
  remove: procedure({ access: admin, audit: 'server.removed' })
    .route({
      method: 'DELETE',
      path: '/servers/{id}',
      summary: 'Remove a server, its cameras, and what the desk made on it',
      description:
        'With force=true the server is forgotten even where Alta does not answer; our objects then stay on it.',
      tags: ['Servers'],
    })
    .input(idInput.extend({ force: z.union([z.boolean(), z.stringbool()]).optional() }))
    .output(z.object({}))
    .errors(altaErrors),
  repair: procedure({ access: admin, audit: 'server.repaired' })
    .route({
      method: 'POST',
      path: '/servers/{id}/repair',
      summary: 'Put our objects on Alta back',
      tags: ['Servers'],
    })
    .input(idInput.extend({ confirmName: z.string().max(200).optional() }))
    .output(serverSchema)
    .errors({ ...altaErrors, ...confirmationError }),
  receivers: procedure({ access: admin, audit: null })
    .route({
      method: 'GET',
      path: '/servers/{id}/receivers',
      summary: 'Receivers that can be imported',
      tags: ['Servers'],
    })
    .input(idInput.extend({ search: z.string().max(200).optional() }))
    .output(z.object({ items: z.array(receiverSchema), total: z.int() }))
    .errors(altaErrors),
  storages: procedure({ access: admin, audit: null })
    .route({
      method: 'GET',
      path: '/servers/{id}/storages',
      summary: 'Storages a camera can record to',
      tags: ['Servers'],
    })
    .input(idInput)
    .output(z.object({ items: z.array(storageSchema), total: z.int() }))
    .errors(altaErrors),
  pageOrigins: procedure({ access: admin, audit: null })
    .route({
      method: 'GET',
      path: '/page-origins',
      summary: 'Names of the desk that servers let read their streams, and those that wait',
      description: 'The addresses of the desk itself need no leave and are not listed.',
      tags: ['Servers'],
    })
    .output(pageOriginsSchema),
  allowPageOrigin: procedure({ access: admin, audit: 'page-origin.allowed' })
    .route({
      method: 'POST',
      path: '/page-origins',
      summary: 'Let pages opened under this name read the streams of all servers',
      tags: ['Servers'],
    })
    .input(originInput)
    .output(pageOriginsSchema)
    .errors({
      TOO_MANY_ORIGINS: {
        status: 409,
        message: 'At most 32 names are allowed. Withdraw one that nobody uses.',
      },
    }),
  withdrawPageOrigin: procedure({ access: admin, audit: 'page-origin.withdrawn' })
    .route({
      method: 'DELETE',
      path: '/page-origins',
      summary: 'Withdraw a name from all servers',
      tags: ['Servers'],
    })
    .input(originInput)
    .output(pageOriginsSchema),
}
