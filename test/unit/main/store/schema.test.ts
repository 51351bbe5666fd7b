import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { openTestStore } from './open-test-store.ts'

const modules = import.meta.glob<Record<string, unknown>>('../../../../main/store/tables/*.ts', {
  eager: true,
})

test('the migrations make the tables that the code is written against', () => {
  const store = openTestStore()
  const tables = Object.values(modules)
    .flatMap((module) => Object.values(module))
    .filter((value) => is(value, SQLiteTable))
  expect(tables.length).toBeGreaterThan(5)
  for (const table of tables) {
    const name = getTableName(table)
    const expected = Object.values(getTableColumns(table)).map((column) => ({
      column: `${name}.${column.name}`,
      notNull: column.notNull,
    }))
    const found = store.read((db) =>
      db.all<{ name: string; notNull: number }>(
        `select name, "notnull" as "notNull" from pragma_table_info('${name}')`,
      ),
    )
    expect(found.map((row) => ({ column: `${name}.${row.name}`, notNull: row.notNull === 1 }))).toEqual(
      expected,
    )
  }
})
