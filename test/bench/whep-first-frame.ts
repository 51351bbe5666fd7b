import type { BenchPage, FirstFrame } from './page/bench-page.ts'
import { openBrowserStage } from './browser-stage.ts'
import type { BrowserStage } from './browser-stage.ts'
import { median, quantile, ratioRow } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const rounds = 15
const receiver = { id: 'gate', name: 'Gate', width: 640, height: 360 }

/**
 * First rendered frame by WHEP, less the wait for that session's first key frame: what the client itself costs. The
 * wait runs from the moment the connection stood until Alta sent the key frame, as the simulator reports it.
 */
export const whepFirstFrame: Bench = {
  name: 'whep-first-frame',
  async run(): Promise<BenchRow[]> {
    const stage = await openBrowserStage([receiver])
    try {
      const ours: number[] = []
      const theirs: number[] = []
      await once(stage, 'playOurs')
      for (let round = 0; round < rounds; round += 1) {
        ours.push(await once(stage, 'playOurs'))
        theirs.push(await once(stage, 'playPeer'))
      }
      return [
        ratioRow(
          'WHEP first frame less key-frame wait, median',
          'ms',
          median(ours),
          '@eyevinn/webrtc-player',
          median(theirs),
          { atMost: 0.7 },
        ),
        ratioRow(
          'WHEP first frame less key-frame wait, p95',
          'ms',
          quantile(ours, 0.95),
          '@eyevinn/webrtc-player',
          quantile(theirs, 0.95),
          {},
        ),
      ]
    } finally {
      await stage.close()
    }
  },
}

async function once(stage: BrowserStage, player: 'playOurs' | 'playPeer'): Promise<number> {
  const url = stage.whepUrl(receiver.id)
  const seen = new Set(stage.alta.sessions().map(({ id }) => id))
  const frame: FirstFrame = await stage.page.evaluate(
    ({ name, address }) => (window as unknown as { altaBench: BenchPage }).altaBench[name](address),
    { name: player, address: url },
  )
  const session = stage.alta.sessions().find(({ id, protocol }) => protocol === 'whep' && !seen.has(id))
  if (session?.connectedAt === undefined || session.firstKeyframeSentAt === undefined) {
    throw new Error('the simulator did not report the session that drew a frame')
  }
  await stage.page.evaluate(() => (window as unknown as { altaBench: BenchPage }).altaBench.closeAll())
  return frame.frameAt - frame.startedAt - (session.firstKeyframeSentAt - session.connectedAt)
}
