import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { StartChildProcess } from '../platform/child-process.ts'
import { forkChildProcess } from '../platform/child-process.ts'
import type { Clock } from '../platform/clock.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { AreaLogger, Logger } from '../platform/logging.ts'
import { addAnchor, anchorFileOf, anchorLine, newestAnchor } from './audit-anchors.ts'
import { openBreak } from './audit-breaks.ts'
import type { RecordedBreak } from './audit-breaks.ts'
import { ChainKeys, deskRecord } from './audit-chain.ts'
import { AuditLog } from './audit-log.ts'
import { startFinding } from './audit-start.ts'
import { restoreTriggers, triggersFinding } from './audit-triggers.ts'
import { backUp } from './backup.ts'
import type { SqliteConnection } from './connection.ts'
import { openConnection, queryBuilder, useWriteAheadLog } from './connection.ts'
import { checkFile, checkStructure } from './database-checks.ts'
import type { DeskLock } from './desk-lock.ts'
import { takeDeskLock } from './desk-lock.ts'
import { applyMigrations, pendingMigrations, readMigrations } from './migrations.ts'
import { keepPrivate } from './private-files.ts'
import { Reader } from './reader.ts'
import { bringSealsUpToDate, proveKeyring } from './sealed-columns.ts'
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

/** The migration with which the chain of the audit log begins: for a new database, and for one from before it. */
const chainMigration = '0003_audit-chain'

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
    keepPrivate(path, logger)
    const durable = openConnection({ path, connectTimeoutMs, synchronous: 'FULL' })
    opened.push(durable)
    checkStructure(durable, path, logger)
    prepareSchema(durable, options, logger)
    const resealed = durable.transaction(() => bringSealsUpToDate(durable, path, options.keyring)).immediate()
    if (resealed > 0) logger.info('secrets were encrypted anew with the active key', { values: resealed })
    const audit = openAudit(durable, options, logger)
    const events = openConnection({ path, connectTimeoutMs, synchronous: 'NORMAL' })
    opened.push(events)
    const store = new SqliteStore(options, lock, audit, channel(durable), channel(events))
    store.anchorAudit()
    return store
  } catch (error) {
    for (const connection of opened) connection.close()
    lock?.release()
    throw asOpenError(path, error)
  }
}

/** The audit log of an open store. */
interface Audit {
  readonly log: AuditLog
  readonly keys: ChainKeys
  readonly openBreak: RecordedBreak | null
}

function openAudit(connection: SqliteConnection, options: StoreOptions, logger: AreaLogger): Audit {
  const { path, keyring, clock } = options
  const keys = new ChainKeys(connection, keyring)
  const open = (): Audit => {
    keys.keepActive()
    const finding = startFinding(connection, path, keys)
    if (triggersFinding(connection) !== null) restoreTriggers(connection)
    const log = AuditLog.resume(connection, keys, finding, clock.now())
    return { log, keys, openBreak: openBreak(connection, keys) }
  }
  const audit = connection.transaction(open).immediate()
  if (audit.openBreak)
    logger.error('the audit log was altered outside the desk; alta-desk verify-audit says more', {
      finding: audit.openBreak.finding,
      noticedAt: new Date(audit.openBreak.at).toISOString(),
    })
  return audit
}

function channel(connection: SqliteConnection): Channel {
  return { connection, builder: queryBuilder(connection) }
}

function prepareSchema(connection: SqliteConnection, options: StoreOptions, logger: AreaLogger): void {
  const { path, clock, keyring } = options
  const { pending, isNew, lastTag } = pendingMigrations(
    connection,
    path,
    readMigrations(options.migrationsFolder),
  )
  useWriteAheadLog(connection)
  if (pending.length === 0) return
  if (!isNew) {
    // Not with a key that is not its own: what is sealed and signed on the way could never be opened.
    proveKeyring(connection, path, keyring)
    const version = lastTag?.split('_')[0] ?? 'none'
    logger.info('database backed up before its schema changes', {
      backup: backUp(connection, path, version, clock.now()),
    })
  }
  const beginsChain = pending.some(({ tag }) => tag === chainMigration)
  applyMigrations(connection, pending, clock.now(), () => {
    if (beginsChain) AuditLog.begin(connection, new ChainKeys(connection, keyring), clock.now())
  })
  logger.info('schema brought up to date', { migrations: pending.map((migration) => migration.tag) })
}

/**
 * The store on SQLite: two connections in one thread, of which one at a time has a transaction open, since a write is
 * one synchronous function. `durable` writes use the connection with `synchronous = FULL`, the others NORMAL.
 */
export class SqliteStore implements Store {
  readonly #clock: Clock
  readonly #lock: DeskLock
  readonly #path: string
  readonly #logger: AreaLogger
  readonly #audit: Audit
  readonly #durable: Channel
  readonly #events: Channel
  readonly #reader: Reader
  #writing: Channel | null = null
  #closed = false
  /** The row of the newest anchor. */
  #anchoredHmac: string | null = null

  constructor(options: StoreOptions, lock: DeskLock, audit: Audit, durable: Channel, events: Channel) {
    this.#clock = options.clock
    this.#path = options.path
    this.#logger = options.logger.for('store')
    this.#lock = lock
    this.#audit = audit
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

  /**
   * What the desk noticed of the audit log, at this start or an earlier one, that only somebody outside it can have done;
   * null when there is nothing, or an administrator has recorded a restore since.
   */
  get auditBreak(): RecordedBreak | null {
    return this.#audit.openBreak
  }

  /**
   * Writes where the audit log ends, signed, into the file beside the database and into the desk's log, unless that is
   * there already. A disk that refuses is logged: the desk goes on without.
   */
  anchorAudit(): void {
    const { log, keys } = this.#audit
    const { seq, hmac } = log.head
    if (seq === 0 || hmac === this.#anchoredHmac) return
    try {
      const file = anchorFileOf(this.#path)
      const newest = newestAnchor(file, keys)
      if (newest === null || newest === 'unsigned' || newest.point.hmac !== hmac) {
        const line = anchorLine({ at: this.#clock.now(), point: log.head }, keys)
        addAnchor(file, line)
        this.#logger.info('the audit log ends here', { anchor: line })
      }
      this.#anchoredHmac = hmac
    } catch (error) {
      this.#logger.error('the end of the audit log could not be written beside the database', { error })
    }
  }

  /**
   * Removes up to `limit` of the oldest rows of the audit log that were written before `at` (ms), and records that in
   * the log itself. Returns how many were removed. Throws `StoreUnavailableError`.
   */
  trimAudit(at: number, limit: number): number {
    return this.#write({ audit: null }, ({ connection }) => {
      const { removed, lastSeq } = this.#audit.log.trim(connection, at, limit)
      const record = { ...deskRecord('audit.trimmed'), after: { rows: removed, lastSeq, writtenBefore: at } }
      if (removed > 0) this.#audit.log.append(connection, [record], this.#clock.now())
      return removed
    })
  }

  /** Closes the database and frees it for another desk; safe to call again. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.anchorAudit()
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
      this.#audit.log.committed()
      return result
    } catch (error) {
      this.#audit.log.undone()
      throw asStoreError(error)
    } finally {
      this.#writing = null
    }
  }

  #run<T>(channel: Channel, { audit }: WriteOptions, change: (channel: Channel) => T): T {
    const result = change(channel)
    this.#audit.log.append(channel.connection, [audit ?? []].flat(), this.#clock.now())
    return result
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new StoreUnavailableError('closed')
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
