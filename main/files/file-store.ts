import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { pause } from '../platform/lifecycle.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import { AppError } from '../rpc/app-error.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import { BlobStoreError } from './blob-store.ts'
import type { BlobReader, BlobStore, WrittenBlob } from './blob-store.ts'
import { safeFileName } from './file-names.ts'
import {
  bytesOf,
  deleteFile,
  expiredIds,
  idsOfFiles,
  insertFile,
  updateWriting,
  writingIds,
} from './queries.ts'
import type { FileRow } from './queries.ts'

export interface FileStoreOptions {
  readonly store: Store
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly logger: AreaLogger
  /** How much the files of one person may take together, bytes. */
  readonly quotaBytes: number
}

export interface NewFile {
  readonly ownerId: string
  /** What it is called where it is saved; made safe here. */
  readonly name: string
  readonly contentType: string
  /** How long it is kept once it is whole, ms. */
  readonly lifeMs: number
  /** Written in the transaction that begins the file, so before a byte of it exists. */
  readonly audit: AuditRecord
}

/** So much is reserved at a time for a file of unknown size, bytes. */
const reservedAtOnce = 16 * 1024 * 1024
const sweepEveryMs = 10 * 60_000
/** A blob without a row may be one that somebody is just restoring from a backup; after this age it is left over. */
const orphanAgeMs = 3_600_000
const batch = 500

/**
 * Files of people: a row that says what a file is, and a blob with its bytes. The row comes first and says "writing"; the
 * bytes follow; then the row says "kept", with size and SHA-256. A file is deleted in the other order, row first. So
 * after a crash at any point a kept row has its whole blob, and what else is left is found and removed.
 */
export class FileStore implements Service {
  readonly name = 'files'
  readonly #options: FileStoreOptions
  readonly #writes = new Set<Promise<unknown>>()
  readonly #stopping = new AbortController()

  constructor(options: FileStoreOptions) {
    this.#options = options
  }

  /** Removes what an earlier desk was writing when it ended. */
  async start(): Promise<void> {
    const ids = await this.#options.store.read(writingIds)
    for (const id of ids) await this.#giveUp(id)
    if (ids.length > 0)
      this.#options.logger.info('files that were not finished were removed', { files: ids.length })
  }

  /** Gives up the files that are being written. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The desk is stopping.'))
    await Promise.allSettled(this.#writes)
  }

  /**
   * Writes a file from `pieces`, which are asked for one after the other, as fast as the disk takes them. `signal` gives
   * it up. Throws FILE_QUOTA_REACHED, FILE_DISK_FULL or FILES_UNAVAILABLE, and what `pieces` throws; nothing of the file
   * is then kept.
   */
  async write(file: NewFile, pieces: AsyncIterable<string>, signal: AbortSignal): Promise<FileRow> {
    const writing = this.#write(file, pieces, AbortSignal.any([signal, this.#stopping.signal]))
    this.#writes.add(writing)
    try {
      return await writing
    } catch (error) {
      throw asAppError(error)
    } finally {
      this.#writes.delete(writing)
    }
  }

  /** Opens the bytes of a file; null, which is logged, where they are not what the row says. */
  async open(file: FileRow): Promise<BlobReader | null> {
    const { blobs, logger } = this.#options
    const reader = await blobs.open(file.id)
    if (reader?.size === file.size) return reader
    await reader?.close()
    logger.error('a file is missing from its folder, or was changed there', { file: file.id })
    return null
  }

