import { maskText } from '../platform/redaction.ts'

type Side = Readonly<Record<string, unknown>>

const hidden = '[hidden]'
/** What to say instead of a secret: that it changed. */
const changed = 'changed'

/**
 * Fields that hold secrets, whatever record they stand in. Narrower than what logs hide: that somebody must have an
 * authenticator app, or that a password was changed, is what an audit log is for.
 */
const secretFields = [
  /(?:password(?:hash)?|passphrase|secret|token|sealed|hash|privatekey|apikey)$/i,
  /^(?:(?:invite|recovery|backup|totp|otp)?codes?|authorization|cookie)$/i,
]
/** Longer than any text that a procedure takes. */
const longestText = 20_000

/**
 * One side of a record as JSON, with secrets hidden. Whoever makes a record leaves secrets out; this is the net below,
 * for a row cannot be changed any more. Lone surrogates, which SQLite does not keep, are escaped by JSON.
 */
export function sideText(side: Side | null): string | null {
  return side === null ? null : JSON.stringify(side, hideSecrets)
}

function hideSecrets(name: string, value: unknown): unknown {
  const saysNothing = value === null || value === undefined || typeof value === 'boolean' || value === changed
  if (!saysNothing && secretFields.some((pattern) => pattern.test(name))) return hidden
  return typeof value === 'string' ? maskText(value, longestText) : value
}
