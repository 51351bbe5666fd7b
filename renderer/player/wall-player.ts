import { Bulkhead } from './bulkhead.ts'
import { browserCodecs } from './codecs.ts'
import type { PlayableCodecs } from './codecs.ts'
import { browserClock, Ledger } from './ledger.ts'
import type { Scope } from './ledger.ts'
import type { TileOptions, TilePlayer, WallCounters, WallPlayer, WallPlayerOptions } from './player-types.ts'
import { headProbe, ServerGate } from './server-gate.ts'
import type { Reached } from './session.ts'
import { TicketDesk } from './ticket-desk.ts'
import { Ticker } from './ticker.ts'
import { StagedTile } from './tile-player.ts'
import { WhepRequests } from './whep/whep-requests.ts'
import type { WhepTraits } from './whep/whep-session.ts'

const MAX_POSTS = 6
/** Of the POSTs in flight at most so many go to one server: one that hangs must not hold up the others. */
const MAX_POSTS_OF_ONE_SERVER = 4

/** A map that makes what it is asked for. */
class Registry<T> {
  private readonly made = new Map<string, T>()
  private readonly make: () => T

  constructor(make: () => T) {
    this.make = make
  }

  get(key: string): T {
    const known = this.made.get(key)
    if (known !== undefined) return known
    const fresh = this.make()
    this.made.set(key, fresh)
    return fresh
  }

  values(): T[] {
    return [...this.made.values()]
  }
}

class Wall implements WallPlayer {
  private readonly ledger: Ledger
  private readonly scope: Scope
  private readonly bulkhead: Bulkhead
  private readonly requests: WhepRequests
  private readonly tickets: TicketDesk
  private readonly ticker: Ticker
  private readonly codecs: PlayableCodecs
  private readonly log: (message: string, detail?: unknown) => void
  private readonly gates: Registry<ServerGate>
  private readonly traits = new Registry<WhepTraits>(() => ({ iceServers: [], wholeOffer: false }))
  private readonly tiles = new Set<StagedTile>()
  private removeTick: (() => void) | null = null
  private windowSeen = true

  constructor(options: WallPlayerOptions) {
    this.log = options.log ?? ((message, detail) => console.warn(message, detail ?? ''))
    this.ledger = new Ledger(options.clock ?? browserClock)
    this.scope = this.ledger.scope()
    const maxPosts = options.maxPosts ?? MAX_POSTS
    this.bulkhead = new Bulkhead(maxPosts, Math.min(maxPosts, MAX_POSTS_OF_ONE_SERVER))
    this.requests = new WhepRequests(this.ledger, this.bulkhead, this.log)
    this.tickets = new TicketDesk(options.openTickets)
    this.ticker = new Ticker(this.ledger)
    this.codecs = browserCodecs()
    this.gates = new Registry(() => new ServerGate(this.ledger, headProbe))
    this.watchPage()
  }

  addTile(options: TileOptions): TilePlayer {
    if (this.scope.disposed) throw new Error('This wall is closed.')
    const tile = new StagedTile(options, {
      attempts: {
        ledger: this.ledger,
        requests: this.requests,
        tickets: this.tickets,
        traitsOf: (serverId) => this.traits.get(serverId ?? ''),
        reached: (serverId, url, outcome) => this.onReached(serverId, url, outcome),
        log: this.log,
      },
      codecs: this.codecs,
      gateOf: (serverId) => this.gates.get(serverId),
      onClose: (closed) => this.onTileClosed(closed),
      pageVisible: this.isSeen(),
    })
    this.tiles.add(tile)
    this.removeTick ??= this.ticker.add(() => this.onTick())
    return tile
  }

  serverReturned(serverId: string): void {
    for (const tile of this.tiles) if (tile.serverId === serverId || tile.serverId === null) tile.retryNow()
    // Last: what waits at the gate starts now, and only once.
    this.gates.get(serverId).open()
  }

  isPlaying(): boolean {
    return [...this.tiles].some(({ state }) => state.picture === 'video')
  }

  setWindowSeen(seen: boolean): void {
    this.windowSeen = seen
    this.tellTiles()
  }

  counters(): WallCounters {
    const { ledger, bulkhead, requests } = this
    return {
      tiles: this.tiles.size,
      peerConnections: ledger.count('peerConnections'),
      hlsPlayers: ledger.count('hlsPlayers'),
      videos: ledger.count('videos'),
      timers: ledger.count('timers'),
      listeners: ledger.count('listeners'),
      postsInFlight: bulkhead.inFlight,
      deletesInFlight: requests.deletesInFlight,
      postsInFlightMax: bulkhead.highestInFlight,
      sessionsGranted: requests.granted,
      sessionsDeleted: requests.deleted,
    }
  }

  close(): void {
    for (const tile of [...this.tiles]) tile.close()
    for (const gate of this.gates.values()) gate.close()
    this.scope.dispose()
  }

  settled(): Promise<void> {
    return this.requests.settled()
  }

  /** A hidden or minimised page stops its tiles after their grace; one that is left deletes its sessions now. */
  private watchPage(): void {
    this.scope.listen(document, 'visibilitychange', () => this.tellTiles())
    this.scope.listen(window, 'pagehide', () => {
      for (const tile of this.tiles) tile.setPageVisible(false, true)
    })
    this.scope.listen(window, 'pageshow', () => this.tellTiles())
  }

  private isSeen(): boolean {
    return this.windowSeen && document.visibilityState === 'visible'
  }

  private tellTiles(): void {
    for (const tile of this.tiles) tile.setPageVisible(this.isSeen())
  }

  private onTick(): void {
    for (const tile of [...this.tiles]) tile.tick()
  }

  private onTileClosed(tile: StagedTile): void {
    this.tiles.delete(tile)
    if (this.tiles.size > 0) return
    this.removeTick?.()
    this.removeTick = null
  }

  private onReached(serverId: string, url: string, outcome: Reached): void {
    const gate = this.gates.get(serverId)
    if (outcome === 'answered') gate.open()
    else if (!this.scope.disposed) gate.lost(url, outcome === 'timed-out')
  }
}

/** Makes the player of one wall; `close()` it when the wall goes. */
export function createWallPlayer(options: WallPlayerOptions): WallPlayer {
  return new Wall(options)
}
