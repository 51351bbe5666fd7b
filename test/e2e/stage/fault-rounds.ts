/// <reference lib="dom" />
import type { Page } from '@playwright/test'
import type { FaultName } from '../../alta-simulator/faults.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import type { ReceiverOptions } from '../../alta-simulator/options.ts'
import { cameraPair, furnish, leaveWall, startStage } from './stage.ts'
import type { Stage } from './stage.ts'

/** A tile that claimed more than its picture showed. */
export interface FalseClaim {
  readonly camera: string
  readonly word: string
  /** `still`: it said Live over pixels that did not change for so long; `moving`: it said Frozen over pixels that did. */
  readonly picture: 'still' | 'moving'
  readonly forMs: number
}

/**
 * What a tile may say of a picture after it stopped or began to move: the status is up to 5 s old, must be on the tile
 * within 8 s of the fault, and is looked at twice a second. A source that returns while its server hangs is seen later: it
 * takes the desk two rounds to call a server away, and the page some seconds to believe the picture.
 */
const allowedMs = { still: 10_000, moving: 18_000 }
/** How long a fault is watched on tiles that were there before it, and on a page that is loaded during it. */
const watchedMs = { before: 21_000, during: 13_000 }

/** One tile for each state in which a fault can meet it; by HLS where its channel has no WHEP. */
const tiles = ['whep', 'hls'].flatMap((protocol) => [
  { id: `${protocol}-pair`, protocol, hasSub: true, stalledBefore: false },
  { id: `${protocol}-main`, protocol, hasSub: false, stalledBefore: false },
  { id: `${protocol}-stalled`, protocol, hasSub: true, stalledBefore: true },
])

/** A desk with one server and a wall on which each tile meets a fault in another state. */
export interface FaultStage {
  readonly stage: Stage
  readonly alta: AltaServerHandle
}

/** Small pictures: twelve encoders and a browser share two cores with whatever else runs. */
const picture: Partial<ReceiverOptions> = { width: 160, height: 90, fps: 5 }

export async function startFaultStage(): Promise<FaultStage> {
  const receivers = tiles.flatMap(({ id, hasSub }) =>
    cameraPair(id, id, picture)
      .slice(0, hasSub ? 2 : 1)
      .map((receiver) => ({ ...receiver, ...picture })),
  )
  const stage = await startStage([{ name: 'Harbour', receivers }])
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  const { cameras } = await furnish(
    stage,
    alta,
    tiles.map(({ id }) => id),
  )
  await leaveWall(stage, { layout: '9', tiles: [...cameras.map(({ id }) => id), null, null, null] })
  return { stage, alta }
}

/** Watches every tile of `page` from now on, over reloads; `found` is told each false claim once. */
export async function watchClaims(page: Page, found: (claim: FalseClaim) => void): Promise<void> {
  await page.exposeFunction('tellFalseClaim', found)
  await page.addInitScript(watchTiles, allowedMs)
}

/**
 * Puts one fault on all tiles: while they play (one of them just out of another fault), then on a page that is loaded while
 * it holds, then on a tile that is enlarged. Everything is well before and after.
 */
export async function runFaultRound(page: Page, { alta }: FaultStage, fault: FaultName): Promise<void> {
  await alta.clearFaults()
  const withoutWhep = tiles.filter(({ protocol }) => protocol === 'hls')
  for (const { id } of withoutWhep) await alta.setFault('whep-absent', { channel: `desk/${id}` })
  await page.reload()
  await untilLive(page)
  for (const { id } of tiles.filter(({ stalledBefore }) => stalledBefore))
    for (const receiver of [id, `${id}-sub`]) await alta.setFault('receiver-stalled', { receiver })
  await page.waitForFunction(
    () => document.querySelectorAll('[data-testid="tile"][data-stale="true"]').length >= 2,
  )
  await alta.clearFault('receiver-stalled')
  await alta.setFault(fault, true)
  await page.waitForTimeout(watchedMs.before)
  await page.reload()
  await page.waitForTimeout(watchedMs.during)
  await page.locator('[data-testid="tile"]').first().dblclick()
  await page.waitForTimeout(watchedMs.during / 2)
  await page.keyboard.press('Escape')
  await alta.clearFaults()
}

async function untilLive(page: Page): Promise<void> {
  await page.waitForFunction(
    (count) => document.querySelectorAll('[data-testid="tile"][data-word^="Live"]').length === count,
    tiles.length,
    { timeout: 90_000 },
  )
}

/** Runs in the page: compares twice a second what each tile says with the pixels of the picture in front. */
function watchTiles(allowed: { readonly still: number; readonly moving: number }): void {
  interface Seen {
    hash: number
    changedAt: number
    /** Since when the pixels have changed at least once every 1.5 s. */
    movingSince: number
    told: boolean
  }
  const seen = new Map<string, Seen>()
  const canvas = document.createElement('canvas')
  canvas.width = 80
  canvas.height = 45
  const drawing = canvas.getContext('2d', { willReadFrequently: true })
  const hashOf = (video: HTMLVideoElement): number => {
    if (!drawing || video.videoWidth === 0) return 0
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height)
    let hash = 7
    for (const value of drawing.getImageData(0, 0, canvas.width, canvas.height).data)
      hash = (Math.imul(hash, 31) + value) | 0
    return hash
  }
  const tell = (claim: unknown): void =>
    void (window as unknown as { tellFalseClaim(claim: unknown): void }).tellFalseClaim(claim)
  const judge = (tile: Element, now: number): void => {
    const camera = tile.getAttribute('data-camera-id')
    const word = tile.getAttribute('data-word') ?? ''
    if (camera === null) return
    const layer = (video: HTMLVideoElement): number => Number(video.style.zIndex)
    const [video] = [...tile.querySelectorAll('video')].sort((a, b) => layer(b) - layer(a))
    const hash = video ? hashOf(video) : 0
    const before = seen.get(camera) ?? { hash, changedAt: now, movingSince: now, told: false }
    const changed = hash !== before.hash
    const changedAt = changed ? now : before.changedAt
    const movingSince = now - before.changedAt > 1_500 ? now : before.movingSince
    const still = word.startsWith('Live') && now - changedAt > allowed.still
    const moving = word === 'Frozen' && now - changedAt < 1_500 && now - movingSince > allowed.moving
    if ((still || moving) && !before.told)
      tell({
        camera: tile.querySelector('[data-testid="tile-name"]')?.textContent ?? camera,
        word,
        picture: still ? 'still' : 'moving',
        forMs: Math.round(now - (still ? changedAt : movingSince)),
      })
    seen.set(camera, { hash, changedAt, movingSince, told: before.told || still || moving })
  }
  setInterval(() => {
    const now = performance.now()
    for (const tile of document.querySelectorAll('[data-testid="tile"]')) judge(tile, now)
  }, 500)
}
