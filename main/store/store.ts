import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { StartChildProcess } from '../platform/child-process.ts'
import { forkChildProcess } from '../platform/child-process.ts'
import type { Clock } from '../platform/clock.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { AreaLogger, Logger } from '../platform/logging.ts'
import { AuditLog, deskRecord } from './audit-log.ts'
import { backUp } from './backup.ts'
import type { SqliteConnection } from './connection.ts'
import { openConnection, queryBuilder, useWriteAheadLog } from './connection.ts'
import { checkFile, checkStructure } from './database-checks.ts'
import type { DeskLock } from './desk-lock.ts'
import { takeDeskLock } from './desk-lock.ts'
import { applyMigrations, pendingMigrations, readMigrations } from './migrations.ts'
import { Reader } from './reader.ts'
import { bringSealsUpToDate } from './sealed-columns.ts'
import { asOpenError, asStoreError, StoreUnavailableError } from './store-errors.ts'
import type { ReadHandle, Store, Synchronous, Tx, WriteOptions } from './store-types.ts'

export interface StoreOptions {
  /** `db.path`: the SQLite file; its folder must exist. */
  readonly path: string
  /** `db.connect_timeout`: how long to wait for a desk that is just stopping, or another program. */
  readonly connectTimeoutMs: number
  /** `db.query_timeout`: how long a query in the reader process may take. */
  readonly queryTimeoutMs: number
  readonly migrationsFolder: string
  readonly keyring: Keyring
  readonly logger: Logger
  readonly clock: Clock
  /** Electron's way to start the reader process; Node's fork when left out. */
  readonly startChildProcess?: StartChildProcess
}

/** One of the two connections, with drizzle over it. */
interface Channel {
  readonly connection: SqliteConnection
  readonly builder: BetterSQLite3Database
}

/**
 * Opens the database: checks it, backs it up when its schema must change, brings schema and seals up to date. Blocks
 * meanwhile; nothing else of the desk runs yet. Throws a `DatabaseOpenError`, an `EncryptionKeyMissingError` or a
 * `SealBrokenError`, each with a sentence for the person who starts the desk.
 */
export function openStore(options: StoreOptions): SqliteStore {
  const { path, connectTimeoutMs } = options
  const logger = options.logger.for('store')
  let lock: DeskLock | null = null
  const opened: SqliteConnection[] = []
  try {
    checkFile(path)
    lock = takeDeskLock(path, connectTimeoutMs)
    const durable = openConnection({ path, connectTimeoutMs, synchronous: 'FULL' })
    opened.push(durable)
    checkStructure(durable, path, logger)
    prepareSchema(durable, options, logger)
    const resealed = durable.transaction(() => bringSealsUpToDate(durable, path, options.keyring)).immediate()
    if (resealed > 0) logger.info('secrets were encrypted anew with the active key', { values: resealed })
    const log = openAuditLog(durable, options, logger)
    const events = openConnection({ path, connectTimeoutMs, synchronous: 'NORMAL' })
    opened.push(events)
    return new SqliteStore(options, lock, log, channel(durable), channel(events))
  } catch (error) {
    for (const connection of opened) connection.close()
    lock?.release()
    throw asOpenError(path, error)
  }
}

function openAuditLog(connection: SqliteConnection, options: StoreOptions, logger: AreaLogger): AuditLog {
  const { keyring, clock } = options
  const log = connection
    .transaction(() => AuditLog.open(connection, keyring, clock.now(), logger))
    .immediate()
  if (log.finding !== null)
    logger.error('the audit log was altered outside the desk; alta-desk verify-audit says more', {
      finding: log.finding,
    })
  return log
}

function channel(connection: SqliteConnection): Channel {
  return { connection, builder: queryBuilder(connection) }
}

