/// <reference lib="dom" />
import { deletes, expect, test, untilSmooth, untilState } from './player-page/player-fixtures.ts'

test.describe('one camera', () => {
  test('plays moving pictures by WHEP, and closing it deletes the session and leaves nothing', async ({
    playerPage,
    alta,
  }) => {
    await playerPage.evaluate(() => window.player.add('cam-1', 'large'))
    await untilState(playerPage, 'cam-1', {
      phase: 'playing',
      protocol: 'whep',
      variant: 'main',
      picture: 'video',
    })
    await untilSmooth(playerPage, 'cam-1')
    const state = await playerPage.evaluate(() => window.player.state('cam-1'))
    expect(state).toMatchObject({ width: 640, height: 360, stale: false, reason: null })
    expect(alta.sessions()).toHaveLength(1)

    const counters = await playerPage.evaluate(async () => {
      const { wall } = window.player
      await window.player.closeWall()
      return wall.counters()
    })
    expect(counters).toMatchObject({
      tiles: 0,
      peerConnections: 0,
      hlsPlayers: 0,
      videos: 0,
      timers: 0,
      listeners: 0,
      postsInFlight: 0,
      deletesInFlight: 0,
      sessionsGranted: 1,
      sessionsDeleted: 1,
    })
    expect(alta.sessions()).toHaveLength(0)
    expect(deletes(alta)).toBe(1)
  })

  test('a page that is left deletes its session', async ({ playerPage, alta }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'playing' })
    await playerPage.goto('about:blank')
    await expect.poll(() => deletes(alta)).toBe(1)
    await expect.poll(() => alta.sessions().length).toBe(0)
  })

  test('a session that is granted after the tile has gone is deleted too', async ({ playerPage, alta }) => {
    await alta.setFault('slow', { listener: 'ott', delayMs: 700 })
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await playerPage.waitForFunction(() => window.player.wall.counters().postsInFlight === 1)
    await playerPage.evaluate(() => window.player.closeWall())
    expect(deletes(alta)).toBe(1)
    expect(alta.sessions()).toHaveLength(0)
  })

  test('candidates go in one PATCH with the ETag', async ({ playerPage, alta }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'playing' })
    await expect.poll(() => alta.requests().filter(({ method }) => method === 'PATCH').length).toBe(1)
    expect(alta.requests().filter(({ method, status }) => method === 'PATCH' && status === 204)).toHaveLength(
      1,
    )
  })

  test('fifty openings leave nothing behind', async ({ playerPage, alta }) => {
    test.slow()
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'playing' })
    const counters = await playerPage.evaluate(async () => {
      const { player } = window
      player.remove('cam-1')
      for (let opening = 0; opening < 50; opening++) {
        player.add('cam-1')
        // Some are closed while they negotiate, some when they play.
        await new Promise((resolve) => setTimeout(resolve, (opening % 10) * 40))
        player.remove('cam-1')
      }
      const { wall } = player
      await player.closeWall()
      return { ...wall.counters(), elements: document.querySelectorAll('video, canvas').length }
    })
    expect(counters).toMatchObject({ peerConnections: 0, videos: 0, timers: 0, listeners: 0, elements: 0 })
    expect(counters.sessionsDeleted).toBe(counters.sessionsGranted)
    await expect.poll(() => alta.sessions().length).toBe(0)
  })

  test('going large keeps the small picture until the large one draws', async ({ playerPage }) => {
    await playerPage.evaluate(() => window.player.add('cam-1', 'small'))
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'sub' })
    await playerPage.evaluate(() => window.player.tile('cam-1').setSize('large'))
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'main', width: 640, trying: false })
    const phases = await playerPage.evaluate(() => window.player.phases('cam-1'))
    expect(phases.at(-1)).toBe('playing')
    const pictures = await playerPage.evaluate(() =>
      (window.player.history.get('cam-1') ?? []).map(({ state }) => state.picture),
    )
    // Once there was a picture, there was one all the time.
    expect(pictures.slice(pictures.indexOf('video'))).not.toContain('none')
    expect(pictures.slice(pictures.indexOf('video'))).not.toContain('still')
    expect(await playerPage.evaluate(() => window.player.wall.counters())).toMatchObject({
      peerConnections: 1,
      videos: 1,
    })
  })

  test('a hidden tile stops after five seconds and resumes when it is shown again', async ({
    playerPage,
    alta,
  }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'playing' })
    await playerPage.evaluate(() => window.player.tile('cam-1').setVisible(false))
    await untilState(playerPage, 'cam-1', { phase: 'hidden', picture: 'still', protocol: 'still' })
    await expect.poll(() => alta.sessions().length).toBe(0)
    await playerPage.evaluate(() => window.player.tile('cam-1').setVisible(true))
    await untilState(playerPage, 'cam-1', { phase: 'playing', picture: 'video' })
  })

  test('a hidden page stops its tiles, whatever the tile says', async ({ playerPage, alta }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'playing' })
    const setVisibility = (state: string): Promise<void> =>
      playerPage.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, state)
    await setVisibility('hidden')
    await untilState(playerPage, 'cam-1', { phase: 'hidden' })
    await expect.poll(() => alta.sessions().length).toBe(0)
    await setVisibility('visible')
    await untilState(playerPage, 'cam-1', { phase: 'playing' })
  })

  test('a camera the desk leaves out is blocked and shows nothing', async ({ playerPage }) => {
    await playerPage.evaluate(() => window.player.add('cam-9'))
    await untilState(playerPage, 'cam-9', { phase: 'blocked', reason: 'not-available', picture: 'none' })
  })

  test('a codec that this browser cannot play is said, and the other variant is played', async ({
    playerPage,
  }) => {
    await playerPage.evaluate(() => {
      const { player } = window
      player.sources = player.sources.map((source) =>
        source.variant === 'main' ? { ...source, codec: 'hevc' } : source,
      )
      player.add('cam-1', 'large')
    })
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'sub', reason: null })
    const { unplayable } = await playerPage.evaluate(() => window.player.state('cam-1'))
    expect(unplayable).toContainEqual({ kind: 'whep', variant: 'main', codec: 'hevc' })
    await playerPage.evaluate(() => {
      const { player } = window
      player.remove('cam-1')
      player.sources = player.sources.map((source) => ({ ...source, codec: 'hevc' }))
      player.add('cam-1')
    })
    await untilState(playerPage, 'cam-1', { phase: 'not-playable', reason: 'codec-not-playable' })
  })
})

