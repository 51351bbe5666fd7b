import { dirname } from 'node:path'
import electronLog from 'electron-log/node'
import { narrowMode, privateFileMode, privateFolderMode } from './private-modes.ts'
import { redact } from './redaction.ts'

/** In rising order of gravity. */
const logLevels = ['debug', 'info', 'warn', 'error'] as const
type LogLevel = (typeof logLevels)[number]

/** What is logged with a message. `error` is logged with its stack; `requestId` stands beside the area. */
export interface LogFields {
  readonly requestId?: string
  readonly error?: unknown
  readonly [name: string]: unknown
}

/** Logs for one area of the desk. */
export interface AreaLogger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export interface Logger {
  /** `area` is the name of a folder of main/, which is also what `log.level` filters by. */
  for(area: string): AreaLogger
}

/** A default level and the areas that differ from it. */
export interface LogFilter {
  readonly level: LogLevel
  readonly areas: ReadonlyMap<string, LogLevel>
}

export interface LoggerOptions {
  readonly filter: LogFilter
  readonly format: 'json' | 'text'
  /** Where lines go besides `file`; standard output when left out. */
  readonly write?: (line: string) => void
  /** A file that is rotated once at 5 MB, for desks without a terminal. */
  readonly file?: string
  /** Values that never appear in a line, whatever stands around them: keys and passwords of the configuration. */
  readonly secrets?: readonly string[]
}

const fileLimitBytes = 5 * 1024 * 1024
/** A shorter "secret" would blank out half of every line. */
const shortestSecret = 6

/**
 * Reads `info` or `info,alta=debug,transport=warn`. Throws a RangeError that says what is wrong with it.
 */
export function parseLogFilter(text: string): LogFilter {
  const areas = new Map<string, LogLevel>()
  let level: LogLevel = 'info'
  for (const part of text.split(',').map((piece) => piece.trim())) {
    const [name, areaLevel] = part.split('=').map((piece) => piece.trim())
    const wanted = logLevels.find((known) => known === (areaLevel ?? name))
    if (!wanted || (areaLevel !== undefined && !name))
      throw new RangeError(`"${part}" is not a level or an area=level`)
    if (areaLevel === undefined) level = wanted
    else areas.set(name ?? '', wanted)
  }
  return { level, areas }
}

/** Opens the log of the desk: electron-log carries the lines, we decide what stands in them. */
export function openLogger(options: LoggerOptions): Logger {
  const carrier = makeCarrier(options)
  const secrets = (options.secrets ?? []).filter((secret) => secret.length >= shortestSecret)
  const emit = (area: string, level: LogLevel, message: string, fields: LogFields): void => {
    const least = options.filter.areas.get(area) ?? options.filter.level
    if (logLevels.indexOf(level) < logLevels.indexOf(least)) return
    const entry = makeEntry(area, level, message, fields)
    const line = options.format === 'json' ? JSON.stringify(entry) : textLine(entry)
    carrier[level](secrets.reduce((text, secret) => text.replaceAll(secret, '[hidden]'), line))
  }
  return {
    for: (area) => ({
      debug: (message, fields = {}) => emit(area, 'debug', message, fields),
      info: (message, fields = {}) => emit(area, 'info', message, fields),
      warn: (message, fields = {}) => emit(area, 'warn', message, fields),
      error: (message, fields = {}) => emit(area, 'error', message, fields),
    }),
  }
}

interface LogEntry {
  time: string
  level: LogLevel
  area: string
  requestId?: string
  message: string
  [name: string]: unknown
}

const ownNames = new Set(['time', 'level', 'area', 'message', 'requestId'])

/** With this an anchor of the audit log begins, which is read back from the log's field `anchor`. */
export const anchorMark = 'alta-desk-anchor'

function makeEntry(area: string, level: LogLevel, message: string, fields: LogFields): LogEntry {
  const { requestId, anchor, ...others } = fields
  const redacted = Object.entries(withoutAnchors(redact(others)) as Record<string, unknown>)
  return {
    time: new Date().toISOString(),
    level,
    area,
    ...(requestId === undefined ? {} : { requestId }),
    message: String(withoutAnchors(redact(message))),
    ...(anchor === undefined ? {} : { anchor: redact(anchor) }),
    // A field must not overwrite what the line itself says.
    ...Object.fromEntries(
      redacted.map(([name, value]) => [ownNames.has(name) ? `${name}Field` : name, value]),
    ),
  }
}

/** A text from outside in the form of an anchor would look like a forged one where the log is used to prove the audit log. */
function withoutAnchors(value: unknown): unknown {
  const json = JSON.stringify(value)
  return json.includes(anchorMark) ? JSON.parse(json.replaceAll(anchorMark, '[anchor]')) : value
}

function textLine(entry: LogEntry): string {
  const { time, level, area, requestId, message, error, ...fields } = entry
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const request = requestId === undefined ? '' : ` [${requestId}]`
  // Indented, so that no line of it can be taken for an entry.
  const stack = error === undefined ? '' : `\n${textOfError(error)}`.replaceAll('\n', '\n    ')
  const line = `${time} ${level.toUpperCase().padEnd(5)} ${area}${request}: ${message}${details.join('')}`
  return `${escaped(line, /[\p{Cc}\p{Zl}\p{Zp}]/gu)}${escaped(stack, /(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/gu)}`
}

/** Texts from outside may hold line breaks, which would make entries of their own, and commands for the terminal. */
function escaped(text: string, characters: RegExp): string {
  return text.replace(
    characters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function textOfError(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return JSON.stringify(error)
  const cause = 'cause' in error ? `\ncaused by ${textOfError(error.cause)}` : ''
  return `${String(error.stack)}${cause}`
}

function makeCarrier(options: LoggerOptions): Record<LogLevel, (line: string) => void> {
  const carrier = electronLog.create({ logId: 'alta-desk' })
  const { console: terminal, file } = carrier.transports
  for (const unused of ['ipc', 'remote']) {
    const transport = carrier.transports[unused]
    if (transport) transport.level = false
  }
  // The line is already made: no templates, no colours, no inspection.
  terminal.transforms = []
  const write = options.write ?? ((line: string) => void process.stdout.write(`${line}\n`))
  terminal.writeFn = ({ message }) => write(String(message.data[0]))
  file.transforms = [({ data }) => String(data[0])]
  file.level = options.file === undefined ? false : 'silly'
  file.maxSize = fileLimitBytes
  file.writeOptions = { ...file.writeOptions, mode: privateFileMode }
  if (options.file !== undefined) {
    narrowMode(options.file, privateFileMode)
    narrowMode(dirname(options.file), privateFolderMode)
  }
  file.resolvePathFn = () => options.file ?? ''
  return {
    debug: (line) => carrier.debug(line),
    info: (line) => carrier.info(line),
    warn: (line) => carrier.warn(line),
    error: (line) => carrier.error(line),
  }
}
