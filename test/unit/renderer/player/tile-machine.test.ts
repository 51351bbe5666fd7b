import { describe, expect, test } from 'vitest'
import { all, hlsMain, ScriptedTile, source, whepMain, whepSub } from './scripted-tile.ts'

describe('opening', () => {
  test('only a drawn frame counts as playing', () => {
    const tile = new ScriptedTile()
    expect(tile.machine.phase).toBe('connecting')
    tile.latest.tickets(all)
    tile.latest.events.connected()
    expect(tile.machine.phase).toBe('first-frame-wait')
    tile.latest.flow('drawing')
    expect(tile.machine.phase).toBe('first-frame-wait')
    tile.latest.flow()
    expect(tile.machine.phase).toBe('playing')
    expect(tile.shown).toEqual([tile.latest])
  })

  test('a refused ticket is replaced once; then the tile is blocked, and asks again after half a minute', async () => {
    const tile = new ScriptedTile()
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'ticket-refused' })
    expect(tile.attempts).toHaveLength(2)
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'ticket-refused' })
    expect(tile.machine.phase).toBe('blocked')
    expect(tile.attempts).toHaveLength(2)
    await tile.clock.pass(30_000)
    expect(tile.attempts).toHaveLength(3)
    tile.play()
    expect(tile.machine.phase).toBe('playing')
  })

  test('a camera that the desk leaves out is blocked and its last frame is hidden', () => {
    const tile = new ScriptedTile()
    tile.latest.tickets([])
    expect(tile.machine.phase).toBe('blocked')
    expect(tile.machine.reason).toBe('not-available')
    expect(tile.concealed).toBe(1)
  })

  test('a camera of which no codec can be played says so and does not try in a circle', async () => {
    const tile = new ScriptedTile()
    tile.latest.tickets([source('whep', 'main', 'h265')])
    expect(tile.machine.phase).toBe('not-playable')
    await tile.clock.pass(60_000)
    expect(tile.attempts).toHaveLength(1)
  })

  test('Retry-After is honoured, and retryNow does not wait for it', async () => {
    const tile = new ScriptedTile()
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'not-live-yet', retryAfterMs: 5000 })
    expect(tile.machine.phase).toBe('retry-wait')
    await tile.clock.pass(4999)
    expect(tile.attempts).toHaveLength(1)
    tile.machine.retry()
    expect(tile.attempts).toHaveLength(2)
  })

  test('answers of an attempt that is over are dropped', async () => {
    const tile = new ScriptedTile()
    const first = tile.latest
    first.tickets(all)
    first.fail({ reason: 'server-busy' })
    await tile.clock.pass(1000)
    const second = tile.latest
    expect(second).not.toBe(first)
    first.events.connected()
    first.flow()
    first.fail({ reason: 'decoder-error' })
    expect(tile.shown).toEqual([])
    expect(tile.attempts).toHaveLength(2)
    expect(second.closed).toBe(false)
  })
})

