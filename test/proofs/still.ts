import { chromium } from '@playwright/test'
import type { Page } from '@playwright/test'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { scenes } from '../alta-simulator/media/scenes.ts'
import type {} from '../e2e/player-page/page.ts'
import { servePlayerPage } from '../e2e/player-page/serve-player-page.ts'
import type { LiveSource } from '../../shared/contract/live.ts'
import type { Proof } from './proof.ts'

/** The pictures in which nothing happens; each is played by both protocols from one receiver. */
const quietScenes = scenes.filter((scene) => scene !== 'test-card')
const protocols = ['whep', 'hls'] as const
/** Small pictures: the proof is about sizes and pixels, and leaves the machine to others. */
const picture = { width: 320, height: 180, fps: 10 }
/** Only seconds in which a tile plays count. A busy machine may interrupt one; so much longer is waited for it at most. */
const patience = 1.25
/** 15 s, the second of the wall's look, and what a busy machine adds; a picture by HLS is behind by its delay as well. */
const alarmWithinMs = 17_500
const alarmTimeoutMs = 90_000
const openTimeoutMs = 120_000

interface Tile {
  readonly id: string
  readonly scene: string
  readonly protocol: (typeof protocols)[number]
}

const tiles: readonly Tile[] = quietScenes.flatMap((scene) =>
  protocols.map((protocol) => ({ id: `${scene}-${protocol}`, scene, protocol })),
)

/**
 * Four scenes in which nothing happens play for `count` minutes side by side in a browser, by WHEP and by HLS, from a server
 * without status: none may be called "not changing". Then each receiver freezes: every tile must say so.
 */
export const still: Proof = {
  name: 'still',
  defaultCount: 30,
  counts: 'minutes',
  async run(count) {
    const alta = await startAltaServer({
      name: 'still',
      allowOrigin: ['*'],
      receivers: quietScenes.map((scene) => ({ id: scene, scene, ...picture })),
      channels: Object.fromEntries(
        quietScenes.map((scene) => [
          scene,
          { enable: true, name: scene, variants: { main: { receiver: scene } } },
        ]),
      ),
    })
    const served = await servePlayerPage()
    const browser = await chromium.launch({
      ...(process.env.ALTA_DESK_CHROMIUM ? { executablePath: process.env.ALTA_DESK_CHROMIUM } : {}),
      args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
    })
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
      await page.goto(`http://127.0.0.1:${served.port}/`)
      await openTiles(page, alta)
      const quiet = await watchQuietly(page, count)
      const alarms = await freezeAll(page, alta)
      const failures = [...quiet.failures, ...alarms.failures, ...alta.problems()]
      return { claim: `${quiet.claim}; ${alarms.claim}`, tries: tiles.length, failures }
    } finally {
      await browser.close()
      await served.close()
      await alta.dispose()
    }
  },
}

function sourceOf(alta: AltaServerHandle, { id, scene, protocol }: Tile): LiveSource {
  const path = protocol === 'whep' ? 'whep?token=t&variant=main' : 'index.m3u8?token=t'
  const url = `${alta.ottUrl}/${scene}/${path}`
  const unknown = { width: null, height: null, pageAllowed: null }
  return {
    cameraId: id,
    serverId: alta.name,
    kind: protocol,
    variant: 'main',
    url,
    codec: 'h264',
    ...unknown,
  }
}

async function openTiles(page: Page, alta: AltaServerHandle): Promise<void> {
  const sources = tiles.map((tile) => sourceOf(alta, tile))
  await page.evaluate((all) => {
    window.player.sources = all
    for (const { cameraId } of all) window.player.add(cameraId)
  }, sources)
  const ids = tiles.map(({ id }) => id)
  await page.waitForFunction((all) => all.every((id) => window.player.state(id).phase === 'playing'), ids, {
    timeout: openTimeoutMs,
  })
}

/** What happened on one tile. */
interface Watched {
  readonly playingSeconds: number
  readonly alarms: number
}

