/// <reference lib="dom" />
import { expect, test, untilState } from './player-page/player-fixtures.ts'

test('a tile plays moving pictures by WHEP', async ({ playerPage }) => {
  await playerPage.evaluate(() => window.player.add('cam-1', 'large'))
  await untilState(playerPage, 'cam-1', {
    phase: 'playing',
    protocol: 'whep',
    variant: 'main',
    picture: 'video',
  })
  await untilState(playerPage, 'cam-1', { framesPerSecond: 25 })
  const state = await playerPage.evaluate(() => window.player.state('cam-1'))
  expect(state).toMatchObject({ width: 640, height: 360, stale: false, reason: null })
})
