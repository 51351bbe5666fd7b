/// <reference lib="dom" />
import type { Page } from '@playwright/test'
import { login } from '../unit/simulator/alta-client.ts'
import { startForeignServer } from './player-page/foreign-server.ts'
import type { ForeignServer } from './player-page/foreign-server.ts'
import { expect, test as base, untilSmooth, untilState } from './player-page/player-fixtures.ts'

const test = base.extend<{ foreign: ForeignServer }>({
  foreign: async ({ alta, playerPage }, use) => {
    const foreign = await startForeignServer(alta, playerPage)
    await use(foreign)
    await foreign.close()
  },
})

/** Every reason that the tile gave, without repetitions. */
const reasons = (page: Page): Promise<unknown[]> =>
  page.evaluate(() => [
    ...new Set((window.player.history.get('cam-1') ?? []).map(({ state }) => state.reason)),
  ])

// Would catch: pion's examples and older Broadcast Boxes, whose answer Go calls text/plain, are never played by WHEP.
test('an answer that is a session description plays, whatever type it is said to have', async ({
  playerPage,
  foreign,
}) => {
  foreign.habits.answerType = 'text/plain; charset=utf-8'
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep' })
  expect(foreign.methods.filter((method) => method === 'POST')).toHaveLength(1)
})

// Would catch: a server that answers 400 to a PATCH it does not know, and needs our candidates, is left for HLS.
test('a PATCH that is refused with 400 means no trickle: the next offer is whole', async ({
  playerPage,
  alta,
  foreign,
}) => {
  const whole: boolean[] = []
  foreign.habits.patchStatus = 400
  foreign.habits.onOffer = async (sdp) => {
    const hasCandidates = sdp.includes('a=candidate:')
    whole.push(hasCandidates)
    await alta.setFault('whep-silent', hasCandidates ? false : { stage: 'ice' })
  }
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep' })
  expect(whole).toEqual([false, true])
  expect(await reasons(playerPage)).toEqual([null])
})

// Would catch: a camera that reboots costs ten minutes of HLS, and the server's Retry-After is dropped.
test('WHEP that is away for a moment is played again soon after it is back', async ({
  playerPage,
  alta,
  foreign,
}) => {
  await playerPage.evaluate(() => window.player.add('cam-1'))
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep' })
  Object.assign(foreign.habits, { postStatus: 404, retryAfterSeconds: 5 })
  // A channel that is started again ends the sessions that were there.
  const { call } = await login(alta)
  for (const action of ['stop', 'start'])
    expect((await call('POST', `/api/ott/channels/${action}?id=cam-1`)).status).toBeLessThan(300)
  await untilState(playerPage, 'cam-1', { phase: 'fallback', protocol: 'hls', reason: 'whep-absent' }, 40_000)
  foreign.habits.postStatus = undefined
  await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep', reason: null }, 30_000)
})

test.describe('behind a reverse proxy that answers 502 to preflights while the server is away', () => {
  // Would catch: the 502 reads as "allow_origin lacks this page", and an administrator mends what is right.
  test('a tile that is opened says that the server is away, and plays once it is back', async ({
    playerPage,
    alta,
    foreign,
  }) => {
    await alta.stop()
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { reason: 'server-unreachable' })
    // Often enough that a page would suspect CORS.
    await expect.poll(() => foreign.methods.length).toBeGreaterThanOrEqual(4)
    expect(await reasons(playerPage)).toEqual([null, 'server-unreachable'])
    await alta.start()
    await untilState(playerPage, 'cam-1', { phase: 'playing', protocol: 'whep', reason: null }, 30_000)
  })

  // Would catch: twelve seconds into a stopped server its old session ends at last, and the tile says "connection lost".
  test('a tile that was playing goes on saying so when its old session ends', async ({
    playerPage,
    alta,
    foreign,
  }) => {
    expect(foreign.methods).toEqual([])
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilSmooth(playerPage, 'cam-1')
    await alta.stop()
    await untilState(playerPage, 'cam-1', { picture: 'video', reason: 'server-unreachable' })
    await untilState(playerPage, 'cam-1', { picture: 'still' }, 40_000)
    expect(await playerPage.evaluate(() => window.player.state('cam-1').reason)).toBe('server-unreachable')
    expect(await reasons(playerPage)).not.toContain('connection-lost')
    await alta.start()
    await untilState(playerPage, 'cam-1', { phase: 'playing', stale: false, reason: null }, 30_000)
  })
})

test.describe('a camera with sound in its main stream alone', () => {
  test.use({
    altaOptions: {
      receivers: [
        { id: 'r-1', width: 640, height: 360, audio: true },
        { id: 'r-1-sub', width: 320, height: 180 },
      ],
    },
  })

  const listen = (page: Page, on: boolean): Promise<void> =>
    page.evaluate((muted) => window.player.tile('cam-1').setMuted(muted), !on)

  // Would catch: M on a small tile says "no sound" although the main stream has it.
  test('sounds from a small tile, which plays the main stream until it is muted', async ({ playerPage }) => {
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'sub', hasSound: false })
    await listen(playerPage, true)
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'main', hasSound: true })
    expect(await playerPage.evaluate(() => document.querySelector('video')?.muted)).toBe(false)
    await listen(playerPage, false)
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'sub', hasSound: false })
    const pictures = await playerPage.evaluate(() =>
      (window.player.history.get('cam-1') ?? []).map(({ state }) => state.picture),
    )
    expect(new Set(pictures.slice(pictures.indexOf('video')))).toEqual(new Set(['video']))
  })

  // Would catch: an audio track that a server announces and never sends on is called sound.
  test('has none while its audio track stays silent, and the small tile goes back to its own stream', async ({
    playerPage,
    alta,
  }) => {
    await alta.setFault('whep-no-sound', true)
    await playerPage.evaluate(() => window.player.add('cam-1'))
    await listen(playerPage, true)
    await untilState(playerPage, 'cam-1', { picture: 'video', variant: 'main' })
    await untilState(playerPage, 'cam-1', { phase: 'playing', variant: 'sub' })
    const sounds = await playerPage.evaluate(() =>
      (window.player.history.get('cam-1') ?? []).map(({ state }) => state.hasSound),
    )
    expect(new Set(sounds)).toEqual(new Set([false]))
  })
})