test.describe('a wall of sixteen', () => {
  test.use({ cameras: 2 })

  test('has at most six POSTs in flight, asks for tickets once, and leaves nothing', async ({
    playerPage,
  }) => {
    await playerPage.evaluate(() => {
      const { player } = window
      const [one = [], two = []] = ['cam-1', 'cam-2'].map((id) =>
        player.sources.filter(({ cameraId }) => cameraId === id),
      )
      // Sixteen cameras of the desk, two of the simulator: two cores have to encode them.
      player.sources = Array.from({ length: 16 }, (_, index) =>
        (index % 2 ? one : two).map((source) => ({ ...source, cameraId: `tile-${index}` })),
      ).flat()
      for (let index = 0; index < 16; index++) player.add(`tile-${index}`)
    })
    for (let index = 0; index < 16; index++)
      await untilState(playerPage, `tile-${index}`, { phase: 'playing' })
    const { calls, counters, after } = await playerPage.evaluate(async () => {
      const { player } = window
      const { wall } = player
      const counters = wall.counters()
      await player.closeWall()
      return { calls: player.ticketCalls.length, counters, after: wall.counters() }
    })
    expect(calls).toBe(1)
    expect(counters.peerConnections).toBe(16)
    expect(counters.postsInFlightMax).toBeLessThanOrEqual(6)
    expect(after).toMatchObject({
      peerConnections: 0,
      videos: 0,
      timers: 0,
      listeners: 0,
      sessionsDeleted: 16,
    })
  })
})
