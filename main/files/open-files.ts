import { basename, dirname, extname, join } from 'node:path'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { supervised } from '../platform/lifecycle.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { PartsHealth } from '../platform/service-health.ts'
import type { Store } from '../store/store-types.ts'
import { Downloads } from './downloads.ts'
import { FileStore } from './file-store.ts'
import { FileTickets } from './file-tickets.ts'
import type { TicketHolder } from './file-tickets.ts'
import { LocalBlobs } from './local-blobs.ts'

export interface OpenFilesOptions {
  readonly config: Pick<Config, 'files' | 'db'>
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly health: PartsHealth
  readonly logger: AreaLogger
  readonly deskId: string
  readonly isStillIn: (holder: TicketHolder) => Promise<boolean>
}

/** Everything about files, ready to be started. */
export interface OpenFiles {
  readonly files: FileStore
  readonly tickets: FileTickets
  readonly downloads: Downloads
  readonly services: readonly Service[]
}

/** Free space that files leave to the database, bytes. */
const keepFreeBytes = 256 * 1024 * 1024

/** Builds the files of a desk. Each desk has a folder of its own in the one that is configured. */
export function openFiles(options: OpenFilesOptions): OpenFiles {
  const { config, store, bus, clock, logger, health, deskId, isStillIn } = options
  const { path, quotaBytes } = config.files
  const folder = join(path ?? besideDatabase(config.db.path), deskId)
  const blobs = new LocalBlobs({ folder, keepFreeBytes })
  const files = new FileStore({ store, blobs, clock, logger, quotaBytes })
  const tickets = new FileTickets({ store, clock, isStillIn })
  const downloads = new Downloads({ files, tickets, bus, isStillIn })
  const sweep = supervised({ name: 'file sweep', run: (signal) => files.run(signal), health, logger })
  return { files, tickets, downloads, services: [files, sweep, downloads] }
}

function besideDatabase(path: string): string {
  return join(dirname(path), `${basename(path, extname(path))}-files`)
}
