import type { AuditFilter } from '../../shared/contract/audit.ts'
import type { Store } from '../store/store-types.ts'
import { textSearch } from '../store/text-search.ts'

/** A row of the log as it lies in the table. */
export interface AuditRow {
  readonly seq: number
  readonly at: number
  readonly action: string
  readonly actor_id: string | null
  readonly actor_name: string
  readonly door: string
  readonly remote_address: string
  readonly request_id: string
  readonly target_kind: string | null
  readonly target_id: string | null
  readonly target_name: string | null
  readonly outcome: string
  readonly before: string | null
  readonly after: string | null
  readonly key_id: string
  readonly hmac: string
}

interface Condition {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** Ids of people, cameras and all else are UUIDs; a name never looks like one. */
const idShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Characters of a side that is no JSON. */
const longestUnreadable = 2_000
const searched = ['action', 'actor_name', 'target_name', 'remote_address', 'request_id']

/**
 * Up to `limit` rows before `beforeSeq` (null: the newest), newest first. Read apart: however long the log, nobody
 * waits for it. Rejects with `QueryTimeoutError`.
 */
export function auditPage(
  store: Store,
  filter: AuditFilter,
  beforeSeq: number | null,
  limit: number,
): Promise<AuditRow[]> {
  const conditions = [
    ...(beforeSeq === null ? [] : [{ sql: 'seq < ?', values: [beforeSeq] }]),
    ...conditionsOf(filter),
  ]
  const where = conditions.length > 0 ? `where ${conditions.map(({ sql }) => sql).join(' and ')}` : ''
  const values = conditions.flatMap((condition) => condition.values)
  return store.runInWorker<AuditRow>(`select * from audit ${where} order by seq desc limit ?`, [
    ...values,
    limit,
  ])
}

/**
 * Every index ends in `seq`, so that one equality and the order are served by it at once. Times are turned into the
 * numbers of rows first, or SQLite would sort all rows of that time.
 */
function conditionsOf(filter: AuditFilter): Condition[] {
  const { action, actor, target, outcome, from, to, search, renewals } = filter
  const conditions: Condition[] = []
  const add = (sql: string, ...values: (string | number)[]): void => void conditions.push({ sql, values })
  if (target !== undefined) add(`${idShape.test(target) ? 'target_id' : '+target_name'} = ?`, target)
  if (outcome !== undefined)
    add(outcome === 'done' ? `+outcome = ?` : `outcome = ? and outcome <> 'done'`, outcome)
  if (action !== undefined) add('action = ?', action)
  // As the index `audit_events` states it, word for word: SQLite takes it for nothing else.
  if (renewals === false) add(`action <> 'session.refreshed'`)
  if (actor !== undefined) add(`${idShape.test(actor) ? 'actor_id' : 'actor_name'} = ?`, actor)
  if (from !== undefined) add('seq >= (select min(seq) from audit where at >= ?) and +at >= ?', from, from)
  if (to !== undefined) add('seq <= (select max(seq) from audit where at <= ?) and +at <= ?', to, to)
  if (search) {
    const { on, value } = textSearch(search)
    add(`(${searched.map(on).join(' or ')})`, ...searched.map(() => value))
  }
  return conditions
}

/** Every action in the log, in alphabetical order; skips from one to the next in the index. */
export async function auditActions(store: Store): Promise<string[]> {
  const rows = await store.runInWorker<{ action: string }>(
    `with recursive found(action) as (
       select min(action) from audit
       union all
       select (select min(action) from audit where action > found.action) from found where found.action is not null
     )
     select action from found where action is not null`,
    [],
  )
  return rows.map(({ action }) => action)
}

/** The time of the oldest row; null for an empty log. */
export async function oldestAuditAt(store: Store): Promise<number | null> {
  const [row] = await store.runInWorker<{ at: number }>('select at from audit order by seq limit 1', [])
  return row?.at ?? null
}

/** One side of a row; a text that only somebody outside the desk can have put there is shown as it is. */
export function sideIn(text: string | null): Record<string, unknown> | null {
  if (text === null) return null
  try {
    const side: unknown = JSON.parse(text)
    if (typeof side === 'object' && side !== null && !Array.isArray(side))
      return side as Record<string, unknown>
  } catch {
    // Shown below.
  }
  return { unreadable: text.slice(0, longestUnreadable) }
}
