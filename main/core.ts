import { randomBytes } from 'node:crypto'
import { AuditTrackingStore } from './audit/audit-tracking-store.ts'
import { JobQueue } from './jobs/job-queue.ts'
import type { Core } from './module.ts'
import { Bus } from './platform/bus.ts'
import type { StartChildProcess } from './platform/child-process.ts'
import { systemClock } from './platform/clock.ts'
import type { Config } from './platform/config.ts'
import { openKeyring } from './platform/desk-keyring.ts'
import type { Logger } from './platform/logging.ts'
import { Metrics } from './platform/metrics.ts'
import { PartsHealth } from './platform/service-health.ts'
import { loadDeskId } from './store/desk-id.ts'
import { openStore } from './store/open-store.ts'
import type { SqliteStore } from './store/store.ts'
import type { Store } from './store/store-types.ts'
import { StreamHub } from './stream/stream-hub.ts'

export interface CoreOptions {
  readonly config: Config
  readonly logger: Logger
  readonly headless: boolean
  readonly migrationsFolder: string
  readonly startChildProcess: StartChildProcess
  /** Wraps the store that the modules get, for tests: to let writes wait for each other. */
  readonly aroundStore?: (store: Store) => Store
}

/** An open database, and what every module is given. */
export interface OpenCore {
  readonly core: Core
  readonly sqlite: SqliteStore
  /** The store of `core`, as the guard asks it: it knows which audit records were written. */
  readonly trackingStore: AuditTrackingStore
}

/** Opens the database, and what every module is given. Throws with a message for the person who starts the desk. */
export async function openCore(options: CoreOptions): Promise<OpenCore> {
  const { config, logger, headless, migrationsFolder, startChildProcess } = options
  const clock = systemClock
  const bus = new Bus((fact, error) => logger.for('bus').error('a listener failed', { fact, error }))
  const keyring = openKeyring(config)
  const sqlite = openStore({ ...config.db, clock, keyring, logger, migrationsFolder, startChildProcess })
  const trackingStore = new AuditTrackingStore(options.aroundStore?.(sqlite) ?? sqlite, clock)
  const { feed } = sqlite
  const core: Core = {
    config,
    logger,
    clock,
    metrics: new Metrics(),
    bus,
    hub: new StreamHub(randomBytes(6).toString('hex')),
    health: new PartsHealth(bus),
    keyring,
    store: trackingStore,
    jobs: new JobQueue({ store: trackingStore, feed, clock, keyring, logger: logger.for('jobs') }),
    feed,
    startChildProcess,
    deskId: await loadDeskId(trackingStore),
    headless,
  }
  return { core, sqlite, trackingStore }
}
