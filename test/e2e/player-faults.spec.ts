/// <reference lib="dom" />
import { deletes, expect, test, untilSmooth, untilState } from './player-page/player-fixtures.ts'

test('without WHEP a tile plays HLS, says its delay, and asks for WHEP once', async ({
  playerPage,
  alta,
}) => {
  await alta.setFault('whep-absent', true)
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', {
    phase: 'fallback',
    protocol: 'hls',
    variant: 'sub',
    reason: 'whep-absent',
  })
  await expect
    .poll(() => playerPage.evaluate(() => window.player.state('cam-1').delayMs), { timeout: 10_000 })
    .toBeGreaterThan(0)
  expect(alta.requests().filter(({ method }) => method === 'POST')).toHaveLength(1)
  expect(await playerPage.evaluate(() => window.player.state('cam-1').width)).toBe(320)
  const counters = await playerPage.evaluate(async () => {
    const { wall } = window.player
    await window.player.closeWall()
    return wall.counters()
  })
  expect(counters).toMatchObject({ hlsPlayers: 0, videos: 0, timers: 0, listeners: 0 })
})

test('WHEP that sends nothing is left for HLS, and climbed back to behind the picture', async ({
  playerPage,
  alta,
}) => {
  test.slow()
  await alta.setFault('whep-silent', true)
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'fallback', protocol: 'hls', reason: 'no-data' })
  await alta.clearFault('whep-silent')
  // The verdict of a first silence expires after half a minute.
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep', reason: null }, 60_000)
  const history = await playerPage.evaluate(() =>
    (window.player.history.get('cam-1') ?? []).map(({ state }) => state),
  )
  const first = history.findIndex(({ picture }) => picture === 'video')
  expect(new Set(history.slice(first).map(({ picture }) => picture))).toEqual(new Set(['video']))
  expect(await playerPage.evaluate(() => window.player.wall.counters())).toMatchObject({
    hlsPlayers: 0,
    videos: 1,
  })
})

test('a server that stops is noticed, then said, and its picture returns by itself', async ({
  playerPage,
  alta,
}) => {
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilSmooth(playerPage, 'cam-1')
  const stoppedAt = await playerPage.evaluate(() => performance.now())
  await alta.stop()
  await untilState(playerPage, 'cam-1', { stale: true })
  const times = await playerPage.evaluate((from) => {
    const entries = (window.player.history.get('cam-1') ?? []).filter(({ at }) => at > from)
    const first = (test: (state: (typeof entries)[number]['state']) => boolean): number =>
      (entries.find(({ state }) => test(state))?.at ?? Infinity) - from
    return {
      noticed: first(({ phase }) => phase !== 'playing'),
      said: first(({ stale }) => stale),
    }
  }, stoppedAt)
  expect(times.noticed).toBeLessThan(times.said)
  await untilState(playerPage, 'cam-1', { reason: 'server-unreachable' })
  await alta.start()
  await untilState(playerPage, 'cam-1', { phase: 'playing', stale: false, protocol: 'whep' })
})

test('a dead server does not keep the tiles of another waiting', async ({ playerPage, alta }) => {
  await playerPage.evaluate(() => {
    const { player } = window
    const own = player.sources.map((source) => ({ ...source, serverId: 'living', cameraId: 'alive' }))
    const dead = Array.from({ length: 12 }, (_, index) =>
      player.sources.map((source) => ({
        ...source,
        cameraId: `dead-${index}`,
        serverId: 'dead',
        url: source.url.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'),
      })),
    ).flat()
    player.sources = [...dead, ...own]
    for (let index = 0; index < 12; index++) player.add(`dead-${index}`)
    player.add('alive')
  })
  await untilState(playerPage, 'alive', { phase: 'playing' }, 8000)
  await untilState(playerPage, 'dead-11', { phase: 'retry-wait', reason: 'server-unreachable' })
  expect(alta.sessions()).toHaveLength(1)
})

test('409 and 503 are tried again after the time the server names', async ({ playerPage, alta }) => {
  await alta.setFault('whep-not-live', { retryAfterSeconds: 1 })
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'retry-wait', reason: 'not-live-yet' })
  await alta.clearFault('whep-not-live')
  await alta.setFault('whep-busy', { retryAfterSeconds: 1 })
  await untilState(playerPage, 'cam-1', { phase: 'retry-wait', reason: 'server-busy' })
  await alta.clearFaults()
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep', reason: null })
  const posts = alta.requests().filter(({ method }) => method === 'POST')
  const gaps = posts.slice(1).map(({ at }, index) => at - (posts[index]?.at ?? 0))
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(990)
})

test('a counter-offer is answered', async ({ playerPage, alta }) => {
  await alta.setFault('whep-counter-offer', true)
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep', variant: 'sub' })
  await playerPage.evaluate(() => window.player.closeWall())
  expect(deletes(alta)).toBe(1)
})

test('a server that refuses PATCH is played all the same', async ({ playerPage, alta }) => {
  await alta.setFault('whep-no-patch', true)
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep' })
})

