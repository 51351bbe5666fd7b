import { openBrowserStage } from './browser-stage.ts'
import type { BrowserStage } from './browser-stage.ts'
import { limitRow, median, quantile, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'
import type { BenchPage } from './page/bench-page.ts'

const rounds = 5
const downMs = 5_000
/** The peer may need long, or never come back: then this is its time, and the ratio is an upper bound. */
const giveUpMs = 45_000
const receiver = { id: 'gate', name: 'Gate', width: 640, height: 360 }

interface Recovery {
  /** From the streaming port's return until a rendered frame. */
  readonly backMs: number
  readonly noticedMs: number | null
  readonly saidMs: number | null
}

/** Alta's streaming port is gone for 5 s: how soon that is noticed and said, and how soon a picture is back. */
export const ottRecovery: Bench = {
  name: 'ott-recovery',
  async run(): Promise<BenchRow[]> {
    const stage = await openBrowserStage([receiver])
    try {
      const ours: Recovery[] = []
      const theirs: Recovery[] = []
      for (let round = 0; round < rounds; round += 1) {
        ours.push(await outage(stage, 'playOurs'))
        theirs.push(await outage(stage, 'playPeer'))
      }
      const back = (all: readonly Recovery[]): number[] => all.map(({ backMs }) => backMs)
      const noticed = ours.map(({ noticedMs }) => noticedMs ?? Infinity)
      const said = ours.map(({ saidMs }) => saidMs ?? Infinity)
      return [
        ratioRow(
          'picture back after 5 s outage, median',
          'ms',
          median(back(ours)),
          '@eyevinn/webrtc-player',
          median(back(theirs)),
          { atMost: 0.5 },
        ),
        ratioRow(
          'picture back after 5 s outage, p95',
          'ms',
          quantile(back(ours), 0.95),
          '@eyevinn/webrtc-player',
          quantile(back(theirs), 0.95),
          {},
        ),
        limitRow('outage noticed, p95', 'ms', quantile(noticed, 0.95), 2_000),
        limitRow('outage said (FROZEN), p95', 'ms', quantile(said, 0.95), 3_100),
      ]
    } finally {
      await stage.close()
    }
  },
}

async function outage(stage: BrowserStage, player: 'playOurs' | 'playPeer'): Promise<Recovery> {
  const { page, alta } = stage
  await page.evaluate(
    ({ name, address }) => (window as unknown as { altaBench: BenchPage }).altaBench[name](address),
    { name: player, address: stage.whepUrl(receiver.id) },
  )
  await alta.setFault('refuse', { listener: 'ott' })
  await new Promise((resolve) => setTimeout(resolve, downMs))
  const seen = await page.evaluate(() => (window as unknown as { altaBench: BenchPage }).altaBench.watch())
  await alta.clearFault('refuse')
  const upAt = Date.now()
  const frameAt = await page.evaluate(
    ({ after, timeout }) =>
      (window as unknown as { altaBench: BenchPage }).altaBench.frameAfter(after, timeout),
    { after: upAt, timeout: giveUpMs },
  )
  await page.evaluate(() => (window as unknown as { altaBench: BenchPage }).altaBench.closeAll())
  return {
    backMs: frameAt === null ? giveUpMs : frameAt - upAt,
    noticedMs: seen.stalledAt === null ? null : seen.stalledAt - seen.lastFrameAt,
    saidMs: seen.staleAt === null ? null : seen.staleAt - seen.lastFrameAt,
  }
}
