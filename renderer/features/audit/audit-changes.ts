import type { AuditEntry } from '../../../shared/contract/audit.ts'
import { fullMoment } from '../../app/times.ts'

/** One field of what an action touched; null on the side that does not have it. */
export interface FieldChange {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
  /** Both sides have it, and the same. */
  readonly same: boolean
}

/** Under this name a row of what repeated itself says how often, and when. */
const repeatedField = 'repeated'

/** Before and after side by side, what changed first, each part in the order of the desk. */
export function changesOf({ before, after }: Pick<AuditEntry, 'before' | 'after'>): FieldChange[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (field) => field !== repeatedField || !repeatedIn(after),
  )
  const changes = fields.map((field): FieldChange => {
    const sides = { before: shown(before, field), after: shown(after, field) }
    return { field, ...sides, same: sides.before !== null && sides.before === sides.after }
  })
  return [...changes.filter(({ same }) => !same), ...changes.filter(({ same }) => same)]
}

function shown(side: AuditEntry['before'], field: string): string | null {
  if (side === null || !Object.hasOwn(side, field)) return null
  const value = side[field]
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** How often a refusal happened that the desk counted instead of writing a row for each; null for any other row. */
export function repeatedTimes({ after }: Pick<AuditEntry, 'after'>): number | null {
  return repeatedIn(after)?.times ?? null
}

/** The same in words, with the first and the last time. */
export function repeatedWords({ after }: Pick<AuditEntry, 'after'>): string | null {
  const repeated = repeatedIn(after)
  if (!repeated) return null
  const { times, firstAt, lastAt } = repeated
  return times === 1
    ? `once, ${fullMoment(firstAt)}`
    : `${times} times, ${fullMoment(firstAt)} to ${fullMoment(lastAt)}`
}

function repeatedIn(
  after: AuditEntry['after'],
): { readonly times: number; readonly firstAt: number; readonly lastAt: number } | null {
  const repeated = after?.[repeatedField]
  if (typeof repeated !== 'object' || repeated === null) return null
  const { times, firstAt, lastAt } = repeated as Readonly<Record<string, unknown>>
  const [first, last] = [Date.parse(String(firstAt)), Date.parse(String(lastAt))]
  if (typeof times !== 'number' || Number.isNaN(first) || Number.isNaN(last)) return null
  return { times, firstAt: first, lastAt: last }
}

/** An action for a person: `group.camera-added` is "Group: camera added". */
export function actionWords(action: string): string {
  const [what = '', did = ''] = action.replaceAll('-', ' ').split('.')
  const subject = what.charAt(0).toUpperCase() + what.slice(1)
  return did === '' ? subject : `${subject}: ${did}`
}
