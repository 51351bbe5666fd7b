import { z } from 'zod'
import { AltaProblem } from './alta-problem.ts'
import type { AltaConfig, AltaReceiverStatus, AltaStatus, ConfigObject } from './alta-types.ts'
import { firstBuildWithReceivers } from './assumptions.ts'
import type { HttpAnswer } from './http-exchange.ts'

// Read with tolerance: a field of an unforeseen type counts as absent in this view, and one odd object does not hide
// the others. What is written back comes from readObject, which keeps everything.
const text = z.string().optional().catch(undefined)
const flag = z.boolean().optional().catch(undefined)
const amount = z.number().optional().catch(undefined)
const texts = z.array(z.string()).optional().catch(undefined)

function isObject(value: unknown): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectsOf(value: unknown): ConfigObject {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => isObject(entry)))
}

function table<T extends z.ZodType>(entry: T) {
  return z.preprocess(objectsOf, z.record(z.string(), entry))
}

/** Like {@link table}, but what is not there at all is a mistake. */
function demandedTable<T extends z.ZodType>(entry: T) {
  return z.unknown().refine(isObject).transform(objectsOf).pipe(z.record(z.string(), entry))
}

const server = z.looseObject({
  listen: text,
  serve: text,
  allow_origin: texts,
  crt_chain: text,
  crt_key: text,
})
const receiver = z.looseObject({ enable: flag, name: text, source: text })
const archive = z.looseObject({ duration: amount })
const authorizer = z.looseObject({ ip: texts, securetoken: text, backend: texts, default: text })
const channel = z.looseObject({
  enable: flag,
  name: text,
  authorizer: text,
  archive: text,
  duration: amount,
  variants: table(z.looseObject({ receiver: text })),
})

const configSchema = z.looseObject({
  version: z
    .union([z.string(), z.number().transform(String)])
    .nullable()
    .catch(null),
  servers: demandedTable(server),
  receivers: demandedTable(receiver).nullable().catch(null),
  ott: z.looseObject({
    archives: table(archive),
    authorizers: table(authorizer),
    channels: table(channel),
  }),
})

/** A whole configuration. Throws ALTA_NOT_ALTA where it is none. */
export function parseConfig(answer: HttpAnswer): AltaConfig {
  const parsed = configSchema.safeParse(parseJson(answer))
  if (!parsed.success) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not a configuration of Alta' })
  }
  const { data } = parsed
  // A build that knows receivers and has none may leave the field out.
  const receivers = data.receivers ?? (Number(data.version) >= firstBuildWithReceivers ? {} : null)
  return { version: data.version, servers: data.servers, receivers, ott: data.ott }
}

/** One object of the configuration, as it came. */
export function parseObject(answer: HttpAnswer): ConfigObject {
  const parsed = parseJson(answer)
  if (!isObject(parsed)) throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not an object' })
  return parsed
}

const positive = z.number().positive().nullable().catch(null)
const wholePositive = positive.transform((value) => (value === null ? null : Math.round(value)))
const video = z
  .looseObject({
    codec: z.string().min(1).nullable().catch(null),
    width: wholePositive,
    height: wholePositive,
    fps: positive,
  })
  .catch({ codec: null, width: null, height: null, fps: null })
const receiverStatus = z
  .looseObject({
    active: z.boolean().nullable().catch(null),
    bitrate: z.number().nonnegative().nullable().catch(null),
    video,
    error: z.string().catch(''),
  })
  .transform(({ active, bitrate, video: { codec, width, height, fps }, error }): AltaReceiverStatus => {
    return { active, bitrateKbps: bitrate, codec, width, height, fps, error }
  })
const statusSchema = z.object({
  receivers: table(receiverStatus),
  channels: table(z.object({ sessions: z.number().nullable().catch(null), error: z.string().catch('') })),
})

/** What Alta reports of its receivers. */
export function parseStatus(answer: HttpAnswer): AltaStatus {
  const parsed = statusSchema.safeParse(parseObject(answer))
  if (!parsed.success) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not a status of Alta' })
  }
  return parsed.data
}

/** JSON, or ALTA_NOT_ALTA that says what came instead. */
function parseJson({ contentType, text: body }: HttpAnswer): unknown {
  if (/\bhtml\b/i.test(contentType) || /^\s*</.test(body)) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'a web page answers where the API should' })
  }
  try {
    return JSON.parse(body) as unknown
  } catch (error) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not JSON', cause: error })
  }
}
