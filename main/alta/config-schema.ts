import { z } from 'zod'
import { nestsDeeper } from '../platform/json-depth.ts'
import { AltaProblem } from './alta-problem.ts'
import type { AltaConfig, AltaReceiverStatus, AltaStatus, ConfigObject } from './alta-types.ts'
import { diskFullPattern, firstBuildWithReceivers } from './assumptions.ts'
import { textOf } from './http-exchange.ts'
import type { HttpAnswer } from './http-exchange.ts'

/** Receivers, channels or any other kind of objects on one server: two streams for each of 7,500 cameras. */
const mostObjects = 15_000
/** Objects of all kinds together: 15,000 receivers, as many channels with two variants each, and nothing to spare. */
const mostInAll = 60_000
const longestId = 300
const longestField = 2000
const mostTexts = 1000
/** Errors of receivers and channels are one sentence. */
const longestError = 200
/** No object of Alta's is so deep; what is deeper could not be written back. */
const deepest = 50

// Read with tolerance: a field of an unforeseen type counts as absent in this view, and one odd object does not hide
// the others. What is written back comes from readObject, which keeps everything.
const text = z.string().max(longestField).optional().catch(undefined)
const flag = z.boolean().optional().catch(undefined)
const amount = z.number().optional().catch(undefined)
const texts = z.array(z.string().max(longestField)).max(mostTexts).optional().catch(undefined)
/** A path, or a whole certificate: the desk looks only whether there is one. */
const presence = z
  .string()
  .transform((value) => (value === '' ? '' : 'given'))
  .optional()
  .catch(undefined)

function isObject(value: unknown): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectsOf(value: unknown): ConfigObject {
  if (!isObject(value)) return {}
  const entries = Object.entries(value)
  if (entries.length > mostObjects) throw new AltaProblem('ALTA_HUGE_ANSWER', { detail: 'too many objects' })
  return Object.fromEntries(entries.filter(([id, entry]) => id.length <= longestId && isObject(entry)))
}

function table<T extends z.ZodType>(entry: T) {
  return z.preprocess(objectsOf, z.record(z.string(), entry))
}

/** Like {@link table}, but what is not there at all is a mistake. */
function demandedTable<T extends z.ZodType>(entry: T) {
  return z.unknown().refine(isObject).transform(objectsOf).pipe(z.record(z.string(), entry))
}

const server = z.object({
  listen: text,
  serve: text,
  allow_origin: texts,
  crt_chain: presence,
  crt_key: presence,
})
const receiver = z.object({ enable: flag, name: text, source: text })
const archive = z.object({ duration: amount })
const authorizer = z.object({ ip: texts, securetoken: text, backend: texts, default: text })
const channel = z.object({
  enable: flag,
  name: text,
  authorizer: text,
  archive: text,
  duration: amount,
  variants: table(z.object({ receiver: text })),
})

const configSchema = z.object({
  version: z
    .union([z.string().max(longestError), z.number().transform(String)])
    .nullable()
    .catch(null),
  servers: demandedTable(server),
  receivers: demandedTable(receiver).nullable().catch(null),
  ott: z.object({
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
  refuseTooMany(data)
  // A build that knows receivers and has none may leave the field out.
  const receivers = data.receivers ?? (Number(data.version) >= firstBuildWithReceivers ? {} : null)
  return { version: data.version, servers: data.servers, receivers, ott: data.ott }
}

/** Small objects cost the most to read: so many tiny variants that the limit of each kind allows would stop the desk. */
function refuseTooMany({ servers, receivers, ott }: z.infer<typeof configSchema>): void {
  const variants = Object.values(ott.channels).map((found) => found.variants)
  const tables = [servers, receivers ?? {}, ott.archives, ott.authorizers, ott.channels, ...variants]
  const all = tables.reduce((sum, objects) => sum + Object.keys(objects).length, 0)
  if (all > mostInAll) throw new AltaProblem('ALTA_HUGE_ANSWER', { detail: 'too many objects' })
}

/** One object of the configuration, as it came. */
export function parseObject(answer: HttpAnswer): ConfigObject {
  const parsed = parseJson(answer)
  if (!isObject(parsed)) throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not an object' })
  return parsed
}

const positive = z.number().positive().nullable().catch(null)
const wholePositive = positive.transform((value) => (value === null ? null : Math.round(value)))
const errorText = z
  .string()
  .transform((said) => said.slice(0, longestError))
  .catch('')
const video = z
  .object({
    codec: z.string().min(1).max(longestError).nullable().catch(null),
    width: wholePositive,
    height: wholePositive,
    fps: positive,
  })
  .catch({ codec: null, width: null, height: null, fps: null })
const receiverStatus = z
  .object({
    active: z.boolean().nullable().catch(null),
    bitrate: z.number().nonnegative().nullable().catch(null),
    video,
    error: errorText,
  })
  .transform(({ active, bitrate, video: { codec, width, height, fps }, error }): AltaReceiverStatus => {
    return { active, bitrateKbps: bitrate, codec, width, height, fps, error }
  })
const statusSchema = z.object({
  receivers: table(receiverStatus),
  channels: table(z.object({ sessions: z.number().nullable().catch(null), error: errorText })),
})

/** What Alta reports of its receivers. */
export function parseStatus(answer: HttpAnswer): AltaStatus {
  const parsed = statusSchema.safeParse(parseObject(answer))
  if (!parsed.success) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not a status of Alta' })
  }
  const { receivers, channels } = parsed.data
  const reports = [...Object.values(receivers), ...Object.values(channels)]
  return { receivers, channels, diskFull: reports.some(({ error }) => diskFullPattern.test(error)) }
}

/** JSON, or ALTA_NOT_ALTA that says what came instead. */
function parseJson(answer: HttpAnswer): unknown {
  const body = textOf(answer)
  if (/\bhtml\b/i.test(answer.contentType) || body.trimStart().startsWith('<')) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'a web page answers where the API should' })
  }
  if (nestsDeeper(body, deepest))
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is nested too deep' })
  try {
    return JSON.parse(body) as unknown
  } catch (error) {
    throw new AltaProblem('ALTA_NOT_ALTA', { detail: 'the answer is not JSON', cause: error })
  }
}
