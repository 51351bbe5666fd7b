import { getTableName, is, SQL } from 'drizzle-orm'
import { getTableConfig, SQLiteSyncDialect, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import type { SqliteStore } from '../../../../main/store/store.ts'
import { openTestStore } from './open-test-store.ts'

const modules = import.meta.glob<Record<string, unknown>>('../../../../main/store/tables/*.ts', {
  eager: true,
})
const tables = Object.values(modules)
  .flatMap((module) => Object.values(module))
  .filter((value) => is(value, SQLiteTable))
const dialect = new SQLiteSyncDialect()

/**
 * Columns that were added to a table with rows, for which SQLite wants a default; every insert names them, so the code
 * declares none.
 */
const defaultsOfAddedColumns: Readonly<Record<string, string>> = {
  'users.username': "''",
  'users.documented_password': '0',
}

/** A row of `pragma_table_info` or one of its like; the names of pragmas cannot be parameters. */
function readAll<Row>(store: SqliteStore, query: string): Promise<Row[]> {
  return store.read((db) => db.all<Row>(query))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The default as SQLite keeps it: an expression in its own words. */
function defaultOf(column: SQLiteColumn): string | null {
  if (!column.hasDefault || column.default === undefined) return null
  if (is(column.default, SQL)) return dialect.sqlToQuery(column.default).sql
  const value: unknown = column.mapToDriverValue(column.default)
  if (typeof value === 'string') return quoted(value)
  // A flag is kept as a number and written as a word by drizzle-kit.
  return typeof column.default === 'boolean' ? String(column.default) : String(value)
}

// Would catch: a column of another type, default or key than the code believes, which SQLite would take without a word.
test('the migrations make the columns that the code is written against', async () => {
  const store = openTestStore()
  expect(tables.length).toBeGreaterThan(5)
  for (const table of tables) {
    const { name, columns, primaryKeys } = getTableConfig(table)
    const [composite] = primaryKeys
    const keys = composite ? composite.columns : columns.filter(({ primary }) => primary)
    const expected = columns.map((column) => ({
      column: `${name}.${column.name}`,
      type: column.getSQLType(),
      notNull: column.notNull,
      default: defaultsOfAddedColumns[`${name}.${column.name}`] ?? defaultOf(column),
      key: keys.findIndex((key) => key.name === column.name) + 1,
    }))
    const found = (
      await readAll<{
        name: string
        type: string
        notNull: number
        default: string | null
        key: number
      }>(
        store,
        `select name, lower(type) as type, "notnull" as "notNull", dflt_value as "default", pk as key from pragma_table_info(${quoted(name)})`,
      )
    ).map((row) => ({
      column: `${name}.${row.name}`,
      type: row.type,
      notNull: row.notNull === 1,
      default: row.default,
      key: row.key,
    }))
    expect(found).toEqual(expected)
  }
})

/** A column of an index with its collation and direction, as `FoundIndex` has it. */
function indexedAs(column: SQL | { readonly name: string }): string {
  if (!is(column, SQL)) return `${column.name} binary`
  const [, name, collation, descending = ''] =
    /"(\w+)"(?: collate (\w+))?( desc)?$/i.exec(dialect.sqlToQuery(column).sql) ?? []
  return `${name} ${collation?.toLowerCase() ?? 'binary'}${descending}`
}

interface FoundIndex {
  name: string
  unique: boolean
  /** Each with its collation, and `desc` where it is so: `name nocase`. */
  columns: string[]
  where: boolean
}

// Would catch: a list that reads a whole table for want of an index that the code declares, two rows where one was promised.
test('the migrations make the indices and unique columns that the code declares, and no others', async () => {
  const store = openTestStore()
  let compared = 0
  for (const table of tables) {
    const { name, columns, indexes, uniqueConstraints } = getTableConfig(table)
    const expected = [
      ...indexes.map(({ config }) => ({
        name: config.name,
        unique: config.unique,
        columns: config.columns.map(indexedAs),
        where: config.where !== undefined,
      })),
      ...uniqueConstraints.map((one) => ({
        name: one.name ?? '',
        unique: true,
        columns: one.columns.map(indexedAs),
        where: false,
      })),
      ...columns
        .filter(({ isUnique }) => isUnique)
        .map((column) => ({
          name: column.uniqueName ?? '',
          unique: true,
          columns: [indexedAs(column)],
          where: false,
        })),
    ]
    const listed = await readAll<{ name: string; unique: number; partial: number }>(
      store,
      `select name, "unique", partial from pragma_index_list(${quoted(name)}) where origin <> 'pk'`,
    )
    const found: FoundIndex[] = []
    for (const index of listed) {
      const columns = await readAll<{ name: string; collation: string; descending: number }>(
        store,
        `select name, coll as collation, "desc" as descending from pragma_index_xinfo(${quoted(index.name)}) where key = 1 order by seqno`,
      )
      found.push({
        name: index.name,
        unique: index.unique === 1,
        columns: columns.map(
          (column) => `${column.name} ${column.collation.toLowerCase()}${column.descending ? ' desc' : ''}`,
        ),
        where: index.partial === 1,
      })
    }
    const byName = (left: { name: string }, right: { name: string }): number =>
      left.name.localeCompare(right.name)
    expect(found.sort(byName), name).toEqual(expected.sort(byName))
    compared += found.length
  }
  expect(compared).toBeGreaterThan(10)
})

// Would catch: rows that outlive what they belong to.
test('the migrations make the references that the code declares', async () => {
  const store = openTestStore()
  let compared = 0
  for (const table of tables) {
    const { name, foreignKeys } = getTableConfig(table)
    const expected = foreignKeys.map((key) => {
      const { columns, foreignTable, foreignColumns } = key.reference()
      return {
        from: columns.map((column) => column.name).join(),
        to: `${getTableName(foreignTable)}.${foreignColumns.map((column) => column.name).join()}`,
        onDelete: key.onDelete ?? 'no action',
      }
    })
    const found = (
      await readAll<{ from: string; to: string; table: string; onDelete: string }>(
        store,
        `select "from", "table", "to", lower(on_delete) as "onDelete" from pragma_foreign_key_list(${quoted(name)})`,
      )
    ).map((row) => ({ from: row.from, to: `${row.table}.${row.to}`, onDelete: row.onDelete }))
    const byFrom = (left: { from: string }, right: { from: string }): number =>
      left.from.localeCompare(right.from)
    expect(found.sort(byFrom), name).toEqual(expected.sort(byFrom))
    compared += found.length
  }
  expect(compared).toBeGreaterThan(5)
})
