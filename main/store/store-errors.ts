import Database from 'better-sqlite3'

/** Why a database cannot serve right now; the world's fault, not the caller's. */
export type StoreTrouble = 'full' | 'read-only' | 'busy' | 'corrupt' | 'io' | 'closed'

const troubleMessages: Record<StoreTrouble, string> = {
  full: 'The disk that holds the database is full. Nothing was changed. Free some space and try again.',
  'read-only':
    'The database cannot be written. Nothing was changed. Check the rights of its file and folder.',
  busy: 'Another program holds the database. Nothing was changed. Close that program and try again.',
  corrupt: 'The database is damaged. Nothing was changed. Stop the desk and restore a backup.',
  io: 'The disk that holds the database does not answer properly. Nothing was changed. Check the disk.',
  closed: 'The desk is stopping. Nothing was changed.',
}

/** A read or write that failed for a reason outside the desk; its message tells a person what to do. */
export class StoreUnavailableError extends Error {
  readonly trouble: StoreTrouble

  constructor(trouble: StoreTrouble, cause?: unknown) {
    super(troubleMessages[trouble], cause === undefined ? {} : { cause })
    this.name = 'StoreUnavailableError'
    this.trouble = trouble
  }
}

/** A query in the query worker ran longer than `db.query_timeout` and was ended. */
export class QueryTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(
      `The query took longer than ${timeoutMs / 1000} s and was ended. Ask for less, or raise db.query_timeout.`,
    )
    this.name = 'QueryTimeoutError'
  }
}

/** The database cannot be opened; the desk does not start, and the message says why and what to do. */
export class DatabaseOpenError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = new.target.name
  }
}

/** Another desk, or another program that holds a lock, uses this database. */
export class DatabaseLockedError extends DatabaseOpenError {
  constructor(path: string, by: 'desk' | 'program', cause?: unknown) {
    const holder = by === 'desk' ? 'Another Alta Desk already uses' : 'Another program holds a lock on'
    super(
      `${holder} the database ${path}. Stop it, or give this desk a database of its own with db.path.`,
      cause,
    )
  }
}

/** The file or its folder may not be written. */
export class DatabaseReadOnlyError extends DatabaseOpenError {
  constructor(path: string, cause?: unknown) {
    super(
      `The database ${path} cannot be written. Give the user that runs the desk the right to write the file and its folder.`,
      cause,
    )
  }
}

/** The file is SQLite, but its content is damaged. */
export class DatabaseCorruptError extends DatabaseOpenError {
  constructor(path: string, finding: string, cause?: unknown) {
    super(
      `The database ${path} is damaged (${finding}). Move it away together with its -wal and -shm files and put a backup in its place.`,
      cause,
    )
  }
}

/** A newer Alta Desk has already changed this database. */
export class DatabaseFromTheFutureError extends DatabaseOpenError {
  constructor(path: string, unknownMigration: string) {
    super(
      `The database ${path} was changed by a newer Alta Desk (${unknownMigration}), which this one does not know. ` +
        'Install the newer version again, or put back the backup that was made beside the database before the change.',
    )
  }
}

/** The database has another history than this desk's migrations: a build that was never released, or an altered one. */
export class DatabaseForeignError extends DatabaseOpenError {
  constructor(path: string, detail: string) {
    super(
      `The database ${path} has another history than this version of Alta Desk (${detail}). ` +
        'Open it with the build that made it, or give this desk a database of its own with db.path.',
    )
  }
}

/** The file is something else than a database of Alta Desk. */
export class NotADatabaseError extends DatabaseOpenError {
  constructor(path: string, cause?: unknown) {
    super(
      `${path} is not a database of Alta Desk. Give db.path the path of one, or of a file that does not exist yet.`,
      cause,
    )
  }
}

/** The folder of `db.path` does not exist. */
export class DatabaseFolderMissingError extends DatabaseOpenError {
  constructor(folder: string) {
    super(`The folder ${folder} of the database does not exist. Make it, or change db.path.`)
  }
}

/** There is no room to open, back up or migrate the database. */
class DatabaseDiskFullError extends DatabaseOpenError {
  constructor(path: string, cause?: unknown) {
    super(
      `The disk that holds the database ${path} is full. Free some space and start again; nothing was changed.`,
      cause,
    )
  }
}

/** The database was sealed with the key of development, which everybody knows. */
export class StubKeyRefusedError extends DatabaseOpenError {
  constructor(path: string) {
    super(
      `The secrets in ${path} are encrypted with the development key, which protects nothing. ` +
        'Such a database is for development only; start with a new one, or open it with ALTAVMS_ENV=development.',
    )
  }
}

/** Maps an error of SQLite to the trouble it means; null for errors that are bugs of ours. */
export function troubleOf(error: unknown): StoreTrouble | null {
  const code = sqliteCode(error)
  if (code === null) return null
  // IOERR_SHMSIZE: no room to enlarge the -shm file, which is how a full disk shows first when a database is opened.
  if (/^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC)/.test(code)) return 'full'
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_PERM')) return 'read-only'
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy'
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) return 'corrupt'
  if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN')) return 'io'
  return null
}

/** The error a caller gets for `error`: `StoreUnavailableError` where the world is at fault, else `error` itself. */
export function asStoreError(error: unknown): unknown {
  const trouble = troubleOf(error)
  return trouble === null ? error : new StoreUnavailableError(trouble, error)
}

/** The error with which opening fails for `error`. */
export function asOpenError(path: string, error: unknown): unknown {
  if (error instanceof DatabaseOpenError) return error
  const code = sqliteCode(error)
  switch (troubleOf(error)) {
    case 'full':
      return new DatabaseDiskFullError(path, error)
    case 'read-only':
      return new DatabaseReadOnlyError(path, error)
    case 'busy':
      return new DatabaseLockedError(path, 'program', error)
    case 'corrupt':
      if (code?.startsWith('SQLITE_NOTADB')) return new NotADatabaseError(path, error)
      return new DatabaseCorruptError(path, messageOf(error), error)
    case 'io':
      return new DatabaseOpenError(`The database ${path} cannot be opened: ${messageOf(error)}.`, error)
    default:
      return error
  }
}

/**
 * The columns (`table.column`) of the UNIQUE or PRIMARY KEY rule that `error` violated; null for any other error.
 */
export function violatedUniqueColumns(error: unknown): readonly string[] | null {
  const violation = findSqliteError(error)
  if (!violation || !/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(violation.code)) return null
  return violation.message.replace(/^.*?: /, '').split(', ')
}

function sqliteCode(error: unknown): string | null {
  const found = findSqliteError(error)
  if (found) return found.code
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC' ? 'ENOSPC' : null
}

/** Query builders wrap what SQLite says as their cause. */
function findSqliteError(error: unknown): { code: string; message: string } | null {
  for (let found = error, depth = 0; found instanceof Error && depth < 4; found = found.cause, depth += 1) {
    if (found instanceof Database.SqliteError) return found
  }
  return null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
