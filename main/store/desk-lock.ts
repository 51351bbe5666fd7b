import Database from 'better-sqlite3'
import { DatabaseLockedError, troubleOf } from './store-errors.ts'

/** Held while a desk has its database open. */
export interface DeskLock {
  release(): void
}

/**
 * Takes the right to be the only desk on a database. It is a write lock on an empty SQLite file beside the database:
 * the operating system drops it when the process ends, even by SIGKILL, so that it never has to be cleaned up, which a
 * file with a process id in it would. SQLite's own lock on the database cannot serve, since in WAL mode it would shut
 * out our second connection and the reader too. Waits up to `timeoutMs` for a desk that is just stopping.
 */
export function takeDeskLock(databasePath: string, timeoutMs: number): DeskLock {
  const lock = new Database(`${databasePath}.lock`, { timeout: timeoutMs })
  try {
    // Nothing is ever written, so there is no journal to leave behind.
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw troubleOf(error) === 'busy' ? new DatabaseLockedError(databasePath, 'desk', error) : error
  }
  return { release: () => void lock.close() }
}
