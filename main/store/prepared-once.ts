import type { ReadHandle } from './store-types.ts'

/** Prepares a statement, or several, the first time a connection needs them, and keeps them as long as it lives. */
export function preparedOnce<Statements>(
  prepare: (db: ReadHandle) => Statements,
): (db: ReadHandle) => Statements {
  const kept = new WeakMap<ReadHandle, Statements>()
  return (db) => {
    const known = kept.get(db)
    if (known) return known
    const prepared = prepare(db)
    kept.set(db, prepared)
    return prepared
  }
}
