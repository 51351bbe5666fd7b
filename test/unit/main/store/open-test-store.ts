import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import type { SqliteStore, StoreOptions } from '../../../../main/store/store.ts'

export const migrationsFolder = join(import.meta.dirname, '../../../../resources/migrations')
const silent = openLogger({ filter: parseLogFilter('error'), format: 'text', write: () => undefined })

/** A folder that is gone when the test is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What a store needs, on a new file unless the test names one. */
export function storeOptions(changes: Partial<StoreOptions> = {}): StoreOptions {
  return {
    path: changes.path ?? join(temporaryFolder(), 'altavms.db'),
    connectTimeoutMs: 50,
    queryTimeoutMs: 5_000,
    migrationsFolder,
    keyring: new Keyring([developmentStubKey]),
    logger: silent,
    clock: systemClock,
    ...changes,
  }
}

/** Opens a store that is closed when the test ends, if the test did not close it. */
export function openTestStore(options: StoreOptions = storeOptions()): SqliteStore {
  const store = openStore(options)
  onTestFinished(() => store.close())
  return store
}
