import { describe, expect, test } from 'vitest'
import type { CameraHealth } from '../../../../renderer/player/player-types.ts'
import { all, hlsMain, hlsSub, ScriptedTile, whepMain, whepSub } from './scripted-tile.ts'

/** What the desk says of both streams, since so many milliseconds before the beginning of the test. */
function both(state: 'live' | 'lost', agoMs = 0): CameraHealth {
  const told = { state, sinceAt: 1_700_000_001_000 - agoMs }
  return { main: told, sub: told }
}

// Would catch: an old picture labelled live because its frames are drawn: Alta repeats the last frame of a stopped source.
describe('a picture whose source the server calls lost', () => {
  test('is frozen from then on, however many frames are drawn', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    await tile.seconds(3, () => first.flow())
    expect(tile.machine.pictureState).toBe('live')
    tile.tell('lost', 'lost')
    const lostAt = tile.clock.now()
    await tile.seconds(60, () => first.flow())
    expect(tile.machine).toMatchObject({ phase: 'frozen', pictureState: 'lost', stale: true })
    expect(tile.machine.lastFrameAt).toBe(lostAt)
    expect(tile.open).toEqual([first])
    expect(tile.attempts).toHaveLength(1)
  })

  test('is frozen when the tile is opened while the fault is in force, since the fault', async () => {
    const tile = new ScriptedTile({ health: both('lost', 60_000) })
    expect(tile.machine.phase).toBe('no-signal')
    const first = tile.play()
    await tile.seconds(2, () => first.flow())
    expect(tile.machine).toMatchObject({ phase: 'frozen', stale: true })
    expect(tile.machine.lastFrameAt).toBe(1_000 - 60_000)
  })

  test('is frozen when it was hidden and is shown again, and when it is enlarged', async () => {
    const tile = new ScriptedTile({ size: 'small', health: both('live') })
    tile.play()
    tile.machine.setVisible(false)
    await tile.clock.pass(6_000)
    tile.tell('lost', 'lost')
    expect(tile.machine.phase).toBe('hidden')
    tile.machine.setVisible(true)
    const again = tile.play()
    expect(tile.machine.phase).toBe('frozen')
    tile.machine.setSize('large')
    await tile.seconds(10, () => again.flow())
    expect(tile.machine.phase).toBe('frozen')
    expect(tile.open).toEqual([again])
  })

  test('is frozen whatever the tile was doing when it was lost', async () => {
    const states: ((tile: ScriptedTile) => void | Promise<void>)[] = [
      () => undefined,
      (tile) => tile.latest.tickets(all),
      (tile) => {
        tile.latest.tickets(all)
        tile.latest.events.connected()
      },
      (tile) => {
        tile.latest.tickets(all)
        tile.latest.fail({ reason: 'server-busy' })
      },
      async (tile) => {
        tile.play()
        await tile.seconds(4)
      },
      async (tile) => {
        tile.latest.tickets(all)
        tile.latest.fail({ reason: 'no-data' })
        await tile.clock.pass(0)
        tile.play()
        expect(tile.machine.phase).toBe('fallback')
      },
    ]
    for (const reach of states) {
      const tile = new ScriptedTile({ health: both('live') })
      await reach(tile)
      tile.tell('lost', 'lost')
      await tile.seconds(30, () => {
        const { latest } = tile
        if (latest.closed) return
        if (!latest.source) latest.tickets(all)
        latest.flow()
      })
      expect(tile.machine).toMatchObject({ phase: 'frozen', stale: true })
      expect(tile.attempts.length).toBeLessThan(6)
    }
  })

  test('is live again at once when the server says so, by the same session', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    tile.tell('lost', 'lost')
    await tile.seconds(30, () => first.flow())
    tile.tell('live', 'live')
    expect(tile.machine).toMatchObject({ phase: 'playing', pictureState: 'live', stale: false })
    await tile.seconds(30, () => first.flow())
    expect(tile.open).toEqual([first])
  })

  test('whose session gave nothing any more is opened anew as soon as the source returns', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    tile.tell('lost', 'lost')
    await tile.seconds(30)
    expect(tile.attempts).toHaveLength(1)
    tile.tell('live', 'live')
    expect(tile.attempts).toHaveLength(2)
    expect(tile.machine.phase).toBe('stalled')
    const second = tile.play()
    expect(tile.machine.phase).toBe('playing')
    expect(first.closed).toBe(true)
    expect(tile.open).toEqual([second])
  })
})

