import { AsyncLocalStorage } from 'node:async_hooks'
import type { Statement } from 'better-sqlite3'
import type { StartChildProcess } from '../platform/child-process.ts'
import { forkChildProcess } from '../platform/child-process.ts'
import type { Clock } from '../platform/clock.ts'
import type { Keyring } from '../platform/keyring.ts'
import { newId } from '../platform/ids.ts'
import type { AreaLogger, Logger } from '../platform/logging.ts'
import { addAnchor, anchorFileOf, anchorLine, newestAnchor } from './audit-anchors.ts'
import type { RecordedBreak } from './audit-breaks.ts'
import { deskRecord } from './audit-chain.ts'
import type { ChainKeys } from './audit-chain.ts'
import type { AuditLog } from './audit-log.ts'
import { ChangeFeed } from './change-feed.ts'
import type { SqliteConnection } from './connection.ts'
import { openConnection, queryBuilder } from './connection.ts'
import type { DeskLock } from './desk-lock.ts'
import { QueryWorker } from './query-worker.ts'
import { asStoreError, StoreUnavailableError } from './store-errors.ts'
import { ReadConnections } from './read-connections.ts'
import type { ReadHandle, Store, Tx, WriteOptions } from './store-types.ts'
import { WriteLock } from './write-lock.ts'

export interface StoreOptions {
  /** `db.path`: the SQLite file; its folder must exist. */
  readonly path: string
  /** `db.connect_timeout`: how long to wait for a desk that is just stopping, or another program. */
  readonly connectTimeoutMs: number
  /** `db.query_timeout`: how long a query in the query worker may take. */
  readonly queryTimeoutMs: number
  readonly migrationsFolder: string
  readonly keyring: Keyring
  readonly logger: Logger
  readonly clock: Clock
  /** Electron's way to start the query worker; Node's fork when left out. */
  readonly startChildProcess?: StartChildProcess
}

/** So many reads run side by side; further ones wait for one of them. */
const mostReads = 4
/** A write that is open longer than this is written to the log: it holds up every other. */
const longWriteMs = 1_000

/** What the code that runs now was started inside of. */
interface Scope {
  readonly kind: 'read' | 'write'
  readonly db: ReadHandle
  /** False once it has ended: what was started inside and goes on is outside. */
  open: boolean
}

/** The audit log of an open store. */
export interface OpenAudit {
  readonly log: AuditLog
  readonly keys: ChainKeys
  readonly openBreak: RecordedBreak | null
}

/**
 * The store on SQLite: one connection that writes, behind a lock, and a few that read. `durable` writes run with
 * `synchronous = FULL`, the others with NORMAL.
 */
export class SqliteStore implements Store {
  /** Tells every committed change, before the write that made it answers. */
  readonly feed: ChangeFeed
  readonly #options: StoreOptions
  readonly #lock: DeskLock
  readonly #logger: AreaLogger
  readonly #audit: OpenAudit
  readonly #connection: SqliteConnection
  readonly #tx: Tx
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #reads: ReadConnections
  readonly #worker: QueryWorker
  readonly #writes = new WriteLock()
  readonly #origin = newId()
  readonly #scopes = new AsyncLocalStorage<Scope>()
  #synchronous: 'FULL' | 'NORMAL' = 'FULL'
  #running = 0
  #closed: PromiseWithResolvers<void> | null = null
  /** The row of the newest anchor. */
  #anchoredHmac: string | null = null

  constructor(options: StoreOptions, lock: DeskLock, audit: OpenAudit, connection: SqliteConnection) {
    this.#options = options
    this.#logger = options.logger.for('store')
    this.#lock = lock
    this.#audit = audit
    this.#connection = connection
    this.#tx = queryBuilder(connection, () => this.#requireWrite())
    this.#begin = connection.prepare('begin immediate')
    this.#commit = connection.prepare('commit')
    const { path, connectTimeoutMs, queryTimeoutMs, startChildProcess = forkChildProcess } = options
    const openReader = (): SqliteConnection =>
      openConnection({ path, connectTimeoutMs, synchronous: 'NORMAL', readOnly: true })
    this.#reads = new ReadConnections(openReader, mostReads)
    this.#worker = new QueryWorker({ path, connectTimeoutMs, queryTimeoutMs, startChildProcess })
    this.feed = new ChangeFeed((change, error) =>
      this.#logger.error('what was written could not be taken up', { change, error }),
    )
  }

  async read<T>(query: (db: ReadHandle) => T | PromiseLike<T>): Promise<T> {
    const around = this.#scope()
    if (around?.kind === 'write')
      throw new Error('A read was started inside a write; read from `tx` instead.')
    if (around) return query(around.db)
    this.#refuseWhenClosed()
    this.#running += 1
    try {
      const taken = this.#reads.take()
      const connection = taken instanceof Promise ? await taken : taken
      const scope: Scope = { kind: 'read', db: connection.db, open: true }
      try {
        connection.begin()
        return await this.#scopes.run(scope, query, connection.db)
      } finally {
        scope.open = false
        connection.end()
        this.#reads.release(connection)
      }
    } catch (error) {
      throw asStoreError(error)
    } finally {
      this.#ended()
    }
  }