function prepareSchema(connection: SqliteConnection, options: StoreOptions, logger: AreaLogger): void {
  const { path, clock } = options
  const { pending, isNew, lastTag } = pendingMigrations(
    connection,
    path,
    readMigrations(options.migrationsFolder),
  )
  useWriteAheadLog(connection)
  if (pending.length === 0) return
  if (!isNew) {
    const version = lastTag?.split('_')[0] ?? 'none'
    logger.info('database backed up before its schema changes', {
      backup: backUp(connection, path, version, clock.now()),
    })
  }
  applyMigrations(connection, pending, clock.now())
  logger.info('schema brought up to date', { migrations: pending.map((migration) => migration.tag) })
}

/**
 * The store on SQLite: two connections in one thread, of which one at a time has a transaction open, since a write is
 * one synchronous function. `durable` writes use the connection with `synchronous = FULL`, the others NORMAL.
 */
export class SqliteStore implements Store {
  readonly #clock: Clock
  readonly #lock: DeskLock
  readonly #log: AuditLog
  readonly #durable: Channel
  readonly #events: Channel
  readonly #reader: Reader
  #writing: Channel | null = null
  #closed = false

  constructor(options: StoreOptions, lock: DeskLock, log: AuditLog, durable: Channel, events: Channel) {
    this.#clock = options.clock
    this.#lock = lock
    this.#log = log
    this.#durable = durable
    this.#events = events
    const { path, connectTimeoutMs, queryTimeoutMs, startChildProcess = forkChildProcess } = options
    this.#reader = new Reader({ path, connectTimeoutMs, queryTimeoutMs, startChildProcess })
  }

  /** Inside a write it sees what that write has changed so far. */
  read<T>(query: (db: ReadHandle) => T): T {
    this.#refuseWhenClosed()
    try {
      return query((this.#writing ?? this.#durable).builder)
    } catch (error) {
      throw asStoreError(error)
    }
  }

  async readApart<Row>(sql: string, parameters: readonly (string | number | null)[]): Promise<Row[]> {
    const rows = await this.#reader.read(sql, parameters)
    return rows as Row[]
  }

  write<T>(options: WriteOptions, change: (tx: Tx) => Synchronous<T>): T {
    return this.#write(options, ({ builder }) => {
      const result = change(builder)
      if (isThenable(result))
        throw new TypeError('A write answered with a promise, or a statement without .run(); it was undone.')
      return result
    })
  }

  /** What was found of the audit log at start that only somebody outside the desk can have done; null when all was well. */
  get auditFinding(): string | null {
    return this.#log.finding
  }

  /**
   * Removes up to `limit` of the oldest rows of the audit log that were written before `at` (ms), and records that in
   * the log itself. Returns how many were removed. Throws `StoreUnavailableError`.
   */
  trimAudit(at: number, limit: number): number {
    return this.#write({ audit: null }, ({ connection }) => {
      const { removed, lastSeq } = this.#log.trim(connection, at, limit)
      const record = { ...deskRecord('audit.trimmed'), after: { rows: removed, lastSeq, writtenBefore: at } }
      if (removed > 0) this.#log.append(connection, [record], this.#clock.now())
      return removed
    })
  }

  /** Closes the database and frees it for another desk; safe to call again. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#reader.close()
    this.#events.connection.close()
    this.#durable.connection.close()
    this.#lock.release()
  }

  #write<T>(options: WriteOptions, change: (channel: Channel) => T): T {
    this.#refuseWhenClosed()
    if (this.#writing) throw new Error('A write was started inside a write; pass `tx` on instead.')
    const channel = options.durable === false ? this.#events : this.#durable
    this.#writing = channel
    try {
      const result = channel.connection.transaction(() => this.#run(channel, options, change)).immediate()
      this.#log.committed()
      return result
    } catch (error) {
      this.#log.undone()
      throw asStoreError(error)
    } finally {
      this.#writing = null
    }
  }

  #run<T>(channel: Channel, { audit }: WriteOptions, change: (channel: Channel) => T): T {
    const result = change(channel)
    this.#log.append(channel.connection, [audit ?? []].flat(), this.#clock.now())
    return result
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new StoreUnavailableError('closed')
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
