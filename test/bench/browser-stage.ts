import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import type { Browser, Page } from '@playwright/test'
import { build } from 'esbuild'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerOptions, ReceiverOptions } from '../alta-simulator/options.ts'

/** A browser with the benchmark page, and an Alta whose channels anybody may watch. */
export interface BrowserStage {
  readonly page: Page
  readonly alta: AltaServerHandle
  /** WHEP address of a channel. */
  whepUrl(channel: string): string
  /** HLS address of a channel. */
  hlsUrl(channel: string): string
  close(): Promise<void>
}

const html =
  '<!doctype html><meta charset="utf-8"><title>bench</title><div id="stages"></div><script type="module" src="/page.js"></script>'

/** Serves the bundled page on loopback, starts Alta with these receivers (one public channel each) and the browser. */
export async function openBrowserStage(
  receivers: readonly ReceiverOptions[],
  options: Pick<AltaServerOptions, 'segmentSeconds'> = {},
): Promise<BrowserStage> {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'page/bench-page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    splitting: false,
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  const script = bundled.outputFiles[0]?.text ?? ''
  const web = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : html)
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  const alta = await startAltaServer({
    name: 'bench',
    receivers: [...receivers],
    alwaysEncode: true,
    allowOrigin: [origin],
    ...options,
    channels: Object.fromEntries(
      receivers.map(({ id }) => [id, { enable: true, name: id, variants: { main: { receiver: id } } }]),
    ),
  })
  const browser = await launch()
  const page = await browser.newPage()
  await page.goto(origin)
  await page.waitForFunction(() => 'altaBench' in window)
  return {
    page,
    alta,
    whepUrl: (channel) => `${alta.ottUrl}/${channel}/whep`,
    hlsUrl: (channel) => `${alta.ottUrl}/${channel}/index.m3u8`,
    close: async () => {
      await browser.close()
      await alta.dispose()
      web.close()
    },
  }
}

function launch(): Promise<Browser> {
  return chromium.launch({
    ...(process.env.ALTA_DESK_CHROMIUM ? { executablePath: process.env.ALTA_DESK_CHROMIUM } : {}),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
}
