import { isSealed } from '../platform/keyring.ts'
import type { Keyring } from '../platform/keyring.ts'
import { developmentStubKey, EncryptionKeyMissingError } from '../platform/keyring.ts'
import type { SqliteConnection } from './connection.ts'
import { StubKeyRefusedError } from './store-errors.ts'

/** Under this key of `desk_values` lies a known text, sealed: it finds a wrong or missing key at start. */
const checkName = 'encryption_check_sealed'
const checkText = 'Alta Desk'
const deskValueColumn = 'desk_values.value'

/**
 * Proves that the key ring opens this database, and seals with the active key what an older key sealed. Every column
 * named `..._sealed` is covered, and every row of `desk_values` whose key ends so; call it in a transaction. Returns how
 * many values were sealed anew. Throws `EncryptionKeyMissingError`, `SealBrokenError` or `StubKeyRefusedError`.
 */
export function bringSealsUpToDate(connection: SqliteConnection, path: string, keyring: Keyring): number {
  if (!proveKeyring(connection, path, keyring)) {
    connection
      .prepare('insert into desk_values (key, value) values (?, ?)')
      .run(checkName, keyring.seal(deskValueColumn, checkName, checkText))
  }
  return (
    sealedColumns(connection).reduce((sum, column) => sum + resealColumn(connection, keyring, column), 0) +
    resealDeskValues(connection, keyring)
  )
}

/**
 * Proves that the key ring opens this database; false where the database does not know yet. Throws
 * `EncryptionKeyMissingError`, `SealBrokenError` or `StubKeyRefusedError`.
 */
export function proveKeyring(connection: SqliteConnection, path: string, keyring: Keyring): boolean {
  const check = connection
    .prepare<[string], { value: string }>('select value from desk_values where key = ?')
    .get(checkName)
  if (check) proveKey(path, keyring, check.value)
  return check !== undefined
}

function proveKey(path: string, keyring: Keyring, check: string): void {
  try {
    keyring.open(deskValueColumn, checkName, check)
  } catch (error) {
    if (error instanceof EncryptionKeyMissingError && error.keyId === developmentStubKey.id)
      throw new StubKeyRefusedError(path)
    throw error
  }
}

interface SealedColumn {
  table: string
  name: string
  key: string
}

/** The schema itself says what is sealed, so that no table can be forgotten here. */
function sealedColumns(connection: SqliteConnection): SealedColumn[] {
  return connection
    .prepare<[], SealedColumn>(
      `select tables.name as "table", columns.name as name, keys.name as key
         from sqlite_schema tables
         join pragma_table_info(tables.name) columns on columns.name like '%\\_sealed' escape '\\'
         join pragma_table_info(tables.name) keys on keys.pk = 1
        where tables.type = 'table'`,
    )
    .all()
}

interface SealedValue {
  rowId: string
  value: string
}

function resealColumn(connection: SqliteConnection, keyring: Keyring, column: SealedColumn): number {
  const { table, name, key } = column
  const old = connection
    .prepare<[], SealedValue>(
      `select "${key}" as rowId, "${name}" as value from "${table}" where "${name}" is not null`,
    )
    .all()
    .filter(({ value }) => !keyring.isCurrent(value))
  const update = connection.prepare(`update "${table}" set "${name}" = ? where "${key}" = ?`)
  for (const { rowId, value } of old) update.run(reseal(keyring, `${table}.${name}`, rowId, value), rowId)
  return old.length
}

function resealDeskValues(connection: SqliteConnection, keyring: Keyring): number {
  const old = connection
    .prepare<[], SealedValue>(
      `select key as rowId, value from desk_values where key like '%\\_sealed' escape '\\'`,
    )
    .all()
    .filter(({ value }) => isSealed(value) && !keyring.isCurrent(value))
  const update = connection.prepare('update desk_values set value = ? where key = ?')
  for (const { rowId, value } of old) update.run(reseal(keyring, deskValueColumn, rowId, value), rowId)
  return old.length
}

function reseal(keyring: Keyring, column: string, rowId: string, value: string): string {
  return keyring.seal(column, rowId, keyring.open(column, rowId, value))
}