describe('where one stream is lost and the other is not', () => {
  test('a small tile plays the main stream behind the frozen picture, and comes back to the sub stream', async () => {
    const tile = new ScriptedTile({ size: 'small', health: both('live') })
    const sub = tile.play()
    expect(sub.source).toEqual(whepSub)
    await tile.seconds(3, () => sub.flow())
    tile.tell('live', 'lost')
    expect(tile.machine.phase).toBe('frozen')
    expect(tile.attempts).toHaveLength(2)
    const main = tile.play()
    expect(main.source).toEqual(whepMain)
    expect(tile.machine).toMatchObject({ phase: 'playing', pictureState: 'live' })
    await tile.seconds(60, () => main.flow())
    expect(tile.open).toEqual([main])
    tile.tell('live', 'live')
    // Not at once: a source that comes and goes would drag the tile along.
    expect(tile.open).toEqual([main])
    await tile.seconds(6, () => main.flow())
    const back = tile.play()
    expect(back.source).toEqual(whepSub)
    expect(tile.open).toEqual([back])
  })

  test('an enlarged tile falls back to the sub stream, by HLS too', async () => {
    const tile = new ScriptedTile({ health: both('live', 60_000) })
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'whep-absent' })
    await tile.clock.pass(0)
    const main = tile.play()
    expect(main.source).toEqual(hlsMain)
    const at = tile.clock.wallNow()
    tile.machine.setHealth({
      main: { state: 'lost', sinceAt: at },
      sub: { state: 'live', sinceAt: at - 60_000 },
    })
    const sub = tile.play()
    expect(sub.source).toEqual(hlsSub)
    expect(tile.machine.pictureState).toBe('live')
  })

  test('a try of the lost one is dropped for the other', () => {
    const tile = new ScriptedTile({ health: both('live') })
    tile.latest.tickets(all)
    const first = tile.latest
    expect(first.source).toEqual(whepMain)
    tile.tell('lost', 'live')
    expect(first.closed).toBe(true)
    tile.latest.tickets(all)
    expect(tile.latest.source).toEqual(whepSub)
  })

  // Would catch: a tile that stays stalled for ever, for what was to replace its picture was dropped and nothing tried instead.
  test('where a stalled picture was about to be replaced by the lost one, another is tried', async () => {
    const tile = new ScriptedTile({ size: 'small', health: both('live') })
    const sub = tile.play()
    await tile.seconds(3, () => sub.flow())
    await tile.seconds(12, () => sub.flow('decoding'))
    expect(tile.machine.phase).toBe('stalled')
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'no-frames' })
    await tile.seconds(1, () => sub.flow('decoding'))
    tile.latest.tickets(all)
    const replacement = tile.latest
    expect(replacement.source).toEqual(whepMain)
    tile.tell('lost', 'live')
    expect(replacement.closed).toBe(true)
    await tile.seconds(2, () => sub.flow('decoding'))
    expect(tile.latest).not.toBe(replacement)
  })

  test('a way that fails while its source is lost is not held against it afterwards', async () => {
    const tile = new ScriptedTile({ size: 'small', health: both('live') })
    tile.tell('lost', 'lost')
    for (let time = 0; time < 4; time++) {
      tile.latest.tickets(all)
      tile.latest.fail({ reason: 'no-data' })
      await tile.seconds(31)
    }
    expect(tile.machine.phase).toBe('no-signal')
    tile.latest.fail({ reason: 'no-data' })
    tile.tell('live', 'live')
    tile.latest.tickets(all)
    expect(tile.latest.source).toEqual(whepSub)
  })
})

test('no signal is tried every ten seconds and no more often', async () => {
  const tile = new ScriptedTile({ health: both('lost') })
  for (let second = 0; second < 60; second++) {
    if (!tile.latest.closed) {
      tile.latest.tickets(all)
      tile.latest.fail({ reason: 'not-live-yet', retryAfterMs: 1_000 })
    }
    await tile.seconds(1)
  }
  expect(tile.machine.phase).toBe('no-signal')
  expect(tile.attempts.length).toBeLessThanOrEqual(7)
})

