import type { ServerState } from '../../shared/domain/statuses.ts'
import type { Core, Module } from '../module.ts'
import { CallbackCheck } from './callback-check.ts'
import { ServerMaintenance } from './maintenance.ts'
import { ownOrigins } from './own-origins.ts'
import { PageOrigins } from './page-origins.ts'
import { serversProcedures } from './procedures.ts'
import { ServerRegistry } from './server-registry.ts'
import { defaultWatchTimes } from './server-watch.ts'
import { ServersService } from './service.ts'
import { openServerTopics } from './stream-topics.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    'server.added': { serverId: string }
    'server.changed': { serverId: string; state: ServerState; returned: boolean }
    'server.removed': { serverId: string }
    /** The addresses that Alta servers stream from have changed. */
    'stream-origins.changed': Record<never, never>
  }
}

export interface ServersUses {
  /** The origin of the desktop's own pages; null on a headless desk. */
  readonly desktopOrigin: string | null
  /** The port of the LAN listener; null while it is off. */
  readonly httpPort: () => number | null
}

export interface Servers extends Module {
  readonly registry: ServerRegistry
  readonly maintenance: ServerMaintenance
  readonly pageOrigins: PageOrigins
}

/** Alta servers: their connections, what of ours is on them, and from where their pages may be opened. */
export function openServers(core: Core, { desktopOrigin, httpPort }: ServersUses): Servers {
  const { config, store, jobs, bus, clock, deskId } = core
  const { publicUrl } = config
  const { statusIntervalMs: statusMs, driftIntervalMs: driftMs } = config.alta
  const { tlsEnabled, allowedOrigins } = config.http
  const times = { ...defaultWatchTimes, statusMs, driftMs }
  const logger = core.logger.for('servers')
  const registry = new ServerRegistry({ ...core, logger: core.logger.for('alta'), publicUrl, times })
  const options = {
    store,
    registry,
    jobs,
    bus,
    clock,
    deskId,
    publicUrl,
    logger,
    allowedOrigins,
    desktopOrigin,
  }
  const maintenance = new ServerMaintenance({ store, registry, deskId, logger })
  const pageOrigins = new PageOrigins({
    store,
    registry,
    maintenance,
    clock,
    logger,
    ownOrigins: () => ownOrigins({ port: httpPort(), tlsEnabled, publicUrl, allowedOrigins }),
  })
  openServerTopics({ ...core, streamOrigins: () => registry.streamOrigins() })
  return {
    procedures: { servers: serversProcedures(new ServersService(options), pageOrigins) },
    services: [new CallbackCheck({ store, registry, maintenance, bus, clock, logger })],
    sources: [registry],
    registry,
    maintenance,
    pageOrigins,
  }
}
