import type { LiveAnswer, LiveSource } from '../../shared/contract/live.ts'
import type { VariantName } from '../../shared/domain/statuses.ts'

/** Small tiles play the sub stream where there is one, large ones the main stream. */
export type TileSize = 'small' | 'large'

/** Whether a picture is live, by what the server says of its source; a drawn frame proves nothing. */
export type PictureState = 'live' | 'lost' | 'unknown'

/** What the desk says of one stream of a camera. */
export interface VariantHealth {
  readonly state: PictureState
  /** Since when, milliseconds since the epoch by the page's clock. */
  readonly sinceAt: number
  /** False where this was the server's last word before it stopped responding, or the desk's before it was lost. */
  readonly isCurrent?: boolean
}

/** What the desk says of a camera's streams, null where it says nothing. */
export type CameraHealth = Readonly<Record<VariantName, VariantHealth | null>>

/**
 * What a tile is doing.
 *
 * - `idle`: added, nothing tried yet.
 * - `connecting`: asking for a ticket or negotiating; `first-frame-wait`: connected, no frame drawn yet.
 * - `playing`: the best source for this size draws frames; `fallback`: a lesser source draws frames and a better one
 *   is tried again behind the picture (see `reason` for why).
 * - `frozen`: frames may be drawn, but the server says that their source has stopped (see `setHealth`): the picture is old.
 * - `stalled`: frames stopped coming (noticed within 2 s); being repaired. `stale` turns true after 3 s.
 * - `retry-wait`: nothing plays; the next try is in `retryInMs`.
 * - `no-signal`: nothing is shown, and the server says that the camera sends nothing.
 * - `blocked`: the ticket was refused twice, or the camera is not this person's to see (`reason` tells which).
 * - `not-playable`: this browser plays none of the camera's codecs (see `unplayable`).
 * - `hidden`: stopped because nobody sees it; `closed`: over.
 */
export type TilePhase =
  | 'idle'
  | 'connecting'
  | 'first-frame-wait'
  | 'playing'
  | 'fallback'
  | 'frozen'
  | 'stalled'
  | 'retry-wait'
  | 'no-signal'
  | 'blocked'
  | 'not-playable'
  | 'hidden'
  | 'closed'

/** Why a tile is not (or not well) playing; the interface turns it into a sentence. */
export type TileReason =
  /** The desk did not answer the request for tickets. */
  | 'desk-unreachable'
  /** The desk left this camera out: it is gone, or not this person's to see. */
  | 'not-available'
  /** The Alta server's streaming port does not answer; it is probed and all its tiles start when it returns. */
  | 'server-unreachable'
  /** The server answers, but not to this page: its `allow_origin` lacks this page's address (see the server's drift). */
  | 'page-refused'
  /** Alta refused two fresh tickets. Tried again every 30 s. */
  | 'ticket-refused'
  /** The server has no WHEP for this camera now (404 or 405); when it is asked again: `ladder.ts`. */
  | 'whep-absent'
  /** 409: Alta has no picture of this camera yet. */
  | 'not-live-yet'
  /** 503 or another 5xx. */
  | 'server-busy'
  /** Any other refusal of the server. */
  | 'server-refused'
  /** No WebRTC connection came about: UDP blocked, or no route. */
  | 'no-connection'
  /** The connection was lost. */
  | 'connection-lost'
  /** Connected, but nothing arrives. */
  | 'no-data'
  /** Data arrives, but no frame can be drawn. */
  | 'no-frames'
  /** The browser's decoder gave up, or the codec is not one it plays. */
  | 'decoder-error'
  /** This browser plays none of the camera's codecs. */
  | 'codec-not-playable'
  /** Alta says that the receiver is stopped. */
  | 'receiver-stopped'

/** A source of the camera that this browser cannot play. */
export interface UnplayableSource {
  readonly kind: LiveSource['kind']
  readonly variant: LiveSource['variant']
  /** As Alta names it, e.g. `h265`. */
  readonly codec: string
}

/** Everything a tile shows. A new object for each change; every second while something is shown. */
export interface TileState {
  readonly cameraId: string
  readonly phase: TilePhase
  /** What is on the stage: a moving (or frozen) video, the last frame this page drew, or nothing. */
  readonly picture: 'video' | 'still' | 'none'
  /** Where that picture comes from; null when there is none. */
  readonly protocol: 'whep' | 'hls' | 'still' | null
  readonly variant: LiveSource['variant'] | null
  /** Whether the video on the stage is live; `unknown` where none is, too. */
  readonly pictureState: PictureState
  /**
   * Milliseconds since a new frame was last drawn, repeated ones of a stopped source not counted; null when none was since the
   * tile was added and no still is known.
   */
  readonly ageMs: number | null
  /** When that was, milliseconds since the epoch. */
  readonly lastFrameAt: number | null
  /** No new frame for 3 s or three frame intervals, whichever is longer: dim the picture and say it large. */
  readonly stale: boolean
  /**
   * Frames come, but nothing in them has changed for 15 s, by pixels and by encoded sizes, and no server says whether the
   * source is alive (`pictureState` is `unknown`). Never call it live; and do not call it frozen, for a scene may be quiet.
   */
  readonly unchanging: boolean
  /** Frames drop or packets are lost. */
  readonly weak: boolean
  /** Frames drawn a second, over the last seconds. */
  readonly framesPerSecond: number | null
  /** HLS only: how far behind the camera's clock the picture is. */
  readonly delayMs: number | null
  /** Size of the picture in pixels; null before the first frame. */
  readonly width: number | null
  readonly height: number | null
  /** Until the next try, where one is planned. */
  readonly retryInMs: number | null
  readonly reason: TileReason | null
  /** Sources that were passed over because this browser cannot play their codec: say it on the tile. */
  readonly unplayable: readonly UnplayableSource[]
  /** True once sound of the playing source has arrived. */
  readonly hasSound: boolean
  /** A second source is being tried behind the picture. */
  readonly trying: boolean
}

