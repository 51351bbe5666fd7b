/// <reference lib="dom" />
import { expect } from '@playwright/test'
import { cameraPair, furnish, leaveWall, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { drawnFrames, expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage([
    { name: 'North', receivers: [...cameraPair('n-1', 'North 1'), ...cameraPair('n-2', 'North 2')] },
    { name: 'South', receivers: [...cameraPair('s-1', 'South 1'), ...cameraPair('s-2', 'South 2')] },
  ])
})
test.afterAll(() => stage.stop())

// Would catch: a picture that stands still and calls itself live, one dead server that stops the wall of another, tiles
// that stay dark until somebody reloads.
test('a server that loses its plug is said on its tiles only, and its pictures return', async ({
  page,
  watch,
}) => {
  const [north, south] = stage.altas
  if (!north || !south) throw new Error('Two servers are needed.')
  const northern = await furnish(stage, north, ['n-1', 'n-2'])
  const southern = await furnish(stage, south, ['s-1', 's-2'])
  const tiles = [...northern.cameras, ...southern.cameras].map(({ id }) => id)
  await leaveWall(stage, { layout: '4', tiles })
  const dead = new URL(north.ottUrl).host
  // The page knocks at the door of a dead server until it answers, whatever it answers.
  watch.expect(new RegExp(`^console: .*(net::ERR_.* http://${dead}/|404 .* http://${dead}/$)`))
  await signIn(page, stage.desk.origin)
  await Promise.all([1, 2, 3, 4].map((place) => expectMoving(tileAt(page, place))))

  const others = [drawnFrames(tileAt(page, 3), 40), drawnFrames(tileAt(page, 4), 40)]
  await north.stop()
  for (const place of [1, 2]) {
    await expect(tileAt(page, place)).not.toHaveAttribute('data-word', 'Live')
    await expect(tileAt(page, place)).toHaveAttribute('data-stale', 'true')
  }
  await expect(tileAt(page, 1).getByTestId('tile-headline')).toContainText('FROZEN')
  for (const drawn of await Promise.all(others)) expect(drawn.pictures).toBeGreaterThan(35)
  for (const place of [3, 4]) await expect(tileAt(page, place)).toHaveAttribute('data-stale', 'false')

  await north.start()
  for (const place of [1, 2]) await expect(tileAt(page, place)).toHaveAttribute('data-stale', 'false')
  await Promise.all([1, 2, 3, 4].map((place) => expectMoving(tileAt(page, place))))
})