test('a path that breaks is mended by an ICE restart, without a new session', async ({
  playerPage,
  alta,
}) => {
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilSmooth(playerPage, 'cam-1')
  await alta.setFault('whep-silent', { stage: 'ice' })
  await untilState(playerPage, 'cam-1', { phase: 'stalled' })
  await expect
    .poll(() => alta.requests().filter(({ method, status }) => method === 'PATCH' && status === 200).length)
    .toBe(1)
  await alta.clearFaults()
  await untilState(playerPage, 'cam-1', { phase: 'playing', stale: false })
  expect(
    alta.requests().filter(({ method, path }) => method === 'POST' && path.includes('whep')),
  ).toHaveLength(1)
})

test('lost packets make a tile weak, not dead', async ({ playerPage, alta }) => {
  await alta.setFault('packet-loss', { percent: 20 })
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { weak: true, protocol: 'whep' })
})

test('the picture of a stopped receiver is frozen: nothing is thrashed, and it plays again when Alta says so', async ({
  playerPage,
  alta,
}) => {
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'playing' })
  await alta.setFault('receiver-frozen', { receiver: 'r-1-sub' })
  const tell = (state: 'lost' | 'live') =>
    playerPage.evaluate((told) => {
      const stream = { state: told, sinceAt: Date.now() }
      window.player.tile('cam-1').setHealth({ main: stream, sub: stream })
    }, state)
  await tell('lost')
  await untilState(playerPage, 'cam-1', { phase: 'frozen', reason: 'receiver-stopped', stale: true })
  await alta.clearFaults()
  await tell('live')
  await untilState(playerPage, 'cam-1', { phase: 'playing', stale: false })
  expect(alta.requests().filter(({ method }) => method === 'POST')).toHaveLength(1)
})

test.describe('with an authorizer that denies', () => {
  test.use({
    altaOptions: {
      authorizers: { nobody: { ip: [], securetoken: '', backend: [], default: 'deny' } },
      channels: {
        'cam-1': {
          enable: true,
          name: 'Camera 1',
          authorizer: 'nobody',
          variants: { main: { receiver: 'r-1' }, sub: { receiver: 'r-1-sub' } },
        },
      },
    },
  })

  test('a refused ticket is replaced once, then the tile is blocked until somebody acts', async ({
    playerPage,
    alta,
  }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'blocked', reason: 'ticket-refused' })
    expect(alta.requests().filter(({ method }) => method === 'POST')).toHaveLength(2)
    expect(await playerPage.evaluate(() => window.player.ticketCalls.length)).toBe(2)
    delete alta.config.ott.channels['cam-1']?.authorizer
    // Before the tile tries again: a change ends the sessions that were there.
    alta.configChanged()
    await playerPage.evaluate(() => window.player.tile('cam-1').retryNow())
    await untilState(playerPage, 'cam-1', { picture: 'video', protocol: 'whep' })
  })
})

test('a desk that is away is asked again', async ({ playerPage }) => {
  await playerPage.evaluate(() => {
    window.player.ticketsFail = true
    window.player.add('cam-1')
  })
  await untilState(playerPage, 'cam-1', { phase: 'retry-wait', reason: 'desk-unreachable' })
  await playerPage.evaluate(() => (window.player.ticketsFail = false))
  await untilState(playerPage, 'cam-1', { phase: 'playing' })
})

test('a network that lets no UDP through is played by HLS', async ({ playerPage, alta }) => {
  await alta.setFault('whep-silent', { stage: 'ice' })
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'fallback', protocol: 'hls', reason: 'no-connection' })
  // Main and sub share the way: one try is enough to know.
  expect(alta.requests().filter(({ method }) => method === 'POST')).toHaveLength(1)
})

test('an HLS session that Alta has forgotten is opened anew with a fresh ticket', async ({
  playerPage,
  alta,
}) => {
  await alta.setFault('whep-absent', true)
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { protocol: 'hls', picture: 'video' })
  const tickets = await playerPage.evaluate(() => window.player.ticketCalls.length)
  await alta.stop()
  await alta.start()
  await expect
    .poll(() => playerPage.evaluate(() => window.player.ticketCalls.length), { timeout: 30_000 })
    .toBeGreaterThan(tickets)
  await alta.clearFaults()
  await untilState(playerPage, 'cam-1', { picture: 'video', stale: false }, 30_000)
})

test.describe('without this page in allow_origin', () => {
  test.use({ altaOptions: { allowOrigin: ['http://elsewhere.example'] } })

  test('the tile says that the server refuses the page, and does not hammer it', async ({
    playerPage,
    alta,
  }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'retry-wait', reason: 'page-refused' })
    expect(alta.requests().length).toBeLessThan(30)
  })
})

test.describe('with relays named by the server', () => {
  test.use({
    altaOptions: {
      iceServers: [
        { url: 'stun:127.0.0.1:9' },
        { url: 'turn:127.0.0.1:9?transport=udp', username: 'desk', credential: 'secret' },
        { url: 'turn:not a relay', username: 'desk', credential: 'secret' },
      ],
    },
  })

  test('they are used by the next session, and one that is wrong does not stop the picture', async ({
    playerPage,
  }) => {
    for (let opening = 0; opening < 2; opening++) {
      await playerPage.evaluate(() => window.player.add('cam-1'))
      await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep' })
      await playerPage.evaluate(() => window.player.remove('cam-1'))
    }
  })
})
