import { openBrowserStage } from './browser-stage.ts'
import type { BrowserStage } from './browser-stage.ts'
import { limitRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'
import type { BenchPage } from './page/bench-page.ts'

const tiles = 25
const openTimeoutMs = 60_000
/** One look costs less than the decoders' CPU time wavers: it is made so many times more, every other window. */
const repeats = 300
const windowMs = 10_000
const windows = 3
/** Five cameras, each on five tiles: the encoders must leave the browser its core. */
const cameras = 5
const receivers = Array.from({ length: cameras }, (_, index) => ({
  id: `cam-${index + 1}`,
  name: `Camera ${index + 1}`,
  width: 640,
  height: 360,
  fps: 10,
}))

/**
 * What it costs to look whether pictures change, on one wall of 25 sub streams: while all live, and at its worst, while all
 * are frozen and pixels of every tile are read. CPU time of the page's process, side by side with the same wall in one run.
 */
export const pictureWitness: Bench = {
  name: 'picture-witness',
  async run(): Promise<BenchRow[]> {
    const stage = await openBrowserStage(receivers)
    try {
      await openWall(stage)
      const living = await cost(stage)
      const falseAlarms = await unchangingTiles(stage)
      await stage.alta.setFault('receiver-frozen', true)
      await stage.page.waitForFunction(
        (count) => (window as unknown as { altaBench: BenchPage }).altaBench.unchangingTiles() === count,
        tiles,
      )
      const frozen = await cost(stage)
      return [
        limitRow('picture witness, wall of 25 living', '% of a core', living, 1),
        limitRow('picture witness, wall of 25 frozen', '% of a core', frozen, 1),
        limitRow('living tiles of 25 called not changing', 'tiles', falseAlarms, 0),
      ]
    } finally {
      await stage.close()
    }
  },
}

async function openWall(stage: BrowserStage): Promise<void> {
  const addresses = Array.from({ length: tiles }, (_, index) => stage.whepUrl(`cam-${(index % cameras) + 1}`))
  await stage.page.evaluate(
    ({ urls, timeout }) => (window as unknown as { altaBench: BenchPage }).altaBench.openWall(urls, timeout),
    { urls: addresses, timeout: openTimeoutMs },
  )
}

function unchangingTiles(stage: BrowserStage): Promise<number> {
  return stage.page.evaluate(() =>
    (window as unknown as { altaBench: BenchPage }).altaBench.unchangingTiles(),
  )
}

/** Per cent of a core that one look a second of every tile costs. */
async function cost(stage: BrowserStage): Promise<number> {
  let plain = 0
  let repeated = 0
  for (let window = 0; window < windows; window += 1) {
    plain += await cpuShare(stage, 0)
    repeated += await cpuShare(stage, repeats)
  }
  return (repeated - plain) / windows / repeats
}

/** CPU time of the pages' processes, per cent of one core, while each look is made `times` times more. */
async function cpuShare(stage: BrowserStage, times: number): Promise<number> {
  await stage.page.evaluate(
    (count) => (window as unknown as { altaBench: BenchPage }).altaBench.repeatWitness(count),
    times,
  )
  const [before, startedAt] = [await cpuSeconds(stage), performance.now()]
  await stage.page.waitForTimeout(windowMs)
  const elapsed = (performance.now() - startedAt) / 1000
  return ((await cpuSeconds(stage)) - before) / elapsed / 0.01
}

async function cpuSeconds(stage: BrowserStage): Promise<number> {
  const browser = stage.page.context().browser()
  if (!browser) throw new Error('The page has no browser.')
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { cpuTime }) => sum + cpuTime, 0)
}
