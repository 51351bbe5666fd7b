import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, opendir, rename, rm, statfs } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { narrowMode, privateFileMode, privateFolderMode } from '../platform/private-modes.ts'
import { BlobStoreError } from './blob-store.ts'
import type { BlobReader, BlobStore, BlobWriter, StoredBlob, WrittenBlob } from './blob-store.ts'

export interface LocalBlobsOptions {
  /** A folder for these blobs and nothing else; it is made when the first one is. */
  readonly folder: string
  /** What stays free on its disk, bytes: the database lies there too, and must never meet a full disk because of a file. */
  readonly keepFreeBytes: number
}

const idShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const nameShape = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.part)?$/
const pieceBytes = 256 * 1024
/** How often a writer looks how much space is left. */
const spaceCheckBytes = 8 * 1024 * 1024

/** Windows has neither flag; there a link needs rights that others do not have in the desk's folder. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>
const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants

/** Blobs as files of one folder: `<id>`, and `<id>.part` while one is written. Links are never followed. */
export class LocalBlobs implements BlobStore {
  readonly #options: LocalBlobsOptions

  constructor(options: LocalBlobsOptions) {
    this.#options = options
  }

  async create(id: string): Promise<BlobWriter> {
    const path = this.#pathOf(id)
    const part = `${path}.part`
    return withBlobErrors(async () => {
      await this.#makeFolder()
      const checkSpace = (): Promise<void> => this.#checkSpace()
      await checkSpace()
      const handle = await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode)
      return new LocalBlobWriter({ handle, path, part, checkSpace })
    })
  }

  async open(id: string): Promise<BlobReader | null> {
    const path = this.#pathOf(id)
    return withBlobErrors(async () => {
      const handle = await openIfThere(path)
      if (handle === null) return null
      try {
        const stats = await handle.stat()
        if (stats.isFile()) return new LocalBlobReader(handle, stats.size)
      } catch (error) {
        await handle.close()
        throw error
      }
      await handle.close()
      return null
    })
  }

  async delete(id: string): Promise<void> {
    const path = this.#pathOf(id)
    await withBlobErrors(async () => {
      await rm(`${path}.part`, { force: true })
      await rm(path, { force: true })
    })
  }

  async *list(): AsyncGenerator<StoredBlob, void> {
    const folder = await withBlobErrors(() => ifThere(opendir(this.#options.folder)))
    if (folder === null) return
    for await (const entry of folder) {
      const id = nameShape.exec(entry.name)?.[1]
      if (id === undefined || !entry.isFile()) continue
      const stats = await ifThere(lstat(join(this.#options.folder, entry.name)))
      if (stats) yield { id, changedAt: stats.mtimeMs }
    }
  }

  /** Throws for what is no id: nothing else may become a part of a path. */
  #pathOf(id: string): string {
    if (!idShape.test(id)) throw new Error('This is not the id of a blob.')
    return join(this.#options.folder, id)
  }

  async #makeFolder(): Promise<void> {
    const { folder } = this.#options
    const made = await mkdir(folder, { recursive: true, mode: privateFolderMode })
    if (made !== undefined) await syncFolder(dirname(made))
    narrowMode(folder, privateFolderMode)
  }

  /** Throws `BlobStoreError` where a file would take what must stay free. */
  async #checkSpace(): Promise<void> {
    const { folder, keepFreeBytes } = this.#options
    const { bavail, bsize } = await statfs(folder)
    if (bavail * bsize < keepFreeBytes + spaceCheckBytes) throw new BlobStoreError('full')
  }
}

interface WriterOptions {
  readonly handle: FileHandle
  readonly path: string
  readonly part: string
  readonly checkSpace: () => Promise<void>
}

class LocalBlobWriter implements BlobWriter {
  readonly #options: WriterOptions
  readonly #hash = createHash('sha256')
  #size = 0
  #checkedAt = 0

  constructor(options: WriterOptions) {
    this.#options = options
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { handle, checkSpace } = this.#options
    await withBlobErrors(async () => {
      if (this.#size + bytes.length - this.#checkedAt > spaceCheckBytes) {
        await checkSpace()
        this.#checkedAt = this.#size
      }
      // A disk may take a part of what it is given.
      for (let written = 0; written < bytes.length;)
        written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten
      this.#hash.update(bytes)
      this.#size += bytes.length
    })
  }

  async finish(): Promise<WrittenBlob> {
    const { handle, path, part } = this.#options
    await withBlobErrors(async () => {
      await handle.sync()
      await handle.close()
      await rename(part, path)
      await syncFolder(dirname(path))
    })
    return { size: this.#size, sha256: this.#hash.digest('base64url') }
  }

  async abort(): Promise<void> {
    const { handle, part } = this.#options
    // What could not be written may fail once more as it is closed.
    await handle.close().catch(() => undefined)
    await withBlobErrors(() => rm(part, { force: true }))
  }
}

class LocalBlobReader implements BlobReader {
  readonly size: number
  readonly #handle: FileHandle
  #closed: Promise<void> | null = null

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.size = size
  }

  async *pieces(start: number, end: number): AsyncGenerator<Uint8Array, void> {
    for (let position = start; position < end;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - position))
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) throw new Error('A blob is shorter than it was.')
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#handle.close())
  }
}

/** Null for what is not there, and for a link, which no desk has put there. */
async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    // Without waiting: a pipe in the place of a blob would wait for a writer for ever.
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ELOOP') return null
    throw error
  }
}

async function ifThere<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** A new name in a folder outlives a power cut only once the folder itself is written. Windows does that by itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** EFBIG: the file system, or a limit of the process, allows no larger file. */
const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

async function withBlobErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BlobStoreError || codeOf(error) === null) throw error
    throw new BlobStoreError(fullCodes.has(codeOf(error) ?? '') ? 'full' : 'unavailable', error)
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}
