import { openBrowserStage } from './browser-stage.ts'
import type { BrowserStage } from './browser-stage.ts'
import { limitRow, quantile } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'
import type { BenchPage } from './page/bench-page.ts'

const tiles = 16
const timeoutMs = 20_000
const leakRounds = 50
const receivers = Array.from({ length: tiles }, (_, index) => ({
  id: `cam-${index + 1}-sub`,
  name: `Camera ${index + 1}`,
  width: 320,
  height: 180,
  fps: 25,
}))

/** A wall of 16 sub streams: how soon it plays, how politely it asks, and that nothing is left when it closes. */
export const wallOf16: Bench = {
  name: 'wall-of-16',
  async run(): Promise<BenchRow[]> {
    const stage = await openBrowserStage(receivers)
    try {
      const urls = receivers.map(({ id }) => stage.whepUrl(id))
      await open(stage, urls)
      await close(stage)
      const opened = await open(stage, urls)
      const left = await close(stage)
      const leaked = await leakAfter(stage, urls.slice(0, 4))
      return [
        limitRow('wall of 16: first frames, p95', 'ms', quantile(opened.firstFramesMs, 0.95), 3_000),
        limitRow('wall of 16: POSTs in flight at most', 'POSTs', opened.postsInFlightMax, 6),
        limitRow('wall of 16 closed: connections, timers, listeners, sessions left', 'objects', left, 0),
        limitRow(`${leakRounds} openings: objects left`, 'objects', leaked, 0),
      ]
    } finally {
      await stage.close()
    }
  },
}

async function open(
  stage: BrowserStage,
  urls: readonly string[],
): Promise<{ firstFramesMs: number[]; postsInFlightMax: number }> {
  const frames = await stage.page.evaluate(
    ({ addresses, timeout }) =>
      (window as unknown as { altaBench: BenchPage }).altaBench.openWall(addresses, timeout),
    { addresses: [...urls], timeout: timeoutMs },
  )
  const counters = await stage.page.evaluate(() =>
    (window as unknown as { altaBench: BenchPage }).altaBench.wallCounters(),
  )
  return {
    firstFramesMs: frames.map(({ startedAt, frameAt }) => frameAt - startedAt),
    postsInFlightMax: counters?.postsInFlightMax ?? Infinity,
  }
}

/** What is left in the page and, as sessions, on Alta. */
async function close(stage: BrowserStage): Promise<number> {
  const left = await stage.page.evaluate(() =>
    (window as unknown as { altaBench: BenchPage }).altaBench.closeAll(),
  )
  if (!left) return Infinity
  const inPage =
    left.peerConnections + left.hlsPlayers + left.videos + left.timers + left.listeners + left.postsInFlight
  return inPage + stage.alta.sessions().filter(({ protocol }) => protocol === 'whep').length
}

async function leakAfter(stage: BrowserStage, urls: readonly string[]): Promise<number> {
  let left = 0
  for (let round = 0; round < leakRounds; round += 1) {
    await open(stage, urls)
    left += await close(stage)
  }
  return left
}
