import { ORPCError } from '@orpc/client'

/** One field that the desk refused, with the sentence that says what to do. */
export interface FieldFailure {
  readonly field: string
  readonly message: string
}

const unreachable = 'The desk does not answer. Check the network to it; this page tries again by itself.'
const ours =
  'Something went wrong on the desk. Try again; if it happens again, give your administrator this id:'

/** The code of the desk's answer, or null where there was no answer of the desk. */
export function failureCode(error: unknown): string | null {
  return error instanceof ORPCError ? error.code : null
}

/** A sentence for a person: what happened and what to do. */
export function failureSentence(error: unknown): string {
  if (!(error instanceof ORPCError)) return unreachable
  if (error.code === 'INTERNAL' || error.status === 500) {
    return [ours, requestId(error.data) ?? 'see the log of the desk'].join(' ')
  }
  const issues = fieldFailures(error)
  if (error.status === 400 && issues.length > 0) return issues.map((issue) => issue.message).join(' ')
  // A gateway between us and the desk answers in its own words; those help nobody.
  if (error.status >= 502 && error.message === error.code) return unreachable
  return withDetail(error.message, error.data)
}

/** The fields the desk named: of a malformed request, or the one that an Alta server refused. */
export function fieldFailures(error: unknown): FieldFailure[] {
  if (!(error instanceof ORPCError)) return []
  const data: unknown = error.data
  if (!isRecord(data)) return []
  if (Array.isArray(data.issues)) return data.issues.filter(isFieldFailure)
  return typeof data.field === 'string'
    ? [{ field: data.field, message: withDetail(error.message, data) }]
    : []
}

/** The sentence for one field, or null when the desk has nothing against it. */
export function fieldFailure(error: unknown, field: string): string | null {
  return fieldFailures(error).find((failure) => failure.field === field)?.message ?? null
}

function withDetail(message: string, data: unknown): string {
  return isRecord(data) && typeof data.detail === 'string' && data.detail !== ''
    ? `${message} (${data.detail})`
    : message
}

function requestId(data: unknown): string | null {
  return isRecord(data) && typeof data.requestId === 'string' ? data.requestId : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isFieldFailure(value: unknown): value is FieldFailure {
  return isRecord(value) && typeof value.field === 'string' && typeof value.message === 'string'
}

/** What has to be typed before recordings are deleted, or null when the desk asks for nothing. */
export function confirmationOf(error: unknown): { expected: string; reason: string } | null {
  if (failureCode(error) !== 'CONFIRMATION_NEEDED' || !(error instanceof ORPCError)) return null
  const data: unknown = error.data
  if (!isRecord(data) || typeof data.expected !== 'string' || typeof data.reason !== 'string') return null
  return { expected: data.expected, reason: data.reason }
}