  /** Removes what has expired or is left over, again and again. Ends with `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sweep(signal)
      await pause(sweepEveryMs, signal)
    }
  }

  /** Removes files that have expired, and old blobs without a row. Throws `StoreUnavailableError`. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { store, clock, logger } = this.#options
    for (;;) {
      const ids = await store.read((db) => expiredIds(db, clock.now(), batch))
      for (const id of ids) await this.#remove(id)
      if (ids.length < batch || signal.aborted) break
    }
    const orphans = await this.#orphans()
    for (const id of orphans) await this.#deleteBlob(id)
    if (orphans.length > 0)
      logger.warn('files without a row were left over and were removed', { files: orphans.length })
  }

  async #orphans(): Promise<string[]> {
    const { blobs, store, clock } = this.#options
    const youngest = clock.now() - orphanAgeMs
    const old = new Set<string>()
    for await (const { id, changedAt } of blobs.list()) if (changedAt < youngest) old.add(id)
    // Asked after the folder was listed: whatever is written has had its row since before its blob.
    const known = await store.read((db) => idsOfFiles(db, [...old]))
    return [...old].filter((id) => !known.has(id))
  }

  async #write(file: NewFile, pieces: AsyncIterable<string>, signal: AbortSignal): Promise<FileRow> {
    const { store, clock } = this.#options
    const row = await this.#begin(file)
    try {
      const written = await this.#writeBlob(row, pieces, signal)
      const kept = { ...row, ...written, state: 'kept', expiresAt: clock.now() + file.lifeMs } as const
      const { state, size, sha256, expiresAt } = kept
      const isOurs = await store.write({ audit: null }, (tx) =>
        updateWriting(tx, row.id, { state, size, sha256, expiresAt }),
      )
      if (!isOurs) throw new Error('The row of a file is gone: its owner was deleted.')
      return kept
    } catch (error) {
      await this.#giveUp(row.id)
      throw error
    }
  }

  async #begin({ ownerId, name, contentType, lifeMs, audit }: NewFile): Promise<FileRow> {
    const { store, clock } = this.#options
    const now = clock.now()
    const id = newId()
    return store.write({ audit }, async (tx) => {
      const left = this.#options.quotaBytes - (await bytesOf(tx, ownerId, id))
      if (left <= 0) throw new AppError('FILE_QUOTA_REACHED')
      const row: FileRow = {
        id,
        ownerId,
        state: 'writing',
        name: safeFileName(name),
        contentType,
        size: Math.min(left, reservedAtOnce),
        sha256: '',
        createdAt: now,
        expiresAt: now + lifeMs,
      }
      await insertFile(tx, row)
      return row
    })
  }

  async #writeBlob(row: FileRow, pieces: AsyncIterable<string>, signal: AbortSignal): Promise<WrittenBlob> {
    const writer = await this.#options.blobs.create(row.id)
    try {
      let [size, reserved] = [0, row.size]
      for await (const piece of pieces) {
        signal.throwIfAborted()
        const bytes = Buffer.from(piece)
        size += bytes.length
        if (size > reserved) reserved = await this.#reserve(row, size)
        await writer.write(bytes)
      }
      signal.throwIfAborted()
      return await writer.finish()
    } catch (error) {
      // Its row is removed next, and then once more whatever is left of it.
      await Promise.allSettled([writer.abort()])
      throw error
    }
  }

  /** Reserves room for at least `size` bytes; answers how many it are. Throws FILE_QUOTA_REACHED. */
  #reserve({ id, ownerId }: FileRow, size: number): Promise<number> {
    const { store, quotaBytes } = this.#options
    return store.write({ audit: null, durable: false }, async (tx) => {
      const left = quotaBytes - (await bytesOf(tx, ownerId, id))
      if (size > left) throw new AppError('FILE_QUOTA_REACHED')
      const reserved = Math.min(left, size + reservedAtOnce)
      await updateWriting(tx, id, { size: reserved })
      return reserved
    })
  }

  /** Never throws: what is left over is found later. */
  async #giveUp(id: string): Promise<void> {
    await this.#remove(id).catch((error: unknown) => {
      this.#options.logger.warn('the row of a file could not be deleted', { file: id, error })
    })
  }

  /** The row first: a row without its blob would promise a file. Throws `StoreUnavailableError`. */
  async #remove(id: string): Promise<void> {
    await this.#options.store.write({ audit: null }, (tx) => deleteFile(tx, id))
    await this.#deleteBlob(id)
  }

  async #deleteBlob(id: string): Promise<void> {
    const { blobs, logger } = this.#options
    await blobs.delete(id).catch((error: unknown) => {
      logger.warn('a file could not be deleted from its folder', { file: id, error })
    })
  }
}

function asAppError(error: unknown): unknown {
  if (!(error instanceof BlobStoreError)) return error
  return new AppError(error.trouble === 'full' ? 'FILE_DISK_FULL' : 'FILES_UNAVAILABLE', { cause: error })
}
