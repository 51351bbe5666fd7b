import Database from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { Tx } from './store-types.ts'
import { offerTextSearch } from './text-search.ts'

export type SqliteConnection = Database.Database

/** How long a statement waits for another program (a backup tool, a shell); it holds up the whole desk meanwhile. */
const busyTimeoutMs = 1_000
/** Past this many different texts of SQL the oldest is forgotten: lists of varying length make ever new ones. */
const statementLimit = 400

export interface ConnectionOptions {
  readonly path: string
  readonly connectTimeoutMs: number
  /** FULL: a commit that returned survives a power cut. NORMAL: it survives a crash of the desk only. */
  readonly synchronous: 'FULL' | 'NORMAL'
  readonly readOnly?: boolean
}

/** Opens one connection for reading and writing. Throws what SQLite throws. */
export function openConnection(options: ConnectionOptions): SqliteConnection {
  const connection = new Database(options.path, {
    timeout: options.connectTimeoutMs,
    readonly: options.readOnly ?? false,
  })
  try {
    connection.pragma(`synchronous = ${options.synchronous}`)
    connection.pragma('foreign_keys = ON')
    connection.pragma('trusted_schema = OFF')
    connection.pragma('temp_store = MEMORY')
    // After a burst the WAL is cut back to this size instead of staying as large as it ever was.
    connection.pragma('journal_size_limit = 67108864')
    connection.pragma(`busy_timeout = ${busyTimeoutMs}`)
    offerTextSearch(connection)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Turns write-ahead logging on, which the file then remembers. Done once it is known that the database is ours. */
export function useWriteAheadLog(connection: SqliteConnection): void {
  connection.pragma('journal_mode = WAL')
}

/**
 * Drizzle over a connection, with statements prepared once for each text of SQL. `check` is called before every query, and
 * throws where that may not be asked now.
 */
export function queryBuilder(connection: SqliteConnection, check: () => void = () => undefined): Tx {
  const builder: BetterSQLite3Database = drizzle({ client: withPreparedStatements(connection, check) })
  // The engine answers at once, and every builder can be awaited all the same: that is all that a `Tx` promises.
  return builder as unknown as Tx
}

/**
 * Drizzle asks its client to prepare every query anew, which costs more than running a short one. This client hands
 * out the statement it already has; `raw(false)` because drizzle leaves the ones it mapped itself in raw mode.
 */
export function withPreparedStatements(
  connection: SqliteConnection,
  check: () => void = () => undefined,
): SqliteConnection {
  const statements = new Map<string, Database.Statement>()
  const prepare = (source: string): Database.Statement => {
    check()
    const known = statements.get(source)
    if (known) return known.reader ? known.raw(false) : known
    const statement = connection.prepare(source)
    if (statements.size >= statementLimit) statements.delete(statements.keys().next().value ?? '')
    statements.set(source, statement)
    return statement
  }
  return new Proxy(connection, {
    get: (target, name) => {
      if (name === 'prepare') return prepare
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