  async runInWorker<Row>(sql: string, parameters: readonly (string | number | null)[]): Promise<Row[]> {
    const rows = await this.#worker.read(sql, parameters)
    return rows as Row[]
  }

  write<T>(options: WriteOptions<T>, change: (tx: Tx) => T | PromiseLike<T>): Promise<T> {
    return this.#write(options, () => change(this.#tx))
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
    const head = log.head(this.#connection)
    if (head === null || head.seq === 0 || head.hmac === this.#anchoredHmac) return
    try {
      const file = anchorFileOf(this.#options.path)
      const newest = newestAnchor(file, keys)
      if (newest === null || newest === 'unsigned' || newest.point.hmac !== head.hmac) {
        const line = anchorLine({ at: this.#options.clock.now(), point: head }, keys)
        addAnchor(file, line)
        this.#logger.info('the audit log ends here', { anchor: line })
      }
      this.#anchoredHmac = head.hmac
    } catch (error) {
      this.#logger.error('the end of the audit log could not be written beside the database', { error })
    }
  }

  /**
   * Removes up to `limit` of the oldest rows of the audit log that were written before `at` (ms), and records that in
   * the log itself. Returns how many were removed. Throws `StoreUnavailableError`.
   */
  trimAudit(at: number, limit: number): Promise<number> {
    return this.#write({ audit: null }, () => {
      const { removed, lastSeq } = this.#audit.log.trim(this.#connection, at, limit)
      const record = { ...deskRecord('audit.trimmed'), after: { rows: removed, lastSeq, writtenBefore: at } }
      if (removed > 0) this.#audit.log.append(this.#connection, [record], this.#options.clock.now())
      return removed
    })
  }

  /** Refuses what is new, waits for what is under way, closes the database and frees it for another desk. */
  async close(): Promise<void> {
    if (this.#closed) return this.#closed.promise
    this.#closed = Promise.withResolvers<void>()
    this.#worker.close()
    if (this.#running > 0) return this.#closed.promise
    this.#closeNow()
  }

  #closeNow(): void {
    this.anchorAudit()
    this.#reads.close()
    this.#connection.close()
    this.#lock.release()
    this.#closed?.resolve()
  }

  async #write<T>(options: WriteOptions<T>, change: () => T | PromiseLike<T>): Promise<T> {
    this.#refuseWhenClosed()
    const around = this.#scope()
    if (around) throw new Error(`A write was started inside a ${around.kind}; pass \`tx\` on instead.`)
    this.#running += 1
    const release = await this.#writes.take()
    const startedMs = this.#options.clock.monotonicMs()
    try {
      const result = await this.#transaction(options, change)
      const { changes = [] } = options
      this.feed.tell(typeof changes === 'function' ? changes(result) : changes, this.#origin)
      return result
    } catch (error) {
      throw asStoreError(error)
    } finally {
      const tookMs = Math.round(this.#options.clock.monotonicMs() - startedMs)
      if (tookMs > longWriteMs) this.#logger.warn('a write was open for long', { ms: tookMs })
      release()
      this.#ended()
    }
  }

  async #transaction<T>(
    { audit, durable = true }: WriteOptions<T>,
    change: () => T | PromiseLike<T>,
  ): Promise<T> {
    const connection = this.#connection
    this.#synchronize(durable ? 'FULL' : 'NORMAL')
    const scope: Scope = { kind: 'write', db: this.#tx, open: true }
    this.#begin.run()
    try {
      // Awaited inside: a query that `change` answers runs only then.
      const result = await this.#scopes.run(scope, async () => change())
      const rows = typeof audit === 'function' ? audit(result) : audit
      this.#audit.log.append(connection, [rows ?? []].flat(), this.#options.clock.now())
      this.#commit.run()
      this.#audit.log.committed()
      return result
    } catch (error) {
      this.#audit.log.undone()
      // A disk that is full has ended it already.
      if (connection.inTransaction) connection.exec('rollback')
      throw error
    } finally {
      scope.open = false
    }
  }

  #synchronize(mode: 'FULL' | 'NORMAL'): void {
    if (this.#synchronous === mode) return
    this.#connection.pragma(`synchronous = ${mode}`)
    this.#synchronous = mode
  }

  /** What is left of a write that has ended must go neither into the next one nor past the audit log. */
  #requireWrite(): void {
    if (this.#scope()?.kind !== 'write')
      throw new Error('A transaction was used after its write had ended; await all that a write starts.')
  }

  #scope(): Scope | null {
    const scope = this.#scopes.getStore()
    return scope?.open ? scope : null
  }

  #ended(): void {
    this.#running -= 1
    if (this.#closed && this.#running === 0) this.#closeNow()
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new StoreUnavailableError('closed')
  }
}
