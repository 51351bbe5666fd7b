// The page of the browser benchmarks: our player and a peer side by side, driven from outside through `window`.
import { WebRTCPlayer } from '@eyevinn/webrtc-player'
import Hls from 'hls.js'
import type { LiveSource } from '../../../shared/contract/live.ts'
import { PictureWitness } from '../../../renderer/player/picture-witness.ts'
import { createWallPlayer } from '../../../renderer/player/wall-player.ts'
import type { TilePlayer, WallCounters, WallPlayer } from '../../../renderer/player/player-types.ts'
import { WhepFrameSizes } from '../../../renderer/player/whep/frame-sizes.ts'

/** Times are milliseconds since the epoch with fractions, comparable with Date.now() on the same machine. */
export interface FirstFrame {
  readonly startedAt: number
  readonly frameAt: number
}

/** One HLS player so far: its delay behind the camera's clock, and how often it ran dry since its first frame. */
export interface HlsFigures {
  readonly delayMs: number | null
  readonly stalls: number
}

export interface BenchPage {
  /** Starts one more HLS player, ours or hls.js as it comes. */
  startHls(player: 'ours' | 'hls.js', url: string): void
  /** All that were started, in order. */
  hlsFigures(): HlsFigures[]
  /** Ends all of them. */
  endHls(): void
  playOurs(url: string): Promise<FirstFrame>
  playPeer(url: string): Promise<FirstFrame>
  /** Opens a wall of small tiles; resolves with the first frame of each, or rejects after `timeoutMs`. */
  openWall(urls: readonly string[], timeoutMs: number): Promise<FirstFrame[]>
  wallCounters(): WallCounters | null
  /** Ends whatever plays; resolves when nothing is in flight any more, with what the wall still held. */
  closeAll(): Promise<WallCounters | null>
  /** When the picture last moved, and when our tile first noticed and said that it does not. */
  watch(): { lastFrameAt: number; stalledAt: number | null; staleAt: number | null }
  /** From now on each look of the witness of unchanging pictures is made so many times more, so that its cost can be seen. */
  repeatWitness(times: number): void
  /** How many tiles say that their picture is not changing. */
  unchangingTiles(): number
  /** Resolves with the time of the first frame drawn after `afterAt`; null when `timeoutMs` passes. */
  frameAfter(afterAt: number, timeoutMs: number): Promise<number | null>
}

const stageFolder = document.getElementById('stages') ?? document.body
let wall: WallPlayer | null = null
let peer: WebRTCPlayer | null = null
let lastFrameAt = 0
let stalledAt: number | null = null
let staleAt: number | null = null
let openedTiles: TilePlayer[] = []
let waiting: { afterAt: number; resolve: (at: number) => void }[] = []

const hlsPlayers: { stats: () => HlsFigures; end: () => void }[] = []

const page: BenchPage = {
  startHls,
  hlsFigures: () => hlsPlayers.map(({ stats }) => stats()),
  endHls: () => {
    for (const { end } of hlsPlayers.splice(0)) end()
  },
  playOurs,
  playPeer,
  openWall,
  wallCounters: () => wall?.counters() ?? null,
  closeAll,
  watch,
  frameAfter,
  repeatWitness,
  unchangingTiles: () => openedTiles.filter((tile) => tile.state.unchanging).length,
}
Object.assign(window, { altaBench: page })

function now(): number {
  return performance.timeOrigin + performance.now()
}

function frameDrawn(): void {
  lastFrameAt = now()
  stalledAt = null
  staleAt = null
  for (const one of waiting.filter(({ afterAt }) => lastFrameAt > afterAt)) one.resolve(lastFrameAt)
  waiting = waiting.filter(({ afterAt }) => lastFrameAt <= afterAt)
}

/** Reports every drawn frame of every video below `element`, also of videos that come later. */
function watchFrames(element: HTMLElement, onFrame: () => void): void {
  const watched = new WeakSet<HTMLVideoElement>()
  const watchVideos = (): void => {
    for (const video of element.querySelectorAll('video')) {
      if (watched.has(video)) continue
      watched.add(video)
      const next = (): void => {
        onFrame()
        video.requestVideoFrameCallback(next)
      }
      video.requestVideoFrameCallback(next)
    }
  }
  new MutationObserver(watchVideos).observe(element, { childList: true, subtree: true })
  watchVideos()
}

function stage(): HTMLElement {
  const element = document.createElement('div')
  element.style.cssText = 'position:relative;width:320px;height:180px;display:inline-block'
  stageFolder.append(element)
  return element
}

function sourceOf(url: string, cameraId: string): LiveSource {
  return {
    cameraId,
    serverId: new URL(url).host,
    kind: url.includes('.m3u8') ? 'hls' : 'whep',
    variant: 'main',
    url,
    codec: 'h264',
    width: null,
    height: null,
    pageAllowed: true,
  }
}

function wallOver(urls: ReadonlyMap<string, string>): WallPlayer {
  return createWallPlayer({
    openTickets: (cameraIds) =>
      Promise.resolve({
        sources: cameraIds.flatMap((id) => {
          const url = urls.get(id)
          return url ? [sourceOf(url, id)] : []
        }),
        expiresAt: Date.now() + 60_000,
      }),
  })
}

