import { z } from 'zod'
import type { AltaConfig } from '../config.ts'

// Ids become parts of URLs and paths: several segments, none empty, none of dots only.
const id = z.string().regex(/^(?!\.+(?:\/|$))[^/?#\s\\]+(?:\/(?!\.+(?:\/|$))[^/?#\s\\]+)*$/)
const simpleId = z.string().regex(/^[^/?#\s\\]+$/)
const listen = z.string().regex(/^[^\s/]*:\d{1,5}$/)
const ipRule = z.string().regex(/^(allow|deny|pass) (any|[0-9a-fA-F.:]+(\/\d{1,3})?)$/)

const server = z.looseObject({
  listen,
  serve: z.enum(['api', 'ott']),
  allow_origin: z.array(z.string()).optional(),
})
const archive = z.looseObject({
  duration: z.number().nonnegative(),
  local: z.looseObject({ locations: z.array(z.string().startsWith('/')).min(1) }).optional(),
})
const authorizer = z.looseObject({
  ip: z.array(ipRule).optional(),
  securetoken: z.string().optional(),
  backend: z.array(z.url({ protocol: /^https?$/ })).optional(),
  default: z.enum(['allow', 'deny', 'pass']).optional(),
})
const channel = z.looseObject({
  enable: z.boolean().optional(),
  name: z.string().optional(),
  authorizer: z.string().optional(),
  archive: z.string().optional(),
  duration: z.number().nonnegative().optional(),
  variants: z.record(simpleId, z.looseObject({ receiver: z.string().min(1) })).optional(),
})
const receiver = z.looseObject({
  enable: z.boolean().optional(),
  name: z.string().min(1),
  source: z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/\S+$/i),
})
const user = z.looseObject({
  enable: z.boolean().optional(),
  role: z.enum(['admin', 'observer', 'anonymous']).optional(),
  password: z.string().min(1).optional(),
})

/** What each kind of object must look like; unknown fields are kept. */
export const objectSchemas = {
  servers: { id: simpleId, object: server },
  users: { id: simpleId, object: user },
  receivers: { id, object: receiver },
  archives: { id: simpleId, object: archive },
  authorizers: { id: simpleId, object: authorizer },
  channels: { id, object: channel },
} as const

export type ObjectKind = keyof typeof objectSchemas

/** The shape of a whole configuration in `PUT /api/config`. */
export const configSchema = z.looseObject({
  servers: z.record(simpleId, server),
  users: z.record(simpleId, z.looseObject({ token: z.string() })),
  receivers: z.record(id, receiver).optional(),
  ott: z.looseObject({
    archives: z.record(simpleId, archive).optional(),
    authorizers: z.record(simpleId, authorizer).optional(),
    channels: z.record(id, channel).optional(),
  }),
})

/** Login request. */
export const loginSchema = z.object({
  login: z.string().min(1),
  password: z.string(),
  remember: z.boolean().optional(),
})

/** The first thing in a channel that refers to an object which is not there; undefined when all is well. */
export function danglingReference(config: AltaConfig, value: z.infer<typeof channel>): string | undefined {
  const { authorizer: authorizerId, archive: archiveId, variants } = value
  if (authorizerId && !Object.hasOwn(config.ott.authorizers, authorizerId)) {
    return `authorizer: unknown authorizer "${authorizerId}"`
  }
  if (archiveId && !Object.hasOwn(config.ott.archives, archiveId)) {
    return `archive: unknown archive "${archiveId}"`
  }
  for (const [name, { receiver: receiverId }] of Object.entries(variants ?? {})) {
    if (!Object.hasOwn(config.receivers, receiverId)) {
      return `variants.${name}.receiver: unknown receiver "${receiverId}"`
    }
  }
  return undefined
}

/** The first complaint of a failed validation, with its field. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'invalid'
}
