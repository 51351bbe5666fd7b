import { onScopeDispose, reactive } from 'vue'
import type { ServerState } from '../../../shared/domain/statuses.ts'
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
  const player = createWallPlayer({ openTickets: (cameraIds) => desk.live.openMany({ cameraIds }) })
  const unavailable = reactive(new Set<string>())
  const stop = onDeskMessage((message) => {
    if (message.type !== 'server.changed') return
    noteServer(message.serverId, message.state)
    if (message.returned) player.serverReturned(message.serverId)
  })

  function noteServer(serverId: string, state: ServerState): void {
    if (state === 'unavailable') unavailable.add(serverId)
    else unavailable.delete(serverId)
  }

  window.altaDeskWallCounters = () => player.counters()
  const stopShowing = showsWall(player)
  onScopeDispose(() => {
    stop()
    stopShowing()
    player.close()
  })

  return {
    player,
    /** False while the desk itself cannot ask the server: what it last heard of the cameras then proves nothing. */
    isServerKnown: (serverId: string) => !unavailable.has(serverId),
  }
}
