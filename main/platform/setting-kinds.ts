import { isIP } from 'node:net'
import { isUsername } from '../../shared/domain/usernames.ts'
import { encryptionKey } from './keyring.ts'
import type { EncryptionKey } from './keyring.ts'
import { parseLogFilter } from './logging.ts'
import type { LogFilter } from './logging.ts'

/** What is wrong with a value, as the rest of a sentence: `"15"` **has no unit**. */
export class SettingProblem extends Error {}

/** A kind of value: how it is read, what is allowed, and how it is shown. */
export interface SettingKind<T> {
  /** Completes "allowed: ...". */
  readonly allowed: string
  /** Reads a text (a variable, a default) or what YAML made of it. Throws `SettingProblem`. */
  parse(input: unknown): T
}

/** Where a server listens; `host` null means every address of the machine. */
export interface ListenAddress {
  readonly host: string | null
  readonly port: number
}

function text(input: unknown): string {
  if (typeof input !== 'string') throw new SettingProblem('is not a text')
  return input
}

/** One of the words given. */
export function oneOf<const Word extends string>(words: readonly Word[]): SettingKind<Word> {
  return {
    allowed: words.join(', '),
    parse: (input) => {
      const found = words.find((word) => word === input)
      if (!found) throw new SettingProblem('is not one of them')
      return found
    },
  }
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3_600e3,
}
const durationPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y

/** Milliseconds of a duration as Go writes it (`15s`, `1m30s`, `1.5h`); null when it is none. */
function parseDuration(duration: string): number | null {
  if (duration === '0') return 0
  let ms = 0
  durationPart.lastIndex = 0
  while (durationPart.lastIndex < duration.length) {
    const [, amount, unit] = durationPart.exec(duration) ?? []
    if (amount === undefined || unit === undefined) return null
    ms += Number(amount) * (unitMs[unit] ?? Number.NaN)
  }
  return duration === '' ? null : ms
}

const dayMs = 24 * 3_600_000

/** A duration of at least `leastMs` and at most a day, in whole milliseconds. */
export function duration(least: '0s' | '1ms' | '1s'): SettingKind<number> {
  const leastMs = parseDuration(least) ?? 0
  return {
    allowed: `a duration such as 15s, 1m30s or 500ms, from ${least} to 24h`,
    parse: (input) => {
      const ms = parseDuration(text(typeof input === 'number' ? String(input) : input))
      if (ms === null) throw new SettingProblem(`is not a duration`)
      if (ms < leastMs || ms > dayMs) throw new SettingProblem('is out of range')
      return Math.round(ms)
    },
  }
}

const hourMs = 3_600_000
const longestKeepingMs = 20 * 8_760 * hourMs

/** How long something is kept, in whole milliseconds: an hour to twenty years, or 0 for ever. */
export const keepingTime: SettingKind<number> = {
  allowed: 'a duration such as 720h or 8760h (a year), from 1h to 175200h; 0 keeps for ever',
  parse: (input) => {
    const ms = parseDuration(text(typeof input === 'number' ? String(input) : input))
    if (ms === null) throw new SettingProblem('is not a duration')
    if (ms !== 0 && (ms < hourMs || ms > longestKeepingMs)) throw new SettingProblem('is out of range')
    return Math.round(ms)
  },
}

const sizeUnits: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 }

/** An amount of data in whole bytes, in the units in which disks are sold. */
export const dataSize: SettingKind<number> = {
  allowed: 'a size such as 500MB, 5GB or 1TB',
  parse: (input) => {
    const [, amount, unit = ''] = /^(\d{1,6}) ?([MGT]B)$/.exec(text(input).trim()) ?? []
    const bytes = Number(amount) * (sizeUnits[unit] ?? Number.NaN)
    if (!(bytes > 0)) throw new SettingProblem('is not a size')
    return bytes
  },
}

