import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'

/** A handle for reads. */
export type ReadHandle = Pick<
  BetterSQLite3Database,
  'select' | 'selectDistinct' | '$count' | 'all' | 'get' | 'values'
>

/**
 * A transaction: the only thing with which rows can be changed. Synchronous by nature, and without `transaction`:
 * one write is one transaction. A `ReadHandle` too, so that queries serve both.
 */
export type Tx = ReadHandle & Pick<BetterSQLite3Database, 'insert' | 'update' | 'delete' | 'run'>

/**
 * What a write may answer: anything but a promise. It also refuses a statement on which `.run()` was forgotten, since
 * drizzle's builders are thenables that do nothing until they are awaited.
 */
export type Synchronous<T> = T & (T extends PromiseLike<unknown> ? never : unknown)

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

export interface WriteOptions {
  /** The audit row of this write, several in their order, or null where the contract says that nothing is audited. */
  readonly audit: AuditRecord | readonly AuditRecord[] | null
  /** FULL synchronisation: a person is told "saved". Default true; false only for high-rate events. */
  readonly durable?: boolean
}

/** The one way to the database. `main/store/store.ts` implements it. */
export interface Store {
  /** Runs a synchronous read on the main connection. For reads that are short by nature. */
  read<T>(query: (db: ReadHandle) => T): T
  /**
   * Runs SQL in the reader process, which is ended past `db.query_timeout`: for searches and reports.
   * Rows come with their column names. Rejects with `QueryTimeoutError`.
   */
  readApart<Row>(sql: string, parameters: readonly (string | number | null)[]): Promise<Row[]>
  /**
   * Runs `change` in one immediate transaction; its last statement is the audit row. `change` must not return a promise.
   * Throws `StoreUnavailableError` when the disk is full, the database read-only or locked; nothing is then changed.
   */
  write<T>(options: WriteOptions, change: (tx: Tx) => Synchronous<T>): T
}