export interface TileOptions {
  readonly cameraId: string
  /**
   * An empty, positioned element. The player puts its `<video>`s and the canvas of the still into it (absolute, letterboxed)
   * and takes them out again; nothing else may be in it. Zoom and pan by transforming this element.
   */
  readonly stage: HTMLElement
  readonly size: TileSize
  /** Default true. */
  readonly visible?: boolean
  /** Default true. */
  readonly muted?: boolean
  /** What the desk says of the camera's streams, see `setHealth`. Default: nothing. */
  readonly health?: CameraHealth
}

/** One playing (or trying) camera. All methods may be called at any time, also after `close`. */
export interface TilePlayer {
  readonly cameraId: string
  readonly state: TileState
  /** Calls back at once with the present state and then on every change. Returns how to stop that. */
  subscribe(listener: (state: TileState) => void): () => void
  /** The old picture stays until the new one draws. */
  setSize(size: TileSize): void
  /** Scrolled out or covered: stops after 5 s, resumes at once. A hidden page is noticed by the player itself. */
  setVisible(visible: boolean): void
  /** Where the sub stream is silent, unmuting plays the main stream for its sound, until the tile is muted again. */
  setMuted(muted: boolean): void
  /**
   * What the desk says of the camera's streams. The picture of a lost one is frozen; the tile plays another one that is not
   * lost, and comes back. Where all are lost it does not thrash. Pass null where the desk does not know.
   */
  setHealth(health: CameraHealth): void
  /** Forgets backoff and verdicts and tries at once from the best source. */
  retryNow(): void
  /** The frame on screen, or the still, as a new canvas in full size; null when there is none. */
  capture(): HTMLCanvasElement | null
  /** Ends everything; the WHEP session is deleted. */
  close(): void
}

/** Where time and chance come from; replaced in tests. */
export interface PlayerClock {
  /** Monotonic milliseconds. */
  now(): number
  /** Milliseconds since the epoch. */
  wallNow(): number
  /** 0 <= n < 1. */
  random(): number
  setTimeout(callback: () => void, delayMs: number): number
  clearTimeout(id: number): void
}

export interface WallPlayerOptions {
  /**
   * Tickets for these cameras (`live.openMany`): one call for all tiles that start in the same moment, at most 100 ids.
   * Rejects when the desk cannot be reached; the tiles then try again.
   */
  readonly openTickets: (cameraIds: string[]) => Promise<LiveAnswer>
  /** Bugs and oddities worth a log line; never contains a ticket. Default: console.warn. */
  readonly log?: (message: string, detail?: unknown) => void
  /** Default: the browser's. */
  readonly clock?: PlayerClock
  /** WHEP POSTs in flight for the whole wall. Default 6. */
  readonly maxPosts?: number
}

/** What a wall holds right now; all but the last three are zero after `close()` and once `settled()` resolved. */
export interface WallCounters {
  readonly tiles: number
  readonly peerConnections: number
  readonly hlsPlayers: number
  readonly videos: number
  readonly timers: number
  readonly listeners: number
  readonly postsInFlight: number
  readonly deletesInFlight: number
  /** The most POSTs that were ever in flight at once. */
  readonly postsInFlightMax: number
  /** WHEP sessions a server granted, and DELETEs sent for them, since the wall was made. */
  readonly sessionsGranted: number
  readonly sessionsDeleted: number
}

/** The player of one wall; made by `createWallPlayer` of `wall-player.ts`. */
export interface WallPlayer {
  addTile(options: TileOptions): TilePlayer
  /** The server was away and is back (`server.changed` with `returned`): its tiles forget backoff and verdicts. */
  serverReturned(serverId: string): void
  /** True while any tile shows moving pictures. */
  isPlaying(): boolean
  /**
   * Whether anybody can see the window that the page is in. A desktop window that is minimised still counts as visible to
   * its page, which therefore has to be told.
   */
  setWindowSeen(seen: boolean): void
  counters(): WallCounters
  /** Closes all tiles. Requests in flight are seen to their end so that every session is deleted. */
  close(): void
  /** Resolves when nothing is in flight any more after `close()`. */
  settled(): Promise<void>
}