// Would catch: green on the repeated frames that an HLS player still holds when the source has just come back.
test('HLS is live again only when it plays what was sent after the return of its source', async () => {
  const tile = new ScriptedTile({ health: both('live', 60_000) })
  tile.latest.tickets([hlsMain])
  tile.latest.delayMs = 8_000
  const hls = tile.play([hlsMain])
  await tile.seconds(2, () => hls.flow())
  expect(tile.machine.pictureState).toBe('live')
  tile.tell('lost', 'lost')
  await tile.seconds(10, () => hls.flow())
  tile.tell('live', 'live')
  await tile.seconds(7, () => hls.flow())
  expect(tile.machine).toMatchObject({ phase: 'frozen', pictureState: 'lost' })
  await tile.seconds(2, () => hls.flow())
  expect(tile.machine).toMatchObject({ phase: 'playing', pictureState: 'live' })
  expect(tile.open).toEqual([hls])
})

test('what the server does not tell is not known', () => {
  const tile = new ScriptedTile()
  tile.play()
  expect(tile.machine).toMatchObject({ phase: 'playing', pictureState: 'unknown', stale: false })
  tile.tell('unknown', 'unknown')
  expect(tile.machine.pictureState).toBe('unknown')
})

// Would catch: a tile that stays with the main stream for long after its sub stream has returned, or flashes FROZEN on the way.
test('by HLS a tile returns to a recovered stream once a new session of it is live, and never looks frozen meanwhile', async () => {
  const tile = new ScriptedTile({ size: 'small', health: both('live', 60_000) })
  const sources = [hlsMain, hlsSub]
  tile.latest.tickets(sources)
  tile.latest.delayMs = 4_000
  const sub = tile.play(sources)
  await tile.seconds(2, () => sub.flow())
  const told = (sub: 'live' | 'lost') =>
    tile.machine.setHealth({
      main: { state: 'live', sinceAt: 0 },
      sub: { state: sub, sinceAt: tile.clock.wallNow() },
    })
  told('lost')
  tile.latest.delayMs = 4_000
  const main = tile.play(sources)
  await tile.seconds(30, () => main.flow())
  expect(main.source).toEqual(hlsMain)
  const words = new Set<string>()
  told('live')
  for (let second = 0; second < 9; second++) {
    if (tile.latest !== main && !tile.latest.source) {
      tile.latest.delayMs = 6_000
      tile.play(sources)
    }
    await tile.seconds(1, () => tile.latest.flow())
    words.add(tile.machine.pictureState)
  }
  expect(tile.shown.at(-1)?.source).toEqual(hlsSub)
  expect([...words]).toEqual(['live'])
})

