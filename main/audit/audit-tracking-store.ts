import type { Clock } from '../platform/clock.ts'
import { pause } from '../platform/lifecycle.ts'
import type { AuditRecord, ReadHandle, Store, Tx, WriteOptions } from '../store/store-types.ts'
import { RepeatedRefusals } from './repeated-refusals.ts'
import type { Sifted } from './repeated-refusals.ts'

/** How often it is looked whether what was counted is to be written. */
const lookEveryMs = 30_000

/**
 * The store as modules get it: it remembers which audit records were committed, so that the guard can tell a procedure
 * that recorded what it did from one that forgot, and counts refusals that repeat themselves instead of writing each.
 */
export class AuditTrackingStore implements Store {
  readonly #store: Store
  readonly #written = new WeakSet<AuditRecord>()

  readonly #repeated: RepeatedRefusals

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#repeated = new RepeatedRefusals(clock)
  }

  read<T>(query: (db: ReadHandle) => T | PromiseLike<T>): Promise<T> {
    return this.#store.read(query)
  }

  runInWorker<Row>(sql: string, parameters: readonly (string | number | null)[]): Promise<Row[]> {
    return this.#store.runInWorker<Row>(sql, parameters)
  }

  async write<T>(options: WriteOptions<T>, change: (tx: Tx) => T | PromiseLike<T>): Promise<T> {
    const { audit } = options
    let sifted: Sifted | null = null
    const sift = (result: T): readonly AuditRecord[] => {
      sifted = this.#repeated.sift([(typeof audit === 'function' ? audit(result) : audit) ?? []].flat())
      return sifted.write
    }
    const result = await this.#store.write({ ...options, audit: sift }, change)
    this.#committed(sifted)
    return result
  }

  #committed(sifted: Sifted | null): void {
    sifted?.count()
    for (const record of sifted?.write ?? []) this.#written.add(record)
  }

  /** Writes what was counted, now and then, until `signal` is aborted; then all that is left. Throws what the store throws. */
  async writeRepetitions(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#writeDue(false)
      await pause(lookEveryMs, signal)
    }
    await this.#writeDue(true)
  }

  async #writeDue(all: boolean): Promise<void> {
    let due = this.#repeated.due(all)
    const rows = (): readonly AuditRecord[] => {
      // Once more, inside: what was counted while this waited for its turn must not be forgotten with the rest.
      due = this.#repeated.due(all)
      return due.rows
    }
    if (due.rows.length > 0) await this.#store.write({ audit: rows }, () => undefined)
    due.written()
  }

  /** Whether the transaction that carried this record was committed. */
  wasWritten(record: AuditRecord): boolean {
    return this.#written.has(record)
  }
}
