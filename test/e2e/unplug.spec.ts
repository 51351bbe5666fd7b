/// <reference lib="dom" />
import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { cameraPair, furnish, leaveWall, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { drawnFrames, expectMoving, tileAt } from './stage/tiles.ts'

/** "Its tiles say so within 3 s." */
const saidWithinMs = 3_000

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage([
    { name: 'North', receivers: [...cameraPair('n-1', 'North 1'), ...cameraPair('n-2', 'North 2')] },
    { name: 'South', receivers: [...cameraPair('s-1', 'South 1'), ...cameraPair('s-2', 'South 2')] },
  ])
})
test.afterAll(() => stage.stop())

/** Milliseconds by the page's own clock until every one of these tiles has (or, with `not`, has lost) these attributes. */
async function untilTiles(
  page: Page,
  places: readonly number[],
  attributes: Readonly<Record<string, string>>,
  sinceMs: number,
  not = false,
): Promise<number> {
  const doneAt = await page.waitForFunction(
    ([indices, wanted, lost]) => {
      const tiles = indices.map((index) => document.querySelector(`[data-tile-index="${index}"]`))
      const fits = tiles.every((tile) =>
        Object.entries(wanted).every(([name, value]) => (tile?.getAttribute(name) === value) !== lost),
      )
      return fits ? performance.now() : false
    },
    [places.map((place) => place - 1), attributes, not] as const,
    { polling: 'raf' },
  )
  return Number(await doneAt.jsonValue()) - sinceMs
}

function pageTime(page: Page): Promise<number> {
  return page.evaluate(() => performance.now())
}

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

  const pulledAt = await pageTime(page)
  const others = [drawnFrames(tileAt(page, 3), 40), drawnFrames(tileAt(page, 4), 40)]
  await north.stop()
  const saidAfterMs = await untilTiles(page, [1, 2], { 'data-word': 'Live' }, pulledAt, true)
  const staleAfterMs = await untilTiles(page, [1, 2], { 'data-stale': 'true' }, pulledAt)
  await expect(tileAt(page, 1).getByTestId('tile-headline')).toContainText('STALE')
  for (const drawn of await Promise.all(others)) expect(drawn.pictures).toBeGreaterThan(35)
  for (const place of [3, 4]) await expect(tileAt(page, place)).toHaveAttribute('data-stale', 'false')

  const backAt = await pageTime(page)
  await north.start()
  const returned = { 'data-picture': 'video', 'data-stale': 'false', 'data-protocol': 'whep' }
  const returnedAfterMs = await untilTiles(page, [1, 2], returned, backAt)
  await Promise.all([1, 2, 3, 4].map((place) => expectMoving(tileAt(page, place))))

  test
    .info()
    .annotations.push(
      { type: 'said', description: `${Math.round(saidAfterMs)} ms after the plug was pulled` },
      { type: 'stale', description: `${Math.round(staleAfterMs)} ms after the plug was pulled` },
      { type: 'returned', description: `${Math.round(returnedAfterMs)} ms after the plug was back` },
    )
  expect(saidAfterMs).toBeLessThan(saidWithinMs)
  // STALE means 3 s without a frame, and the tiles look once a second.
  expect(staleAfterMs).toBeLessThan(saidWithinMs + 1_500)
})
