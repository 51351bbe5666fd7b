/// <reference lib="dom" />
import { test as base } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { LiveSource } from '../../../shared/contract/live.ts'
import type { AltaServerOptions } from '../../alta-simulator/options.ts'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import type { PlayerPage } from './page.ts'
import { servePlayerPage } from './serve-player-page.ts'

declare global {
  interface Window {
    player: PlayerPage
  }
}

interface WorkerFixtures {
  /** Where the built page is served. */
  pageUrl: string
}

interface TestFixtures {
  /** One simulated Alta with `cameras` channels `cam-1`..., each with a main and a sub stream, open to everybody. */
  alta: AltaServerHandle
  altaOptions: AltaServerOptions
  cameras: number
  /** The page with the player, told of the sources of all cameras. */
  playerPage: Page
}

/** The camera's sources as the desk would answer them, best first. */
function sourcesOf(alta: AltaServerHandle, cameraId: string, pageOrigin: string): LiveSource[] {
  const allowed = alta.config.servers['ott']?.allow_origin ?? []
  const source = (kind: LiveSource['kind'], variant: LiveSource['variant']): LiveSource => ({
    cameraId,
    serverId: alta.name,
    kind,
    variant,
    url:
      kind === 'whep'
        ? `${alta.ottUrl}/${cameraId}/whep?token=t&variant=${variant}`
        : `${alta.ottUrl}/${cameraId}/index.m3u8?token=t`,
    codec: 'h264',
    width: null,
    height: null,
    pageAllowed: allowed.includes('*') || allowed.includes(pageOrigin),
  })
  return [source('whep', 'main'), source('whep', 'sub'), source('hls', 'main'), source('hls', 'sub')]
}

/** A server with so many cameras; small pictures, for two cores encode them all. */
function altaWith(cameras: number, options: AltaServerOptions = {}): AltaServerOptions {
  const numbers = Array.from({ length: cameras }, (_, index) => index + 1)
  return {
    name: 'alta',
    allowOrigin: ['*'],
    segmentSeconds: 1,
    receivers: numbers.flatMap((number) => [
      { id: `r-${number}`, width: 640, height: 360 },
      { id: `r-${number}-sub`, width: 320, height: 180 },
    ]),
    channels: Object.fromEntries(
      numbers.map((number) => [
        `cam-${number}`,
        {
          enable: true,
          name: `Camera ${number}`,
          variants: { main: { receiver: `r-${number}` }, sub: { receiver: `r-${number}-sub` } },
        },
      ]),
    ),
    ...options,
  }
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  pageUrl: [
    async ({}, use) => {
      const served = await servePlayerPage()
      // A plain-HTTP name that is no secure context, as a colleague on the LAN has it.
      await use(`http://desk.example:${served.port}/`)
      await served.close()
    },
    { scope: 'worker' },
  ],
  cameras: [1, { option: true }],
  altaOptions: [{}, { option: true }],
  alta: async ({ cameras, altaOptions }, use) => {
    const alta = await startAltaServer(altaWith(cameras, altaOptions))
    await use(alta)
    await alta.dispose()
  },
  playerPage: async ({ alta, cameras, page, pageUrl }, use) => {
    await page.goto(pageUrl)
    const { origin } = new URL(pageUrl)
    const sources = Array.from({ length: cameras }, (_, index) =>
      sourcesOf(alta, `cam-${index + 1}`, origin),
    ).flat()
    await page.evaluate((all) => (window.player.sources = all), sources)
    await use(page)
  },
})
export { expect } from '@playwright/test'

/**
 * How many sessions the server was asked to delete. (How a session ended tells less: the DTLS close that comes with it is often
 * quicker than the request.)
 */
export function deletes(alta: AltaServerHandle): number {
  return alta.requests().filter(({ method }) => method === 'DELETE').length
}

/** Waits until the tile's state is as asked; fails with its history. */
export async function untilState(
  page: Page,
  cameraId: string,
  wanted: Record<string, unknown>,
  timeoutMs = 20_000,
): Promise<void> {
  try {
    await page.waitForFunction(
      ([id, fields]) => {
        const state = Object.entries(window.player.state(id))
        return Object.entries(fields).every(([name, value]) =>
          state.some(([other, actual]) => other === name && actual === value),
        )
      },
      [cameraId, wanted] as const,
      { timeout: timeoutMs, polling: 20 },
    )
  } catch (error) {
    const seen = await page.evaluate(
      (id) => ({
        phases: window.player.phases(id),
        state: window.player.state(id),
        counters: window.player.wall.counters(),
      }),
      cameraId,
    )
    throw new Error(`${cameraId} did not become ${JSON.stringify(wanted)}: ${JSON.stringify(seen)}`, {
      cause: error,
    })
  }
}

/** Waits until the tile has played smoothly for a second: about as many frames as the camera sends. */
export async function untilSmooth(page: Page, cameraId: string): Promise<void> {
  await untilState(page, cameraId, { picture: 'video' })
  await page.waitForFunction((id) => (window.player.state(id).framesPerSecond ?? 0) > 20, cameraId, {
    timeout: 20_000,
    polling: 20,
  })
}
