import { setTimeout as wait } from 'node:timers/promises'
import type { BenchPage, HlsFigures } from './page/bench-page.ts'
import { openBrowserStage } from './browser-stage.ts'
import type { BrowserStage } from './browser-stage.ts'
import { limitRow, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const receiver = { id: 'gate', name: 'Gate', width: 160, height: 90 }
/** Starts at so many moments of one segment. */
const starts = 5
/** A player has so long to settle, seconds. */
const settleS = 20
/** And is looked at for so long after that, seconds. */
const watchS = 12

interface Outcome {
  /** The largest delay after settling, of whichever start. */
  readonly worstMs: number
  readonly stalls: number
}

/**
 * How far behind the camera's clock an HLS picture is once it had 20 s to settle, at the worst of several moments of the start;
 * ours and hls.js as it comes, on one page. Behind the live edge a picture is less than that.
 */
export const hlsDelay: Bench = {
  name: 'hls-delay',
  async run(): Promise<BenchRow[]> {
    const rows: BenchRow[] = []
    for (const segmentS of [2, 4]) {
      const { ours, peer } = await measure(segmentS)
      const what = `HLS delay, ${segmentS} s segments, worst of ${starts} starts`
      rows.push(
        ratioRow(what, 'ms', ours.worstMs, 'hls.js', peer.worstMs, { atMost: 1 }),
        limitRow(`${what}, beside its limit`, 'ms', ours.worstMs, (2.5 * segmentS + 1) * 1000),
        limitRow(`HLS stalls, ${segmentS} s segments, ${starts} starts`, 'stalls', ours.stalls, 0),
      )
    }
    return rows
  },
}

async function measure(segmentS: number): Promise<{ ours: Outcome; peer: Outcome }> {
  const stage = await openBrowserStage([receiver], { segmentSeconds: segmentS })
  try {
    // The window of the playlist fills first, as it is on a server that runs.
    await wait(4 * segmentS * 1000)
    for (let start = 0; start < starts; start += 1) {
      for (const player of ['ours', 'hls.js'] as const) await begin(stage, player)
      // A whole segment and a fifth later: five starts meet five moments of a segment.
      await wait((segmentS * 1000 * (starts + 1)) / starts)
    }
    await wait(settleS * 1000)
    const looks: HlsFigures[][] = []
    for (let second = 0; second < watchS; second += 1) {
      looks.push(await stats(stage))
      await wait(1000)
    }
    return { ours: outcome(looks, 0), peer: outcome(looks, 1) }
  } finally {
    await stage.close()
  }
}

/** Ours and the peer were started in turn: `parity` tells them apart. */
function outcome(looks: readonly HlsFigures[][], parity: 0 | 1): Outcome {
  const its = (look: HlsFigures[]): HlsFigures[] => look.filter((_, index) => index % 2 === parity)
  const delays = looks.flatMap((look) => its(look).map(({ delayMs }) => delayMs ?? Infinity))
  const stalls = its(looks.at(-1) ?? []).reduce((sum, one) => sum + one.stalls, 0)
  return { worstMs: Math.max(...delays), stalls }
}

function begin({ page, hlsUrl }: BrowserStage, player: 'ours' | 'hls.js'): Promise<void> {
  return page.evaluate(
    ({ name, url }) => (window as unknown as { altaBench: BenchPage }).altaBench.startHls(name, url),
    { name: player, url: hlsUrl(receiver.id) },
  )
}

function stats({ page }: BrowserStage): Promise<HlsFigures[]> {
  return page.evaluate(() => (window as unknown as { altaBench: BenchPage }).altaBench.hlsFigures())
}
