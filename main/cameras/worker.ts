import type { Bus } from '../platform/bus.ts'
import type { Service } from '../platform/lifecycle.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { Store } from '../store/store-types.ts'
import type { CameraStatusRegistry } from './camera-status-registry.ts'
import type { PendingOperations } from './pending-operations.ts'
import { allCameras } from './queries.ts'

export interface CamerasWorkerOptions {
  readonly store: Store
  readonly registry: ServerRegistry
  readonly statuses: CameraStatusRegistry
  readonly operations: PendingOperations
  readonly bus: Bus
}

/**
 * Follows the rounds over the servers: judges their cameras, and tries again what is left to do on a server that
 * answers. Starts before the fleet, so that it misses no round.
 */
export function camerasWorker({ store, registry, statuses, operations, bus }: CamerasWorkerOptions): Service {
  const disposables: (() => void)[] = []
  return {
    name: 'cameras',
    async start() {
      for (const row of await store.read(allCameras)) statuses.put(row)
      const onPolled = (serverId: string): void => {
        const connection = registry.connection(serverId)
        if (connection?.state.reached && !connection.state.problem) void operations.retryOn(serverId)
      }
      disposables.push(
        registry.onChanged((serverId) => statuses.refresh(serverId)),
        registry.onPolled(onPolled),
        bus.subscribe('server.removed', ({ serverId }) => statuses.dropServer(serverId)),
      )
    },
    stop() {
      for (const end of disposables) end()
    },
  }
}
