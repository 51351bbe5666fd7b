/** Bytes under an id: a local folder today (`local-blobs.ts`), an S3 bucket later. Ids are UUIDs. */
export interface BlobStore {
  /** Begins a blob; nobody can open it before `finish`. Throws `BlobStoreError`. */
  create(id: string): Promise<BlobWriter>
  /** Opens a whole blob for reading; null where there is none. Throws `BlobStoreError`. */
  open(id: string): Promise<BlobReader | null>
  /** Deletes a blob, or what was written of one; nothing happens where there is neither. */
  delete(id: string): Promise<void>
  /** Every blob, and what was begun and not finished. */
  list(): AsyncIterable<StoredBlob>
}

/** A blob that is being written, piece after piece. */
export interface BlobWriter {
  /** Appends; resolves when the next piece may come. Throws `BlobStoreError`. */
  write(bytes: Uint8Array): Promise<void>
  /** Makes it a whole blob, which from now on outlives a power cut. Throws `BlobStoreError`. */
  finish(): Promise<WrittenBlob>
  /** Gives it up: nothing of it is kept. */
  abort(): Promise<void>
}

export interface WrittenBlob {
  /** Bytes. */
  readonly size: number
  /** SHA-256 in base64url. */
  readonly sha256: string
}

/** An open blob, to be closed by the reader. */
export interface BlobReader {
  /** Bytes. */
  readonly size: number
  /** The bytes from `start` up to, not including, `end`, as fast as they are taken. */
  pieces(start: number, end: number): AsyncGenerator<Uint8Array, void>
  /** May be called more than once. */
  close(): Promise<void>
}

export interface StoredBlob {
  readonly id: string
  /** When it was last written to, ms since the epoch. */
  readonly changedAt: number
}

/** The disk is full, or does not do what it should: the world's fault, not the caller's. */
export class BlobStoreError extends Error {
  readonly trouble: 'full' | 'unavailable'

  constructor(trouble: 'full' | 'unavailable', cause?: unknown) {
    super(trouble === 'full' ? 'The disk for files is full.' : 'The folder for files cannot be used.', {
      cause,
    })
    this.name = 'BlobStoreError'
    this.trouble = trouble
  }
}
