import { expect, test } from 'vitest'
import { codecFamily } from '../../../../renderer/player/codecs.ts'
import { Ladder, orderSources } from '../../../../renderer/player/ladder.ts'
import { all, hlsMain, hlsSub, source, whepMain, whepSub } from './scripted-tile.ts'

const playsAll = { plays: () => true }
const minuteMs = 60_000

function ladderOf(sources = all): { ladder: Ladder; pass: (ms: number) => void } {
  let now = 0
  const ladder = new Ladder(playsAll, () => now)
  ladder.learn(sources)
  return { ladder, pass: (ms) => (now += ms) }
}

test('large tiles prefer main, small ones sub, and WHEP goes before HLS', () => {
  expect(orderSources(all, 'large')).toEqual([whepMain, whepSub, hlsMain, hlsSub])
  expect(orderSources(all, 'small')).toEqual([whepSub, whepMain, hlsSub, hlsMain])
  expect(orderSources([whepMain, hlsMain], 'small')).toEqual([whepMain, hlsMain])
})

/** Loses WHEP, and says after how many milliseconds the ladder would ask for it again. */
function askedAgainAfter({ ladder, pass }: ReturnType<typeof ladderOf>, retryAfterMs?: number): number {
  ladder.failed(whepMain, { reason: 'whep-absent', retryAfterMs })
  expect(ladder.best('large')).toBe(hlsMain)
  for (let ms = 500; ms <= 20 * minuteMs; ms += 500) {
    pass(500)
    if (ladder.better(hlsMain, 'large') === whepMain) return ms
  }
  return Infinity
}

// Would catch: a page opened while a camera starts plays HLS for ten minutes.
test('WHEP that never played is asked for again after 15 s, 60 s, then every ten minutes', () => {
  const tile = ladderOf()
  const pauses = [1, 2, 3, 4].map(() => askedAgainAfter(tile))
  expect(pauses).toEqual([15_000, minuteMs, 10 * minuteMs, 10 * minuteMs])
})

// Would catch: a camera that reboots costs ten minutes of HLS, for its channel answers 404 meanwhile.
test('WHEP that has played is asked for again within a minute, however often it was absent', () => {
  const tile = ladderOf()
  tile.ladder.played(whepSub)
  for (let time = 0; time < 20; time++) expect(askedAgainAfter(tile)).toBeLessThanOrEqual(minuteMs)
})

// Would catch: "Retry" and a server's return forget that WHEP plays here, so the 404 of a starting channel is believed.
test('that WHEP has played outlives "Retry", but not a change of the configuration', () => {
  const tile = ladderOf()
  tile.ladder.played(whepMain)
  tile.ladder.forget()
  for (let time = 0; time < 4; time++) expect(askedAgainAfter(tile)).toBeLessThanOrEqual(minuteMs)
  tile.ladder.learn([{ ...whepMain, codec: 'av1' }, hlsMain])
  tile.ladder.learn([whepMain, hlsMain])
  const pauses = [1, 2, 3].map(() => askedAgainAfter(tile))
  expect(pauses.at(-1)).toBe(10 * minuteMs)
})

// Would catch: ten minutes of HLS after a reboot of more than a minute: Alta tells no codec of a camera that is away, which was
// taken for another configuration.
test('a codec that is not told for a while is no change of the configuration', () => {
  const tile = ladderOf()
  tile.ladder.played(whepMain)
  tile.ladder.learn(all.map((one) => ({ ...one, codec: null })))
  tile.ladder.failed(whepMain, { reason: 'whep-absent' })
  tile.ladder.learn(all)
  expect(tile.ladder.best('large')).toBe(hlsMain)
  for (let time = 0; time < 4; time++) expect(askedAgainAfter(tile)).toBeLessThanOrEqual(minuteMs)
  tile.ladder.failed(whepMain, { reason: 'whep-absent' })
  tile.ladder.learn(all.map((one) => ({ ...one, codec: null })))
  tile.ladder.learn(all.map((one) => ({ ...one, codec: 'av1' })))
  expect(tile.ladder.best('large')?.kind).toBe('whep')
})

// Would catch: the Retry-After of a 404 is dropped; a server that names 0 is hammered.
test('a time that the server names is kept to, and is no step towards ten minutes', () => {
  const tile = ladderOf()
  for (let time = 0; time < 5; time++) expect(askedAgainAfter(tile, 20_000)).toBe(20_000)
  expect(askedAgainAfter(tile, 0)).toBe(5000)
  expect(askedAgainAfter(tile)).toBe(15_000)
})