async function watchQuietly(page: Page, minutes: number): Promise<{ claim: string; failures: string[] }> {
  const seconds = minutes * 60
  const ids = tiles.map(({ id }) => id)
  const watched = await page.evaluate(watchTiles, { ids, seconds, mostSeconds: seconds * patience })
  const failures = ids.flatMap((id) => {
    const { playingSeconds = 0, alarms = 1 } = watched[id] ?? {}
    return [
      ...(alarms > 0 ? [`${id}: ${alarms} false alarms in ${minutes} minutes`] : []),
      ...(playingSeconds < seconds ? [`${id}: played for only ${playingSeconds} of ${seconds} s`] : []),
    ]
  })
  const alarms = Object.values(watched).reduce((sum, one) => sum + one.alarms, 0)
  const scenesWatched = `${quietScenes.length} quiet scenes by WHEP and HLS`
  return { claim: `${scenesWatched}, ${minutes} min of playing each: ${alarms} false alarms`, failures }
}

/**
 * Runs in the page: looks at every tile once a second, until each has played for so long, and counts how often one begins to
 * say "not changing".
 */
async function watchTiles({
  ids,
  seconds,
  mostSeconds,
}: {
  ids: string[]
  seconds: number
  mostSeconds: number
}): Promise<Record<string, Watched>> {
  const counts = new Map(ids.map((id) => [id, { playingSeconds: 0, alarms: 0 }]))
  for (const id of ids) {
    let before = false
    window.player.tile(id).subscribe(({ unchanging }) => {
      const count = counts.get(id)
      if (count && unchanging && !before) count.alarms += 1
      before = unchanging
    })
  }
  for (let second = 0; second < mostSeconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    for (const [id, count] of counts) {
      if (window.player.state(id).phase === 'playing') count.playingSeconds += 1
    }
    if ([...counts.values()].every(({ playingSeconds }) => playingSeconds >= seconds)) break
  }
  return Object.fromEntries([...counts].map(([id, count]) => [id, { ...count }]))
}

async function freezeAll(page: Page, alta: AltaServerHandle): Promise<{ claim: string; failures: string[] }> {
  const waiting = page.evaluate(waitForAlarms, { ids: tiles.map(({ id }) => id), timeoutMs: alarmTimeoutMs })
  for (const scene of quietScenes) await alta.setFault('receiver-frozen', { receiver: scene })
  const found = await waiting
  const failures = tiles.flatMap(({ id }) => {
    const alarm = found[id]
    if (!alarm) return [`${id}: frozen, and no alarm in ${alarmTimeoutMs / 1000} s`]
    const withinMs = alarmWithinMs + alarm.delayMs
    return alarm.afterMs > withinMs ? [`${id}: alarm after ${alarm.afterMs} ms, not ${withinMs}`] : []
  })
  const longest = (protocol: Tile['protocol']): string => {
    const times = tiles
      .filter((tile) => tile.protocol === protocol)
      .map(({ id }) => found[id]?.afterMs ?? Infinity)
    return (Math.max(...times) / 1000).toFixed(1)
  }
  return {
    claim: `frozen, all say so after at most ${longest('whep')} s (WHEP), ${longest('hls')} s (HLS)`,
    failures,
  }
}

/** Runs in the page: how long each tile takes to say "not changing", and how far behind its picture was. */
async function waitForAlarms({
  ids,
  timeoutMs,
}: {
  ids: string[]
  timeoutMs: number
}): Promise<Record<string, { afterMs: number; delayMs: number } | null>> {
  const startedAt = performance.now()
  const delays = ids.map((id) => window.player.state(id).delayMs ?? 0)
  const alarms = ids.map(
    (id, index) =>
      new Promise<{ afterMs: number; delayMs: number } | null>((resolve) => {
        setTimeout(() => resolve(null), timeoutMs)
        window.player.tile(id).subscribe(({ unchanging }) => {
          const afterMs = Math.round(performance.now() - startedAt)
          if (unchanging) resolve({ afterMs, delayMs: Math.round(delays[index] ?? 0) })
        })
      }),
  )
  const all = await Promise.all(alarms)
  return Object.fromEntries(ids.map((id, index) => [id, all[index] ?? null]))
}