describe('stepping down and climbing back', () => {
  test('a silent WHEP leads to the next source at once, and is tried again behind the picture', async () => {
    const tile = new ScriptedTile()
    tile.latest.tickets([whepMain, hlsMain])
    tile.latest.fail({ reason: 'no-data' })
    await tile.clock.pass(0)
    const hls = tile.play([whepMain, hlsMain])
    expect(hls.source).toEqual(hlsMain)
    expect(tile.machine.phase).toBe('fallback')
    await tile.seconds(31, () => hls.flow())
    const climbing = tile.latest
    expect(climbing).not.toBe(hls)
    expect(tile.machine.trying).toBe(true)
    expect(hls.closed).toBe(false)
    climbing.tickets([whepMain, hlsMain])
    expect(climbing.source).toEqual(whepMain)
    climbing.flow()
    expect(tile.machine.phase).toBe('playing')
    expect(tile.machine.reason).toBeNull()
    expect(hls.closed).toBe(true)
    expect(tile.open).toEqual([climbing])
  })

  test('a climb that fails leaves the picture alone and does not come again at once', async () => {
    const tile = new ScriptedTile()
    tile.latest.tickets([whepMain, hlsMain])
    tile.latest.fail({ reason: 'no-data' })
    await tile.clock.pass(0)
    const hls = tile.play([whepMain, hlsMain])
    await tile.seconds(31, () => hls.flow())
    tile.latest.tickets([whepMain, hlsMain])
    tile.latest.fail({ reason: 'no-data' })
    const tried = tile.attempts.length
    await tile.seconds(60, () => hls.flow())
    expect(tile.attempts).toHaveLength(tried)
    expect(tile.open).toEqual([hls])
    expect(tile.machine.phase).toBe('fallback')
  })

  test('a server that is too busy for a climb is not asked every second', async () => {
    const tile = new ScriptedTile({ size: 'small' })
    const sub = tile.play()
    tile.machine.setSize('large')
    for (let second = 0; second < 60; second++) {
      await tile.seconds(1, () => sub.flow())
      if (tile.latest === sub || tile.latest.closed) continue
      tile.latest.tickets(all)
      tile.latest.fail({ reason: 'server-busy' })
    }
    expect(tile.attempts.length).toBeLessThan(12)
    expect(tile.shown).toEqual([sub])
  })

  test('going large keeps the small picture until the large one draws', () => {
    const tile = new ScriptedTile({ size: 'small' })
    const small = tile.play()
    expect(small.source).toEqual(whepSub)
    tile.machine.setSize('large')
    const large = tile.latest
    large.tickets(all)
    expect(large.source).toEqual(whepMain)
    expect(small.closed).toBe(false)
    expect(tile.machine.phase).toBe('playing')
    large.flow()
    expect(small.closed).toBe(true)
  })

  test('large and back within seconds changes nothing', async () => {
    const tile = new ScriptedTile({ size: 'small' })
    const small = tile.play()
    tile.machine.setSize('large')
    tile.machine.setSize('small')
    await tile.seconds(5, () => small.flow())
    expect(tile.open).toEqual([small])
  })
})

test('a climb that has become needless while the desk answered ends without a trace', () => {
  const tile = new ScriptedTile({ size: 'small' })
  const sub = tile.play()
  tile.machine.setSize('large')
  // The camera has lost its main stream meanwhile.
  tile.latest.tickets([whepSub])
  expect(tile.open).toEqual([sub])
  expect(tile.machine.phase).toBe('playing')
  expect(tile.machine.reason).toBeNull()
})

describe('trouble while playing', () => {
  test('silence is met with a repair, then with a new session behind the frozen picture', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    first.repairWorks = true
    await tile.seconds(3, () => first.flow())
    await tile.seconds(2)
    expect(tile.machine.phase).toBe('stalled')
    expect(first.repairs).toBe(1)
    expect(tile.attempts).toHaveLength(1)
    await tile.seconds(3)
    expect(tile.attempts).toHaveLength(2)
    expect(first.closed).toBe(false)
    expect(tile.machine.stale).toBe(true)
    tile.play()
    expect(first.closed).toBe(true)
    expect(tile.machine.phase).toBe('playing')
    expect(tile.machine.stale).toBe(false)
  })

  test('a picture that comes back by itself ends the search for another', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    await tile.seconds(3, () => first.flow())
    await tile.seconds(3)
    expect(tile.attempts).toHaveLength(2)
    await tile.seconds(2, () => first.flow())
    expect(tile.open).toEqual([first])
    expect(tile.machine.phase).toBe('playing')
  })

  test('a freeze is noticed within two seconds and said after three', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    await tile.seconds(3, () => first.flow())
    await tile.seconds(2)
    expect(tile.machine.phase).toBe('stalled')
    expect(tile.machine.stale).toBe(false)
    await tile.clock.pass(1000)
    expect(tile.machine.stale).toBe(true)
  })

  test('bytes without frames get a new session', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    await tile.seconds(3, () => first.flow())
    await tile.seconds(6, () => first.flow('decoding'))
    expect(first.repairs).toBe(0)
    expect(tile.attempts).toHaveLength(2)
    expect(tile.machine.reason).toBe('no-frames')
  })

  test('a paused element is started again, not reconnected', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    await tile.seconds(3, () => first.flow())
    await tile.seconds(3, () => first.flow('drawing'))
    expect(first.resumed).toBeGreaterThan(0)
    expect(tile.attempts).toHaveLength(1)
  })

  test('a lost connection is tried again at once after a long good play, later after a short one', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    await tile.seconds(31, () => first.flow())
    first.fail({ reason: 'connection-lost' })
    expect(first.closed).toBe(true)
    expect(tile.attempts).toHaveLength(2)
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'server-busy' })
    expect(tile.machine.retryInMs).toBeLessThanOrEqual(500)
  })
})

