import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { FileStore } from '../../../../main/files/file-store.ts'
import type { NewFile } from '../../../../main/files/file-store.ts'
import { LocalBlobs } from '../../../../main/files/local-blobs.ts'
import type { FileRow } from '../../../../main/files/queries.ts'
import type { Clock } from '../../../../main/platform/clock.ts'
import { systemClock } from '../../../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { deskRecord } from '../../../../main/store/audit-chain.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import type { SqliteStore } from '../../../../main/store/store.ts'
import { files as filesTable } from '../../../../main/store/tables/files.ts'
import { users } from '../../../../main/store/tables/identity.ts'

/** Files on a real disk with their database, in a folder of the test. */
export interface TestFiles {
  readonly store: SqliteStore
  readonly blobs: LocalBlobs
  readonly files: FileStore
  /** What was logged. */
  readonly log: readonly string[]
  rows(): Promise<FileRow[]>
  /** What lies in the folder of the blobs. */
  names(): string[]
}

export interface TestFilesOptions {
  readonly quotaBytes?: number
  readonly keepFreeBytes?: number
  readonly clock?: Clock
}

export const blobFolder = (folder: string): string => join(folder, 'files', 'desk')

/** Opens them, made where they are not there yet. The caller closes `store`. */
export async function openTestFiles(folder: string, options: TestFilesOptions = {}): Promise<TestFiles> {
  const { quotaBytes = 1e9, keepFreeBytes = 0, clock = systemClock } = options
  const log: string[] = []
  const logger = openLogger({
    filter: parseLogFilter('info'),
    format: 'json',
    write: (line) => log.push(line),
  })
  const store = openStore({
    path: join(folder, 'altavms.db'),
    connectTimeoutMs: 2_000,
    queryTimeoutMs: 5_000,
    migrationsFolder: join(import.meta.dirname, '../../../../resources/migrations'),
    keyring: new Keyring([developmentStubKey]),
    logger,
    clock,
  })
  const people = await store.read((db) => db.select().from(users))
  for (const id of people.length === 0 ? ['anna', 'ben'] : [])
    await store.write({ audit: null }, async (tx) => {
      await tx.insert(users).values(person(id))
    })
  const blobs = new LocalBlobs({ folder: blobFolder(folder), keepFreeBytes })
  const files = new FileStore({ store, blobs, clock, logger: logger.for('files'), quotaBytes })
  await files.start()
  return {
    store,
    blobs,
    files,
    log,
    rows: () => store.read((db) => db.select().from(filesTable)),
    names: () => {
      mkdirSync(blobFolder(folder), { recursive: true })
      return readdirSync(blobFolder(folder)).toSorted()
    },
  }
}

function person(id: string): typeof users.$inferInsert {
  return {
    id,
    email: `${id}@desk`,
    username: id,
    displayName: id,
    passwordHash: '',
    admin: true,
    disabled: false,
    mustChangePassword: false,
    documentedPassword: false,
    version: 1,
    createdAt: 1,
  }
}

/** A file of Anna's that is kept for a day. */
export function newFile(changes: Partial<NewFile> = {}): NewFile {
  const audit = deskRecord('audit.exported')
  return {
    ownerId: 'anna',
    name: 'log.csv',
    contentType: 'text/csv',
    lifeMs: 24 * 3_600_000,
    audit,
    ...changes,
  }
}

/** `count` pieces of `bytes` bytes. */
export async function* pieces(count: number, bytes: number): AsyncGenerator<string, void> {
  for (let index = 0; index < count; index += 1) {
    yield await Promise.resolve(String(index % 10).repeat(bytes))
  }
}

/** The SHA-256 of a blob on the disk, in base64url. */
export function hashOnDisk(folder: string, id: string): string {
  return createHash('sha256')
    .update(readFileSync(join(blobFolder(folder), id)))
    .digest('base64url')
}
