const hidden = '[hidden]'

/** Names of fields whose values never reach a log, an audit row or a screen. */
const secretName =
  /pass(word|phrase|wd)|secret|token|cookie|authori[sz]ation$|jwt|sealed|otp|credential|api[-_]?key|encryption[-_]?key/i
/** `://user:password@` of a URL in a text. Without its scheme: to look for one at every letter would be quadratic. */
const userInfo = /(:\/\/)[^\s/?#"']*@/g
/** A query parameter that carries a ticket, up to the next separator. */
const secretParameter =
  /([?&;](?:token|access_token|ticket|key|password|pass|secret|sig|signature)=)[^&#\s"']*/gi
/** What a JSON Web Token (RFC 7519) consists of; taken as one run, since to try at every letter would be quadratic. */
const tokenRun = /[\w.-]+/g
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi

/** Hides the user info and the secret query parameters of a URL; works on any text that has URLs in it. */
export function maskUrl(text: string): string {
  return text.replace(userInfo, `$1${hidden}@`).replace(secretParameter, `$1${hidden}`)
}

/** Of a text that came from outside, a log needs no more than this; a stack is longer. */
const longestText = 4000
const longestStack = 8000

/**
 * Hides what looks like a secret in a text: URLs with passwords or tickets, bearer and JSON Web tokens. What goes beyond
 * `longest` characters is cut off before anything is looked for.
 */
export function maskText(text: string, longest = longestText): string {
  if (text.length <= longest) return masked(text)
  return `${masked(text.slice(0, wholeWords(text, longest)))}… [${text.length} characters]`
}

function masked(text: string): string {
  return maskUrl(text)
    .replace(tokenRun, (run) => (isJsonWebToken(run) ? hidden : run))
    .replace(bearer, `$1 ${hidden}`)
}

/** How much of a text may be kept, up to `longest`, without cutting a word: half a secret is not recognised as one. */
function wholeWords(text: string, longest: number): number {
  let end = longest
  while (end > 0 && !/[\s"']/.test(text.charAt(end))) end -= 1
  return end
}

/** Three parts or more, the first a JSON object in base64url; with anything before it. */
function isJsonWebToken(run: string): boolean {
  const from = run.indexOf('eyJ')
  return from >= 0 && run.slice(from).split('.', 3).length === 3
}

const depthLimit = 6
const longestName = 200
/** Entries of a list or fields of an object that a log shows. */
const entryLimit = 100

/** A copy of `value` fit for a log: secrets hidden by the name of their field, texts masked, depth limited, no cycles. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value
  if (depth >= depthLimit) return '[deep]'
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Error) return redactError(value, depth)
  if (value instanceof URL) return maskText(value.href)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, entryLimit).map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, entryLimit)
      .map(([name, inner]) => [
        maskText(name, longestName),
        isSecretName(name) && inner !== null && inner !== undefined ? hidden : redact(inner, depth + 1),
      ]),
  )
}

/** Whether a field of this name holds a secret. */
function isSecretName(name: string): boolean {
  return secretName.test(name)
}

function redactError(error: Error, depth: number): unknown {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }
  return {
    name: error.name,
    message: maskText(error.message),
    ...code,
    stack: maskText(error.stack ?? '', longestStack),
    ...cause,
  }
}
