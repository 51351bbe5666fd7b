import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { SqliteConnection } from './connection.ts'
import { DatabaseForeignError, DatabaseFromTheFutureError, NotADatabaseError } from './store-errors.ts'

/** One step of the schema's history, as drizzle-kit generated it. */
export interface Migration {
  /** Number and name, `0003_add-groups`. */
  readonly tag: string
  /** SHA-256 of its SQL, whatever the line endings of the checkout. */
  readonly hash: string
  readonly statements: readonly string[]
}

const journalSchema = z.object({ entries: z.array(z.object({ idx: z.number(), tag: z.string() })) })

/** Reads the migrations that ship with the desk, in their order. Throws when the folder is incomplete. */
export function readMigrations(folder: string): Migration[] {
  const journal = journalSchema.parse(JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')))
  return journal.entries
    .toSorted((left, right) => left.idx - right.idx)
    .map(({ tag }) => {
      const text = readFileSync(join(folder, `${tag}.sql`), 'utf8').replaceAll('\r\n', '\n')
      return {
        tag,
        hash: createHash('sha256').update(text).digest('hex'),
        statements: text.split('--> statement-breakpoint').filter((statement) => statement.trim() !== ''),
      }
    })
}

interface AppliedMigration {
  tag: string
  hash: string
}

/**
 * The migrations that the database still needs. Drizzle's own migrator would take a database from a newer desk for one
 * of its own (it compares one timestamp); here the applied list must be a beginning of ours. Throws
 * `DatabaseFromTheFutureError`, `DatabaseForeignError` or `NotADatabaseError`.
 */
export function pendingMigrations(
  connection: SqliteConnection,
  path: string,
  migrations: readonly Migration[],
): { readonly pending: readonly Migration[]; readonly isNew: boolean; readonly lastTag: string | null } {
  const tables = connection
    .prepare<[], { name: string }>(`select name from sqlite_schema where type = 'table'`)
    .all()
  if (tables.length === 0) return { pending: migrations, isNew: true, lastTag: null }
  if (!tables.some((table) => table.name === 'applied_migrations')) throw new NotADatabaseError(path)
  const applied = connection
    .prepare<[], AppliedMigration>('select tag, hash from applied_migrations order by position')
    .all()
  applied.forEach((step, position) => {
    const ours = migrations[position]
    if (!ours) throw new DatabaseFromTheFutureError(path, step.tag)
    if (ours.tag !== step.tag)
      throw new DatabaseForeignError(path, `${step.tag} where ${ours.tag} is expected`)
    if (ours.hash !== step.hash) throw new DatabaseForeignError(path, `${step.tag} was another one then`)
  })
  return { pending: migrations.slice(applied.length), isNew: false, lastTag: applied.at(-1)?.tag ?? null }
}

/**
 * Applies `pending` in one transaction: all of them or none. Generated migrations rebuild tables, for which foreign
 * keys must be off while they run (https://sqlite.org/lang_altertable.html#otheralter); what is dangling afterwards
 * undoes the whole. `finish` is done in the same transaction, with the new schema.
 */
export function applyMigrations(
  connection: SqliteConnection,
  pending: readonly Migration[],
  at: number,
  finish: () => void = () => undefined,
): void {
  connection.pragma('foreign_keys = OFF')
  try {
    connection
      .transaction(() => {
        connection.exec(
          'create table if not exists applied_migrations ' +
            '(position integer primary key, tag text not null, hash text not null, applied_at integer not null) strict',
        )
        const record = connection.prepare(
          'insert into applied_migrations (tag, hash, applied_at) values (?, ?, ?)',
        )
        for (const migration of pending) {
          for (const statement of migration.statements) connection.exec(statement)
          record.run(migration.tag, migration.hash, at)
        }
        const dangling = connection.pragma('foreign_key_check') as readonly { table: string }[]
        if (dangling.length > 0)
          throw new Error(`The migrations leave dangling references in ${dangling[0]?.table}.`)
        finish()
      })
      .immediate()
  } finally {
    connection.pragma('foreign_keys = ON')
  }
}
