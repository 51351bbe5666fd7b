import { onScopeDispose } from 'vue'
import { blockedAddress } from './blocked-address.ts'
import { desk } from '../../app/client.ts'
import { onDeskMessage } from '../../app/desk-feed.ts'
import { showsWall } from '../../app/wall-on-screen.ts'
import { createWallPlayer } from '../../player/wall-player.ts'
import type { WallPlayer } from '../../player/player-types.ts'

declare global {
  interface Window {
    /** What the wall on this page holds; tests and the bench read it. Null while no wall is open. */
    altaDeskWallCounters?: () => ReturnType<WallPlayer['counters']> | null
  }
}

/** The player of the wall on this page; it ends with the component that made it. */
export function useWallPlayer() {
  const player = createWallPlayer({
    openTickets: async (cameraIds) => {
      const answer = await desk.live.openMany({ cameraIds })
      blockedAddress.value = answer.blockedOrigin ?? null
      return answer
    },
  })
  const stop = onDeskMessage((message) => {
    if (message.type === 'server.changed' && message.returned) player.serverReturned(message.serverId)
  })

  window.altaDeskWallCounters = () => player.counters()
  const stopShowing = showsWall(player)
  onScopeDispose(() => {
    stop()
    stopShowing()
    player.close()
  })

  return player
}