describe('a server that is away', () => {
  test('costs no attempts while it is, holds nothing against WHEP, and starts at once when it returns', async () => {
    const tile = new ScriptedTile()
    tile.serverUp = false
    tile.latest.tickets(all)
    tile.gate.lost(whepMain.url, false)
    tile.latest.fail({ reason: 'server-unreachable' })
    expect(tile.machine.phase).toBe('retry-wait')
    expect(tile.machine.reason).toBe('server-unreachable')
    await tile.seconds(120)
    expect(tile.attempts).toHaveLength(1)
    tile.serverUp = true
    await tile.clock.pass(5000)
    expect(tile.attempts).toHaveLength(2)
    tile.latest.tickets(all)
    expect(tile.latest.source).toEqual(whepMain)
  })
})

test('WHEP that hangs on a living server leads to HLS', async () => {
  const tile = new ScriptedTile()
  for (let time = 0; time < 3; time++) {
    tile.latest.tickets([whepMain, hlsMain])
    expect(tile.latest.source).toEqual(whepMain)
    tile.gate.lost(whepMain.url, true)
    tile.latest.fail({ reason: 'server-busy' })
    await tile.clock.pass(10_000)
  }
  tile.latest.tickets([whepMain, hlsMain])
  expect(tile.latest.source).toEqual(hlsMain)
})

describe('hidden and closed', () => {
  test('five seconds of grace, then nothing is left running; and back at once', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    tile.machine.setVisible(false)
    await tile.clock.pass(4999)
    expect(first.closed).toBe(false)
    await tile.clock.pass(1)
    expect(first.closed).toBe(true)
    expect(tile.machine.phase).toBe('hidden')
    expect(tile.clock.pending).toBe(0)
    tile.machine.setVisible(true)
    expect(tile.attempts).toHaveLength(2)
  })

  test('a glance away does not stop the picture', async () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    tile.machine.setVisible(false)
    await tile.clock.pass(3000)
    tile.machine.setVisible(true)
    await tile.clock.pass(10_000)
    expect(first.closed).toBe(false)
    expect(tile.attempts).toHaveLength(1)
  })

  test('a page that is left ends at once', () => {
    const tile = new ScriptedTile()
    const first = tile.play()
    tile.machine.setVisible(false, true)
    expect(first.closed).toBe(true)
  })

  test('closing leaves no timer and no attempt, in whatever state', async () => {
    const states: ((tile: ScriptedTile) => void | Promise<void>)[] = [
      () => undefined,
      (tile) => tile.latest.tickets(all),
      (tile) => void tile.play(),
      (tile) => tile.latest.tickets([]),
      (tile) => {
        tile.latest.tickets(all)
        tile.latest.fail({ reason: 'server-busy' })
      },
      async (tile) => {
        tile.play()
        await tile.seconds(5)
      },
      (tile) => {
        tile.play()
        tile.machine.setVisible(false)
      },
    ]
    for (const reach of states) {
      const tile = new ScriptedTile()
      await reach(tile)
      tile.machine.close()
      tile.gate.close()
      expect(tile.open).toEqual([])
      expect(tile.clock.pending).toBe(0)
      expect(tile.ledger.count('timers')).toBe(0)
      expect(tile.machine.phase).toBe('closed')
    }
  })
})

/** What a server is found to be in, while the frozen picture of its last session is still there. */
async function whileFrozen(reason: 'server-unreachable' | 'server-busy'): Promise<ScriptedTile> {
  const tile = new ScriptedTile()
  tile.play()
  await tile.seconds(4, () => undefined)
  expect(tile.machine.phase).toBe('stalled')
  tile.latest.tickets(all)
  if (reason === 'server-unreachable') {
    tile.serverUp = false
    tile.gate.lost(whepMain.url, false)
  }
  tile.latest.fail({ reason })
  return tile
}

// Would catch: twelve seconds into a stopped server the old session ends at last, and the tile says "connection lost" instead
// of what was found out meanwhile.
test.each(['server-unreachable', 'server-busy'] as const)(
  'the end of a session that was given up does not hide the newer reason %s',
  async (reason) => {
    const tile = await whileFrozen(reason)
    tile.shown[0]?.fail({ reason: 'connection-lost' })
    expect(tile.machine.shown).toBeNull()
    expect(tile.machine.reason).toBe(reason)
  },
)

