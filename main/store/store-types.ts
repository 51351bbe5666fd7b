import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import type { Change } from './change-feed.ts'

/** Drizzle's query builder as modules see it: every query is awaited, whichever engine runs it. */
type QueryBuilder = BaseSQLiteDatabase<'async', unknown>

/** A handle for reads: one snapshot of the database. Queries are awaited. */
export type ReadHandle = Pick<QueryBuilder, 'select' | 'selectDistinct' | '$count' | 'all' | 'get' | 'values'>

/** A transaction: the only thing with which rows can be changed. A `ReadHandle` too, so that queries serve both. */
export type Tx = ReadHandle & Pick<QueryBuilder, 'insert' | 'update' | 'delete' | 'run'>

/** One row of the audit log before it is written; who, from where and the request id come from the caller's request. */
export interface AuditRecord {
  readonly action: string
  readonly actorId: string | null
  readonly actorName: string
  readonly door: 'http' | 'desktop' | 'desk'
  readonly remoteAddress: string
  readonly requestId: string
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly target: { readonly kind: string; readonly id: string | null; readonly name: string } | null
  /** Plain objects; fields that hold secrets are redacted by whoever makes the record. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

/** What a write adds to the audit log. */
export type AuditRows = AuditRecord | readonly AuditRecord[] | null

export interface WriteOptions<T = unknown> {
  /**
   * The audit row of this write, several in their order, or null where the contract says that nothing is audited. May
   * depend on what the write answers.
   */
  readonly audit: AuditRows | ((result: T) => AuditRows)
  /** FULL synchronisation: a person is told "saved". Default true; false only for high-rate events. */
  readonly durable?: boolean
  /** What the write changes, for the memory that is fed by it; told once after the commit. May depend on what the write answers. */
  readonly changes?: readonly Change[] | ((result: T) => readonly Change[])
}

/** The one way to the database. `main/store/store.ts` implements it. */
export interface Store {
  /** Runs queries on one snapshot of the database; a read within a read shares its snapshot. Throws `StoreUnavailableError`. */
  read<T>(query: (db: ReadHandle) => T | PromiseLike<T>): Promise<T>
  /**
   * Runs SQL in the query worker, which is ended past `db.query_timeout`: for searches and reports.
   * Rows come with their column names. Rejects with `QueryTimeoutError`.
   */
  runInWorker<Row>(sql: string, parameters: readonly (string | number | null)[]): Promise<Row[]>
  /**
   * Runs `change` in one transaction; its last statement is the audit row. `change` reads what it checks from `tx`, awaits
   * nothing but `tx`, and changes nothing outside: an engine may run it again. A write inside a write, or inside a read, is
   * an error. Throws `StoreUnavailableError` when the disk is full, the database read-only or locked; nothing is then changed.
   */
  write<T>(options: WriteOptions<T>, change: (tx: Tx) => T | PromiseLike<T>): Promise<T>
}
