import { expect, test } from 'vitest'
import { LiveEdge } from '../../../../renderer/player/hls/live-edge.ts'

interface Played {
  /** Delay behind the camera's clock at the end, seconds. */
  delayS: number
  dryMs: number
  jumps: number
  settledMs: number
  fastest: number
}

/**
 * Plays a stream of `segmentS` for two minutes. The playlist is read every `segmentS`, and half of that later where it has not
 * changed; `phase` says how old its newest segment was when it was read first, as a share of a segment.
 */
function play(segmentS: number, phase: number): Played {
  const stepS = 0.01
  const edge = new LiveEdge()
  const published = (atS: number): number => Math.floor((atS + phase * segmentS) / segmentS)
  let known = published(0)
  let buffered = known * segmentS
  let position = buffered - 1.75 * segmentS
  let reloadAt = segmentS
  let rate = 1
  const played: Played = { delayS: 0, dryMs: 0, jumps: 0, settledMs: 0, fastest: 0 }
  for (let now = stepS; now < 120; now += stepS) {
    if (now >= reloadAt) {
      const fresh = published(now)
      reloadAt = now + (fresh > known ? segmentS : segmentS / 2)
      if (fresh > known) {
        const correction = edge.arrived({ aheadS: buffered - position, segmentS, playedMs: now * 1000 })
        rate = correction.rate
        position += correction.jumpS
        if (correction.jumpS > 0) played.jumps += 1
        buffered = fresh * segmentS
        known = fresh
      }
    }
    if (position + stepS * rate <= buffered) position += stepS * rate
    else played.dryMs += stepS * 1000
    played.fastest = Math.max(played.fastest, rate)
    played.delayS = now + phase * segmentS - position
    if (played.delayS > 2.5 * segmentS + 1) played.settledMs = now * 1000
  }
  return played
}

const phases = Array.from({ length: 20 }, (_, index) => index / 20)

// Would catch: the delay depends on the moment of the start (up to a segment more), and stays where it was.
test.each([1, 2, 4, 6])(
  '%i s segments settle near the live edge from whatever moment, and never run dry',
  (segmentS) => {
    for (const phase of phases) {
      const { delayS, dryMs, jumps, settledMs, fastest } = play(segmentS, phase)
      expect(delayS).toBeLessThanOrEqual(2.5 * segmentS + 1)
      expect(settledMs).toBeLessThan(20_000)
      expect(dryMs).toBe(0)
      expect(fastest).toBeLessThanOrEqual(1.1)
      expect(jumps).toBeLessThanOrEqual(1)
    }
  },
)

// Would catch: a picture that starts far behind is caught up by the rate for a minute.
test('what is far behind at the start jumps once, and what falls behind later is caught up by the rate', () => {
  const edge = new LiveEdge()
  expect(edge.arrived({ aheadS: 9, segmentS: 4, playedMs: 4000 })).toEqual({ rate: 1, jumpS: 6.7 })
  expect(edge.arrived({ aheadS: 7, segmentS: 4, playedMs: 8000 })).toEqual({ rate: 1.1, jumpS: 0 })
  expect(edge.arrived({ aheadS: 12, segmentS: 4, playedMs: 60_000 })).toEqual({ rate: 1.1, jumpS: 0 })
  expect(edge.arrived({ aheadS: 14, segmentS: 4, playedMs: 64_000 }).jumpS).toBeGreaterThan(8)
})

test('little left when a segment arrives slows the picture a little, and one early segment changes nothing', () => {
  const edge = new LiveEdge()
  expect(edge.arrived({ aheadS: 0.4, segmentS: 4, playedMs: 30_000 })).toEqual({ rate: 0.95, jumpS: 0 })
  const steady = new LiveEdge()
  expect(steady.arrived({ aheadS: 2.3, segmentS: 4, playedMs: 30_000 })).toEqual({ rate: 1, jumpS: 0 })
  expect(steady.arrived({ aheadS: 4.3, segmentS: 4, playedMs: 34_000 })).toEqual({ rate: 1, jumpS: 0 })
})
