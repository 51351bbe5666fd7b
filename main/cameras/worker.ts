import type { Bus } from '../platform/bus.ts'
import type { Part } from '../platform/lifecycle.ts'
import type { Fleet } from '../servers/fleet.ts'
import type { Store } from '../store/store-types.ts'
import type { CameraBoard } from './camera-board.ts'
import type { Intents } from './intents.ts'
import { allCameras } from './queries.ts'

export interface CamerasWorkerOptions {
  readonly store: Store
  readonly fleet: Fleet
  readonly board: CameraBoard
  readonly intents: Intents
  readonly bus: Bus
}

/**
 * Follows the rounds over the servers: judges their cameras, and settles what an earlier run left half done. Starts
 * before the fleet, so that it misses no round.
 */
export function camerasWorker({ store, fleet, board, intents, bus }: CamerasWorkerOptions): Part {
  const endings: (() => void)[] = []
  return {
    name: 'cameras',
    async start() {
      await intents.start()
      for (const row of await store.read(allCameras)) board.put(row)
      const onLooked = (serverId: string): void => {
        const link = fleet.link(serverId)
        if (link?.state.reached && !link.state.problem) void intents.settle(link)
      }
      endings.push(
        fleet.onChanged((serverId) => board.refresh(serverId)),
        fleet.onLooked(onLooked),
        bus.subscribe('server.removed', ({ serverId }) => board.dropServer(serverId)),
      )
    },
    stop() {
      for (const end of endings) end()
    },
  }
}
