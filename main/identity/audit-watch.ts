import type { AuditRecord, ReadHandle, Store, Synchronous, Tx, WriteOptions } from '../store/store-types.ts'

/**
 * The store as rooms get it: it remembers which audit records were committed, so that the guard can tell a procedure
 * that recorded what it did from one that forgot.
 */
export class AuditWatch implements Store {
  readonly #store: Store
  readonly #written = new WeakSet<AuditRecord>()

  constructor(store: Store) {
    this.#store = store
  }

  read<T>(query: (db: ReadHandle) => T): T {
    return this.#store.read(query)
  }

  readApart<Row>(sql: string, parameters: readonly (string | number | null)[]): Promise<Row[]> {
    return this.#store.readApart<Row>(sql, parameters)
  }

  write<T>(options: WriteOptions, change: (tx: Tx) => Synchronous<T>): T {
    const result = this.#store.write(options, change)
    for (const record of [options.audit ?? []].flat()) this.#written.add(record)
    return result
  }

  /** Whether the transaction that carried this record was committed. */
  wasWritten(record: AuditRecord): boolean {
    return this.#written.has(record)
  }
}