function playOurs(url: string): Promise<FirstFrame> {
  const element = stage()
  return new Promise((resolve) => {
    let startedAt = 0
    let first = true
    watchFrames(element, () => {
      frameDrawn()
      if (!first) return
      first = false
      resolve({ startedAt, frameAt: lastFrameAt })
    })
    startedAt = now()
    wall = wallOver(new Map([['camera', url]]))
    const tile = wall.addTile({ cameraId: 'camera', stage: element, size: 'large' })
    watchTile(tile)
  })
}

/** Counts how often a video below `element` waits for data after its first frame. */
function watchStalls(element: HTMLElement): () => number {
  let stalls = 0
  let drawn = false
  watchFrames(element, () => (drawn = true))
  // The event does not bubble, but it can be captured.
  element.addEventListener('waiting', () => (stalls += drawn ? 1 : 0), { capture: true })
  return () => stalls
}

function startHls(player: 'ours' | 'hls.js', url: string): void {
  const element = stage()
  const stalls = watchStalls(element)
  if (player === 'ours') {
    const own = wallOver(new Map([['camera', url]]))
    const tile = own.addTile({ cameraId: 'camera', stage: element, size: 'large' })
    hlsPlayers.push({
      stats: () => ({ delayMs: tile.state.delayMs, stalls: stalls() }),
      end: () => own.close(),
    })
    return
  }
  const video = document.createElement('video')
  video.muted = true
  element.append(video)
  const hls = new Hls()
  hls.loadSource(url)
  hls.attachMedia(video)
  hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play())
  hlsPlayers.push({
    stats: () => ({
      delayMs: hls.playingDate ? Date.now() - hls.playingDate.getTime() : null,
      stalls: stalls(),
    }),
    end: () => hls.destroy(),
  })
}

function watchTile(tile: TilePlayer): void {
  tile.subscribe((state) => {
    const unwell = ['stalled', 'retry-wait', 'connecting', 'no-signal'].includes(state.phase)
    if (lastFrameAt > 0 && unwell) stalledAt ??= now()
    if (lastFrameAt > 0 && state.stale) staleAt ??= now()
  })
}

function playPeer(url: string): Promise<FirstFrame> {
  const element = stage()
  const video = document.createElement('video')
  video.muted = true
  video.autoplay = true
  video.playsInline = true
  video.style.cssText = 'width:100%;height:100%'
  element.append(video)
  return new Promise((resolve) => {
    let startedAt = 0
    let first = true
    watchFrames(element, () => {
      frameDrawn()
      if (!first) return
      first = false
      resolve({ startedAt, frameAt: lastFrameAt })
    })
    startedAt = now()
    // No STUN: ours asks none either, and a lookup that cannot succeed would only slow the peer.
    peer = new WebRTCPlayer({ video, type: 'whep', iceServers: [], statsTypeFilter: '^inbound-rtp$' })
    void peer.load(new URL(url))
  })
}

function openWall(urls: readonly string[], timeoutMs: number): Promise<FirstFrame[]> {
  const byId = new Map(urls.map((url, index) => [`camera-${index}`, url]))
  const startedAt = now()
  const opened = wallOver(byId)
  wall = opened
  const firstFrames = [...byId.keys()].map((cameraId) => {
    const element = stage()
    return new Promise<FirstFrame>((resolve) => {
      let first = true
      watchFrames(element, () => {
        if (first) resolve({ startedAt, frameAt: now() })
        first = false
      })
      openedTiles.push(opened.addTile({ cameraId, stage: element, size: 'small' }))
    })
  })
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('not every tile drew a frame in time')), timeoutMs)
  })
  return Promise.race([Promise.all(firstFrames), late])
}

async function closeAll(): Promise<WallCounters | null> {
  const closing = wall
  closing?.close()
  await closing?.settled()
  if (peer) await peer.unload().catch((error: unknown) => console.warn('the peer did not unload', error))
  peer?.removeAllListeners()
  peer = null
  wall = null
  lastFrameAt = 0
  stalledAt = null
  staleAt = null
  waiting = []
  openedTiles = []
  stageFolder.replaceChildren()
  return closing?.counters() ?? null
}

const lookAtPixels = PictureWitness.prototype.look
const lookAtSizes = WhepFrameSizes.prototype.look

function repeatWitness(times: number): void {
  PictureWitness.prototype.look = async function (picture): Promise<void> {
    let reads = 0
    const readStrips = (): ReturnType<typeof picture.readStrips> => {
      reads += 1
      return picture.readStrips()
    }
    await lookAtPixels.call(this, { ...picture, readStrips })
    // Where this look read strips, each of the others does, and compares them.
    const repeated = reads > 0 ? picture : { ...picture, sameSizeMs: 0 }
    const other = new PictureWitness()
    for (let time = 0; time < times; time += 1) {
      await lookAtPixels.call(other, { ...repeated, now: picture.now + time * 2000 })
    }
  }
  WhepFrameSizes.prototype.look = function (now, received): void {
    lookAtSizes.call(this, now, received)
    const other = new WhepFrameSizes()
    for (let time = 0; time < times; time += 1) lookAtSizes.call(other, now, received)
  }
}

function watch(): { lastFrameAt: number; stalledAt: number | null; staleAt: number | null } {
  return { lastFrameAt, stalledAt, staleAt }
}

function frameAfter(afterAt: number, timeoutMs: number): Promise<number | null> {
  if (lastFrameAt > afterAt) return Promise.resolve(lastFrameAt)
  return new Promise((resolve) => {
    waiting.push({ afterAt, resolve })
    setTimeout(() => resolve(null), timeoutMs)
  })
}
