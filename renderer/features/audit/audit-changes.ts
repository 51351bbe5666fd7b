import type { AuditEntry } from '../../../shared/contract/audit.ts'

/** One field of what an action touched; null on the side that does not have it. */
export interface FieldChange {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
  /** Both sides have it, and the same. */
  readonly same: boolean
}

/** Before and after side by side, what changed first, each part in the order of the desk. */
export function changesOf({ before, after }: Pick<AuditEntry, 'before' | 'after'>): FieldChange[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
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

/** An action for a person: `group.camera-added` is "Group: camera added". */
export function actionWords(action: string): string {
  const [what = '', did = ''] = action.replaceAll('-', ' ').split('.')
  const subject = what.charAt(0).toUpperCase() + what.slice(1)
  return did === '' ? subject : `${subject}: ${did}`
}
