import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AreaLogger } from '../platform/logging.ts'
import type { SqliteConnection } from './connection.ts'
import {
  DatabaseCorruptError,
  DatabaseFolderMissingError,
  DatabaseReadOnlyError,
  NotADatabaseError,
} from './store-errors.ts'

/** First bytes of every SQLite file (https://sqlite.org/fileformat.html#magic_header_string). */
const magic = 'SQLite format 3\0'
/**
 * `quick_check` reads the whole file, some 500 MB/s from the page cache and far less from a disk. Up to here it costs
 * a start at most a fifth of a second; a larger database is checked for its structure only, and SQLite reports a
 * damaged page when it comes by one.
 */
const fullCheckLimitBytes = 64 * 1024 * 1024

/** What can be told before SQLite touches the file. Throws the `DatabaseOpenError` that fits. */
export function checkFile(path: string): void {
  const folder = dirname(path)
  const folderStats = statSync(folder, { throwIfNoEntry: false })
  if (!folderStats?.isDirectory()) throw new DatabaseFolderMissingError(folder)
  requireWritable(folder, path)
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return
  if (!stats.isFile()) throw new NotADatabaseError(path)
  requireWritable(path, path)
  if (stats.size > 0 && readStart(path) !== magic) throw new NotADatabaseError(path)
}

/** Reads what SQLite knows of its own health; a new database passes. Throws `DatabaseCorruptError`. */
export function checkStructure(connection: SqliteConnection, path: string, logger: AreaLogger): void {
  const pages = Number(connection.pragma('page_count', { simple: true }))
  const bytes = pages * Number(connection.pragma('page_size', { simple: true }))
  // Parses every CREATE statement; a damaged first page or schema ends here.
  connection.prepare('select count(*) from sqlite_schema').get()
  if (bytes > fullCheckLimitBytes) {
    logger.info('database too large to be read whole at start; its pages are checked as they are used', {
      bytes,
    })
    return
  }
  const finding = String(connection.pragma('quick_check(1)', { simple: true }))
  if (finding !== 'ok') throw new DatabaseCorruptError(path, finding)
}

function requireWritable(target: string, path: string): void {
  try {
    accessSync(target, constants.W_OK | constants.R_OK)
  } catch (error) {
    throw new DatabaseReadOnlyError(path, error)
  }
}

function readStart(path: string): string {
  const handle = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(magic.length)
    readSync(handle, bytes, 0, bytes.length, 0)
    return bytes.toString('latin1')
  } finally {
    closeSync(handle)
  }
}
