import type { AreaLogger } from '../platform/logging.ts'
import { openBreak } from './audit-breaks.ts'
import { ChainKeys } from './audit-chain.ts'
import { AuditLog } from './audit-log.ts'
import { startFinding } from './audit-start.ts'
import { restoreTriggers, triggersFinding } from './audit-triggers.ts'
import { backUp } from './backup.ts'
import { openConnection, useWriteAheadLog } from './connection.ts'
import type { SqliteConnection } from './connection.ts'
import { checkFile, checkStructure } from './database-checks.ts'
import { takeDeskLock } from './desk-lock.ts'
import type { DeskLock } from './desk-lock.ts'
import { applyMigrations, pendingMigrations, readMigrations } from './migrations.ts'
import { keepPrivate } from './private-files.ts'
import { bringSealsUpToDate, proveKeyring } from './sealed-columns.ts'
import { SqliteStore } from './store.ts'
import type { OpenAudit, StoreOptions } from './store.ts'
import { asOpenError } from './store-errors.ts'

/** The migration with which the chain of the audit log begins: for a new database, and for one from before it. */
const chainMigration = '0003_audit-chain'

/**
 * Opens the database: checks it, backs it up when its schema must change, brings schema and seals up to date. Blocks
 * meanwhile; nothing else of the desk runs yet. Throws a `DatabaseOpenError`, an `EncryptionKeyMissingError` or a
 * `SealBrokenError`, each with a sentence for the person who starts the desk.
 */
export function openStore(options: StoreOptions): SqliteStore {
  const { path, connectTimeoutMs } = options
  const logger = options.logger.for('store')
  let lock: DeskLock | null = null
  let writer: SqliteConnection | null = null
  try {
    checkFile(path)
    lock = takeDeskLock(path, connectTimeoutMs)
    keepPrivate(path, logger)
    const connection = openConnection({ path, connectTimeoutMs, synchronous: 'FULL' })
    writer = connection
    checkStructure(connection, path, logger)
    prepareSchema(connection, options, logger)
    const reseal = (): number => bringSealsUpToDate(connection, path, options.keyring)
    const resealed = connection.transaction(reseal).immediate()
    if (resealed > 0) logger.info('secrets were encrypted anew with the active key', { values: resealed })
    const audit = openAudit(connection, options, logger)
    const store = new SqliteStore(options, lock, audit, connection)
    store.anchorAudit()
    return store
  } catch (error) {
    writer?.close()
    lock?.release()
    throw asOpenError(path, error)
  }
}

function openAudit(connection: SqliteConnection, options: StoreOptions, logger: AreaLogger): OpenAudit {
  const { path, keyring, clock } = options
  const keys = new ChainKeys(connection, keyring)
  const open = (): OpenAudit => {
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
