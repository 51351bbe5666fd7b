const hidden = '[hidden]'

/** Names of fields whose values never reach a log, an audit row or a screen. */
const secretName =
  /pass(word|phrase|wd)|secret|token|cookie|authori[sz]ation$|jwt|sealed|otp|credential|api[-_]?key|encryption[-_]?key/i
/** `scheme://user:password@` of a URL in a text. */
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']*@/gi
/** A query parameter that carries a ticket, up to the next separator. */
const secretParameter =
  /([?&;](?:token|access_token|ticket|key|password|pass|secret|sig|signature)=)[^&#\s"']*/gi
/** A JSON Web Token (RFC 7519), wherever it stands. */
const jsonWebToken = /\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi

/** Hides the user info and the secret query parameters of a URL; works on any text that has URLs in it. */
export function maskUrl(text: string): string {
  return text.replace(userInfo, `$1${hidden}@`).replace(secretParameter, `$1${hidden}`)
}

/** Hides what looks like a secret in a text: URLs with passwords or tickets, bearer and JSON Web tokens. */
export function maskText(text: string): string {
  return maskUrl(text).replace(jsonWebToken, hidden).replace(bearer, `$1 ${hidden}`)
}

const depthLimit = 6

/** A copy of `value` fit for a log: secrets hidden by the name of their field, texts masked, depth limited, no cycles. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value
  if (depth >= depthLimit) return '[deep]'
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Error) return redactError(value, depth)
  if (value instanceof URL) return maskUrl(value.href)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
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
    stack: maskText(error.stack ?? ''),
    ...cause,
  }
}
