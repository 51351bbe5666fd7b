/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { createWallPlayer } from '../../../renderer/player/wall-player.ts'
import type { TilePlayer, TileSize, TileState, WallPlayer } from '../../../renderer/player/player-types.ts'
import type { LiveSource } from '../../../shared/contract/live.ts'

/** What happened on a tile, in order, with the time of the page. */
interface Entry {
  at: number
  state: TileState
}

/** The hands of a test on a page that holds nothing but the player. */
export class PlayerPage {
  /** What the desk would answer for each camera; tests change it. */
  sources: LiveSource[] = []
  ticketCalls: string[][] = []
  ticketsFail = false
  readonly tiles = new Map<string, TilePlayer>()
  readonly history = new Map<string, Entry[]>()
  private wallPlayer: WallPlayer | null = null

  get wall(): WallPlayer {
    this.wallPlayer ??= createWallPlayer({
      openTickets: (cameraIds) => {
        this.ticketCalls.push(cameraIds)
        if (this.ticketsFail) return Promise.reject(new Error('The desk is away.'))
        const sources = this.sources.filter(({ cameraId }) => cameraIds.includes(cameraId))
        return Promise.resolve({ sources, expiresAt: Date.now() + 60_000 })
      },
    })
    return this.wallPlayer
  }

  add(cameraId: string, size: TileSize = 'small'): void {
    const stage = document.createElement('div')
    stage.className = 'stage'
    stage.dataset.camera = cameraId
    document.body.append(stage)
    const entries: Entry[] = []
    this.history.set(cameraId, entries)
    const tile = this.wall.addTile({ cameraId, stage, size })
    this.tiles.set(cameraId, tile)
    tile.subscribe((state) => entries.push({ at: performance.now(), state }))
  }

  tile(cameraId: string): TilePlayer {
    const tile = this.tiles.get(cameraId)
    if (!tile) throw new Error(`no tile of ${cameraId}`)
    return tile
  }

  state(cameraId: string): TileState {
    return this.tile(cameraId).state
  }

  phases(cameraId: string): string[] {
    const phases = (this.history.get(cameraId) ?? []).map(({ state }) => state.phase)
    return phases.filter((phase, index) => phase !== phases[index - 1])
  }

  remove(cameraId: string): void {
    this.tile(cameraId).close()
    this.tiles.delete(cameraId)
    document.querySelector(`[data-camera="${cameraId}"]`)?.remove()
  }

  async closeWall(): Promise<void> {
    const wall = this.wall
    wall.close()
    await wall.settled()
    this.wallPlayer = null
  }
}

declare global {
  interface Window {
    player: PlayerPage
  }
}

window.player = new PlayerPage()