// Would catch: HLS fails too, everything is pardoned, and the server is asked before the time that it named.
test('a pardon does not bring back a WHEP that is not there', () => {
  const { ladder } = ladderOf([whepMain, hlsMain])
  ladder.failed(whepMain, { reason: 'whep-absent', retryAfterMs: 60_000 })
  ladder.failed(hlsMain, { reason: 'no-data' })
  ladder.pardon()
  expect(ladder.best('large')).toBe(hlsMain)
})

test('a decoder that gives up steps down at once', () => {
  const { ladder } = ladderOf()
  ladder.played(whepMain)
  ladder.failed(whepMain, { reason: 'decoder-error' })
  expect(ladder.best('large')).toBe(whepSub)
})

test('a source that has played is tried once more before it is left', () => {
  const { ladder } = ladderOf()
  ladder.played(whepMain)
  ladder.failed(whepMain, { reason: 'no-frames' })
  expect(ladder.best('large')).toBe(whepMain)
  ladder.failed(whepMain, { reason: 'no-frames' })
  expect(ladder.best('large')).toBe(whepSub)
})

test('a silence is held against a source for longer each time', () => {
  const { ladder, pass } = ladderOf([whepMain, hlsMain])
  for (const heldMs of [30_000, 2 * minuteMs, 10 * minuteMs, 10 * minuteMs]) {
    ladder.failed(whepMain, { reason: 'no-data' })
    pass(heldMs - 1)
    expect(ladder.best('large')).toBe(hlsMain)
    pass(1)
    expect(ladder.best('large')).toBe(whepMain)
  }
})

test('a dead server, a dead desk and a camera that is not live say nothing about a source', () => {
  const { ladder } = ladderOf()
  for (let time = 0; time < 20; time++) {
    for (const reason of [
      'server-unreachable',
      'desk-unreachable',
      'not-live-yet',
      'ticket-refused',
    ] as const) {
      ladder.failed(whepMain, { reason })
    }
  }
  expect(ladder.best('large')).toBe(whepMain)
})

test('no route for UDP rules out all of WHEP', () => {
  const { ladder } = ladderOf()
  ladder.failed(whepSub, { reason: 'no-connection' })
  expect(ladder.best('small')).toBe(hlsSub)
})

test('a change of the configuration clears the verdicts, a new ticket does not', () => {
  const { ladder } = ladderOf()
  ladder.failed(whepMain, { reason: 'whep-absent' })
  ladder.learn(all.map((one) => ({ ...one, url: `${one.url}?token=new` })))
  expect(ladder.best('large')?.kind).toBe('hls')
  ladder.learn(all.map((one) => ({ ...one, codec: 'h265' })))
  expect(ladder.best('large')?.kind).toBe('whep')
})

test('when everything failed softly, everything may be tried again', () => {
  const { ladder } = ladderOf([whepMain, hlsMain])
  ladder.failed(whepMain, { reason: 'no-data' })
  ladder.failed(hlsMain, { reason: 'no-data' })
  expect(ladder.best('large')).toBeNull()
  ladder.pardon()
  expect(ladder.best('large')).toBe(whepMain)
})

test('a codec that the browser cannot play is passed over and named', () => {
  const ladder = new Ladder({ plays: ({ codec }) => codec !== 'h265' }, () => 0)
  ladder.learn([source('whep', 'main', 'h265'), whepSub, source('hls', 'main', null)])
  expect(ladder.best('large')).toBe(whepSub)
  expect(ladder.unplayable()).toEqual([{ kind: 'whep', variant: 'main', codec: 'h265' }])
  expect(ladder.isLesser(whepSub, 'large')).toBe(false)
})

test.each([
  ['H264', 'h264'],
  ['avc1.640028', 'h264'],
  ['HEVC', 'h265'],
  ['hvc1.1.6.L93.B0', 'h265'],
  ['h.265', 'h265'],
  ['av01.0.05M.08', 'av1'],
  ['mjpeg', 'mjpeg'],
  ['wmv3', null],
])('the codec %s belongs to %s', (name, family) => {
  expect(codecFamily(name)).toBe(family)
})