/** How long somebody stays signed in at most, in whole milliseconds. */
export const signInLife: SettingKind<number> = {
  allowed: 'a duration such as 12h or 2160h (90 days), from 1h to 8760h',
  parse: (input) => {
    const ms = parseDuration(text(typeof input === 'number' ? String(input) : input))
    if (ms === null) throw new SettingProblem('is not a duration')
    if (ms < hourMs || ms > 8_760 * hourMs) throw new SettingProblem('is out of range')
    return Math.round(ms)
  },
}

/** `true` or `false`, as YAML or as a text. */
export const flag: SettingKind<boolean> = {
  allowed: 'true, false',
  parse: (input) => {
    const word = String(input).toLowerCase()
    if (word === 'true' || word === '1') return true
    if (word === 'false' || word === '0') return false
    throw new SettingProblem('is neither')
  },
}

/** `:port`, `host:port`, `[IPv6]:port`. */
export const listenAddress: SettingKind<ListenAddress> = {
  allowed: 'an address such as :3303, 127.0.0.1:3303 or [::1]:3303',
  parse: (input) => {
    const [, bracketed, plain, digits] =
      /^(?:\[([0-9a-f:.%\w]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text(input)) ?? []
    if (digits === undefined) throw new SettingProblem('is not an address')
    const port = Number(digits)
    if (port > 65_535) throw new SettingProblem('has a port above 65535')
    return { host: bracketed ?? (plain || null), port }
  },
}

/** Page origins, or `*` for all of them. */
export const origins: SettingKind<readonly string[]> = {
  allowed: 'origins such as https://desk.example.com, as a YAML list or separated by commas',
  parse: (input) => {
    const list = Array.isArray(input) ? input : text(input).split(',')
    return list
      .map((item) => text(item).trim())
      .filter((item) => item !== '')
      .map((item) => {
        if (item === '*') return item
        if (!isWebOrigin(item))
          throw new SettingProblem(`has "${item}", which is not scheme://host or scheme://host:port`)
        return item.toLowerCase()
      })
  },
}

/** The origin of a web page, without a path. */
export const webOrigin: SettingKind<string> = {
  allowed: 'an address such as https://desk.example.com, without a path',
  parse: (input) => {
    const address = text(input).replace(/\/$/, '')
    if (!isWebOrigin(address)) throw new SettingProblem('is not scheme://host or scheme://host:port')
    return address.toLowerCase()
  },
}

/** The address of a provider, which OpenID Connect calls the issuer; `config.ts` says when it may be http. */
export const issuerAddress: SettingKind<string> = {
  allowed: 'an address such as https://sso.example.com/realms/desk',
  parse: (input) => {
    const address = text(input)
    const url = URL.parse(address)
    if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
      throw new SettingProblem('is not a web address without a query')
    return address
  },
}

/** A web address with a path. */
export const webAddress: SettingKind<string> = {
  allowed: 'an address such as https://desk.example.com/auth/oidc/callback',
  parse: (input) => {
    const address = text(input)
    const url = URL.parse(address)
    if (url === null || !/^https?:$/.test(url.protocol)) throw new SettingProblem('is not a web address')
    return address
  },
}

/** A positive number: so many a second. */
export const rate: SettingKind<number> = {
  allowed: 'a number from 0.1 to 1000000',
  parse: (input) => {
    const number = Number(typeof input === 'number' ? input : text(input).trim() || Number.NaN)
    if (!(number >= 0.1 && number <= 1_000_000)) throw new SettingProblem('is no such number')
    return number
  },
}

/** A TCP port; 0 lets the system choose. */
export const port: SettingKind<number> = {
  allowed: 'a port from 0 to 65535; 0 lets the system choose',
  parse: (input) => {
    const number = Number(typeof input === 'number' ? input : text(input).trim() || Number.NaN)
    if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new SettingProblem('is no port')
    return number
  },
}

/** Addresses and networks of proxies. */
export const networks: SettingKind<readonly string[]> = {
  allowed: 'addresses or networks such as 10.0.0.7 or 10.0.0.0/8, as a YAML list or separated by commas',
  parse: (input) => {
    const list = Array.isArray(input) ? input : text(input).split(',')
    return list
      .map((item) => text(item).trim())
      .filter((item) => item !== '')
      .map((item) => {
        const [address = '', bits, more] = item.split('/')
        const most = isIP(address) === 6 ? 128 : 32
        const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
        if (isIP(address) === 0 || !isPrefix || more !== undefined)
          throw new SettingProblem(`has "${item}", which is neither an address nor a network`)
        return item
      })
  },
}

/** An AES-256 key as 64 hex digits. */
export const hexKey: SettingKind<EncryptionKey> = {
  allowed: '32 bytes in hex, which is 64 digits; make one with: openssl rand -hex 32',
  parse: (input) => {
    const digits = text(input).trim()
    if (!/^[0-9a-f]*$/i.test(digits)) throw new SettingProblem('is not hex')
    if (digits.length !== 64) throw new SettingProblem(`has ${digits.length} digits instead of 64`)
    return encryptionKey(Buffer.from(digits, 'hex'))
  },
}

function isWebOrigin(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value.toLowerCase()
}

/** A path of a file, relative to the folder of config.yaml. */
export const filePath: SettingKind<string> = {
  allowed: 'a path',
  parse: (input) => {
    const path = text(input)
    if (path.includes('\0')) throw new SettingProblem('is not a path')
    return path
  },
}

/** A level, and areas that differ from it. */
export const logFilter: SettingKind<LogFilter> = {
  allowed: 'debug, info, warn, error; areas may differ: info,alta=debug',
  parse: (input) => {
    try {
      return parseLogFilter(text(input))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new SettingProblem(`is wrong: ${error.message}`)
    }
  },
}

/** A secret that signs: HS256 asks for 256 bits (RFC 7518, 3.2). */
export const signingSecret: SettingKind<string> = {
  allowed: 'at least 32 characters; make one with: openssl rand -base64 32',
  parse: (input) => {
    const secret = text(input)
    if (Buffer.byteLength(secret) < 32) throw new SettingProblem('is too short')
    return secret
  },
}

/** Any text that is not empty. */
export const anyText: SettingKind<string> = { allowed: 'any text', parse: text }

/** `local@host` with any host, since the documented default is `admin@localhost`. */
export const personAddress: SettingKind<string> = {
  allowed: 'an address such as admin@localhost',
  parse: (input) => {
    const address = text(input).trim()
    if (!/^[^\s@]+@[^\s@]+$/.test(address)) throw new SettingProblem('is not local@host')
    return address
  },
}

/** A username, in lower case. */
export const username: SettingKind<string> = {
  allowed: '3 to 32 of the characters a to z, 0 to 9, dot, underscore and hyphen',
  parse: (input) => {
    const name = text(input).trim().toLowerCase()
    if (!isUsername(name)) throw new SettingProblem('is not a username')
    return name
  },
}

/** AES-256 keys, the active one first. */
export const encryptionKeys: SettingKind<readonly EncryptionKey[]> = {
  allowed: '32 bytes in base64; make one with: openssl rand -base64 32',
  parse: (input) => {
    const list = Array.isArray(input) ? input : [input]
    return list.map((item) => {
      const encoded = text(item).trim()
      const bytes = Buffer.from(encoded, 'base64')
      // Buffer.from skips what is not base64; only a text that comes back the same was base64.
      if (bytes.toString('base64').replace(/={1,2}$/, '') !== encoded.replace(/={1,2}$/, ''))
        throw new SettingProblem('is not base64')
      if (bytes.length !== 32) throw new SettingProblem(`has ${bytes.length} bytes instead of 32`)
      return encryptionKey(bytes)
    })
  },
}