describe('a server that answers probes but no request of this page', () => {
  async function unheard(pageAllowed: boolean | null): Promise<ScriptedTile> {
    const tile = new ScriptedTile()
    for (let time = 0; time < 4; time++) {
      tile.latest.tickets(all.map((one) => ({ ...one, pageAllowed })))
      tile.gate.lost(whepMain.url, false)
      tile.latest.fail({ reason: 'server-unreachable' })
      if (time < 3) await tile.clock.pass(10_000)
    }
    expect(tile.gate.refusesPage).toBe(true)
    return tile
  }

  // Would catch: the 502 of a reverse proxy to the preflight sends an administrator to mend allow_origin, which is right.
  test.each([true, null])('is away where the desk says %s of allow_origin', async (pageAllowed) => {
    const { machine } = await unheard(pageAllowed)
    expect(machine.reason).toBe('server-unreachable')
  })

  test('refuses the page where the desk knows that allow_origin lacks it', async () => {
    const { machine } = await unheard(false)
    expect(machine.reason).toBe('page-refused')
  })
})

describe('the sound of a small tile', () => {
  /** Plays so many seconds; each second frames come. */
  const playOn = (tile: ScriptedTile, seconds: number): Promise<void> =>
    tile.seconds(seconds, () => tile.machine.shown?.flow())

  /** A small tile whose sub stream is silent and to which somebody listens; the main stream is being tried. */
  async function listening(): Promise<ScriptedTile> {
    const tile = new ScriptedTile({ size: 'small' })
    tile.play()
    await playOn(tile, 3)
    tile.machine.listen(true)
    await playOn(tile, 1)
    return tile
  }

  // Would catch: M on a small tile says "no sound" although the camera's main stream has it.
  test('is the main stream where the sub stream is silent, until nobody listens any more', async () => {
    const tile = await listening()
    expect(tile.machine.shown?.source).toEqual(whepSub)
    tile.latest.tickets(all)
    expect(tile.latest.source).toEqual(whepMain)
    tile.latest.events.sound()
    tile.latest.events.connected()
    tile.latest.flow()
    expect(tile.machine.phase).toBe('playing')
    expect(tile.machine.hasSound).toBe(true)
    await playOn(tile, 60)
    expect(tile.attempts).toHaveLength(2)
    tile.machine.listen(false)
    await playOn(tile, 4)
    expect(tile.attempts).toHaveLength(3)
    tile.play()
    expect(tile.machine.shown?.source).toEqual(whepSub)
    await playOn(tile, 60)
    expect(tile.attempts).toHaveLength(3)
  })

  test('goes back to the sub stream where the main stream is silent too, and does not go round', async () => {
    const tile = await listening()
    tile.play()
    expect(tile.machine.shown?.source).toEqual(whepMain)
    await playOn(tile, 3)
    tile.play()
    expect(tile.machine.shown?.source).toEqual(whepSub)
    await playOn(tile, 120)
    expect(tile.attempts).toHaveLength(3)
  })

  test('is its own where the sub stream has sound, or nobody listens', async () => {
    for (const listens of [true, false]) {
      const tile = new ScriptedTile({ size: 'small' })
      if (listens) {
        tile.latest.events.sound()
        tile.machine.listen(true)
      }
      tile.play()
      await playOn(tile, 30)
      expect(tile.attempts).toHaveLength(1)
    }
  })
})

// Would catch: FROZEN for a second over every living picture when the guard comes back to the window: a hidden page draws nothing.
test('a picture that nobody saw for 4 s is not called frozen the moment it is seen again', async () => {
  const tile = new ScriptedTile()
  const playing = tile.play()
  await tile.seconds(3, () => playing.flow())
  tile.machine.setVisible(false)
  await tile.clock.pass(4_000)
  tile.machine.setVisible(true)
  expect(tile.machine).toMatchObject({ phase: 'playing', stale: false })
  await tile.seconds(4)
  expect(tile.machine.stale).toBe(true)
})

// Would catch: REFUSED for ever over a living picture: Alta asks the desk who may watch, and both were away for a moment.
test('a refused ticket is forgotten when the picture that it should replace comes back by itself', async () => {
  const tile = new ScriptedTile()
  const playing = tile.play()
  await tile.seconds(3, () => playing.flow())
  await tile.seconds(6)
  for (let time = 0; time < 2; time++) {
    expect(tile.latest).not.toBe(playing)
    tile.latest.tickets(all)
    tile.latest.fail({ reason: 'ticket-refused' })
  }
  expect(tile.machine.phase).toBe('blocked')
  await tile.seconds(60, () => playing.flow())
  expect(tile.machine).toMatchObject({ phase: 'playing', stale: false })
  expect(tile.open).toEqual([playing])
})