// Would catch: FROZEN over a picture that moves, for as long as a server is away whose last word was that its source had stopped.
describe('a picture that the last word of a server calls lost, and the server has gone away', () => {
  const lostLately = (isCurrent: boolean): CameraHealth => {
    const told = { state: 'lost', sinceAt: 1_700_000_000_000, isCurrent } as const
    return { main: told, sub: told }
  }

  async function watch(
    tile: ScriptedTile,
    seconds: number,
    attempt: ReturnType<ScriptedTile['play']>,
    moves: boolean,
  ): Promise<void> {
    await tile.seconds(seconds, () => {
      attempt.flow()
      if (moves) attempt.pixel = (attempt.pixel + 1) % 256
    })
  }

  test('is not called frozen once its pixels have changed for some seconds', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    tile.machine.setHealth(lostLately(false))
    await watch(tile, 4, first, true)
    expect(tile.machine.pictureState).toBe('lost')
    await watch(tile, 12, first, true)
    expect(tile.machine).toMatchObject({ pictureState: 'unknown', phase: 'playing', stale: false })
    expect(tile.open).toEqual([first])
    // The server is back, and says it again: its word goes before the picture's.
    tile.machine.setHealth(lostLately(true))
    expect(tile.machine.phase).toBe('frozen')
  })

  test('stays frozen while its pixels stay the same, however often frames are drawn', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    tile.machine.setHealth(lostLately(false))
    await watch(tile, 60, first, false)
    expect(tile.machine.phase).toBe('frozen')
  })

  test('stays frozen as long as the server says so, whatever moves', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    tile.machine.setHealth(lostLately(true))
    await watch(tile, 60, first, true)
    expect(tile.machine.phase).toBe('frozen')
    // Once a second at most: the picture of a lost source costs no more than this.
    expect(first.stripsRead).toBeLessThanOrEqual(60)
  })

  // Would catch: FROZEN over a moving picture for 4 s more than need be when a source returns while its server stops responding:
  // the page began to watch the picture only once the server was known to be away.
  test('is not called frozen as soon as the server stops responding where it has moved for some seconds', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play()
    tile.machine.setHealth(lostLately(true))
    await watch(tile, 20, first, false)
    await watch(tile, 6, first, true)
    expect(tile.machine.phase).toBe('frozen')
    tile.machine.setHealth(lostLately(false))
    await watch(tile, 1, first, true)
    expect(tile.machine).toMatchObject({ pictureState: 'unknown', phase: 'playing' })
  })

  test('what HLS plays of before the loss proves nothing', async () => {
    const tile = new ScriptedTile({ health: both('live') })
    const first = tile.play([hlsMain])
    first.delayMs = 12_000
    tile.machine.setHealth({
      main: { state: 'lost', sinceAt: 1_700_000_001_000, isCurrent: false },
      sub: null,
    })
    await watch(tile, 14, first, true)
    expect(tile.machine.phase).toBe('frozen')
    await watch(tile, 20, first, true)
    expect(tile.machine.pictureState).toBe('unknown')
  })
})

// Would catch: FROZEN since this morning over a living HLS picture, after each hiccup of its server: a source that was lost once
// and had long returned was taken for lost whenever its status was unknown for a moment.
test('an HLS picture that was live again is not called frozen when its server hiccups hours later', async () => {
  const tile = new ScriptedTile({ health: both('live', 60_000) })
  tile.latest.tickets([hlsMain])
  tile.latest.delayMs = 8_000
  const hls = tile.play([hlsMain])
  await tile.seconds(2, () => hls.flow())
  tile.tell('lost', 'lost')
  await tile.seconds(10, () => hls.flow())
  tile.tell('live', 'live')
  await tile.seconds(60, () => hls.flow())
  expect(tile.machine.pictureState).toBe('live')
  tile.tell('unknown', 'unknown')
  await tile.seconds(5, () => hls.flow())
  tile.tell('live', 'live')
  const seen = new Set<string>()
  for (let second = 0; second < 10; second++) {
    await tile.seconds(1, () => hls.flow())
    seen.add(`${tile.machine.phase} ${tile.machine.pictureState}`)
  }
  expect([...seen]).toEqual(['playing unknown', 'playing live'])
  tile.tell('lost', 'lost')
  expect(tile.machine.phase).toBe('frozen')
})

// Would catch: FROZEN for an hour over a living HLS picture, because the clock of the page was set back.
test('setting the clock of the page changes nothing about what is live, or since when it is lost', async () => {
  const tile = new ScriptedTile({ health: both('live', 60_000) })
  tile.latest.tickets([hlsMain])
  tile.latest.delayMs = 8_000
  const hls = tile.play([hlsMain])
  await tile.seconds(2, () => hls.flow())
  for (const setMs of [-3_600_000, 3_600_000]) {
    tile.clock.wallSetMs = setMs
    await tile.seconds(1, () => hls.flow())
    expect(tile.machine).toMatchObject({ phase: 'playing', pictureState: 'live' })
  }
  tile.tell('lost', 'lost')
  const lostAt = tile.clock.now()
  tile.clock.wallSetMs = 0
  await tile.seconds(10, () => hls.flow())
  expect(tile.machine.lastFrameAt).toBe(lostAt)
  tile.tell('live', 'live')
  tile.clock.wallSetMs = 3_600_000
  await tile.seconds(1, () => hls.flow())
  expect(tile.machine.pictureState).toBe('lost')
})
