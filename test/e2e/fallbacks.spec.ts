/// <reference lib="dom" />
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import type { ConsoleWatch } from './stage/console-watch.ts'
import { cameraPair, furnish, leaveWall, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage
let cameraIds: string[]
let porchId: string

test.beforeAll(async () => {
  const receivers = [
    ...cameraPair('roof', 'Roof', { codec: 'h265' }),
    { id: 'cellar', name: 'Cellar', codec: 'h265' as const, width: 640, height: 360, fps: 10 },
    ...cameraPair('gate', 'Gate'),
    ...cameraPair('dock', 'Dock'),
    { id: 'porch', name: 'Porch', width: 160, height: 90, fps: 5 },
  ]
  const archives = { main: { duration: 24, local: { locations: ['/opt/archive'] } } }
  // Status and configuration are read once a second: most of these tests wait for the next reading, again and again. What
  // a tile says between two readings five seconds apart is looked at in fault-rounds.spec.ts.
  const intervals = { ALTAVMS_ALTA_STATUS_INTERVAL: '1s', ALTAVMS_ALTA_DRIFT_INTERVAL: '1s' }
  stage = await startStage([{ name: 'Harbour', receivers, archives }], intervals)
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  const { server, cameras } = await furnish(stage, alta, ['roof', 'cellar', 'gate', 'dock'])
  cameraIds = cameras.map(({ id }) => id)
  const recorded = { serverId: server.id, receiverId: 'porch' }
  porchId = (await stage.api.want<Camera>('POST', '/cameras', recorded)).id
})
test.afterAll(() => stage.stop())
test.afterEach(() => alta().clearFaults())

function alta(): AltaServerHandle {
  const [only] = stage.altas
  if (!only) throw new Error('A server is needed.')
  return only
}

// Would catch: a black tile for H.265 without a word, a playable sub stream that is not used, an HLS picture that looks
// as fresh as WebRTC, a fallback that never climbs back.
test('codecs that cannot be played and a server without WHEP are said, and what can be played is', async ({
  page,
  watch,
}) => {
  watch.expect(/^console: .*404 .*\/desk\/gate\/whep$/)
  await alta().setFault('whep-absent', { channel: 'desk/gate' })
  await leaveWall(stage, { layout: '4', tiles: cameraIds })
  await signIn(page, stage.desk.origin)

  // Large, where the main stream is wanted: the sub stream is what this browser can play.
  await tileAt(page, 1).dblclick()
  expect((await expectMoving(tileAt(page, 1))).width).toBe(320)
  await expect(tileAt(page, 1)).toHaveAttribute('data-variant', 'sub')
  await expect(tileAt(page, 1).getByTestId('tile-remark')).toContainText(
    'H.265 is not played by this browser',
  )
  await page.keyboard.press('Escape')

  await expect(tileAt(page, 2)).toHaveAttribute('data-phase', 'not-playable')
  await expect(tileAt(page, 2).getByTestId('tile-headline')).toContainText('H.265')
  await expect(tileAt(page, 2).getByTestId('tile-headline')).toContainText('Add an H.264 sub stream')

  await expectMoving(tileAt(page, 3), 'hls')
  await expect(tileAt(page, 3).getByTestId('tile-remark')).toContainText('no WebRTC for this stream')
  await expect(tileAt(page, 3).getByTestId('tile-source')).toContainText(/HLS \w+.*\+\d/)
  await expectMoving(tileAt(page, 4))

  await alta().clearFault('whep-absent')
  await page.keyboard.press('3')
  await page.keyboard.press('r')
  await expectMoving(tileAt(page, 3), 'whep')
})

/** A tile and its camera in the list. */
interface Watched {
  readonly tile: Locator
  readonly entry: Locator
}

/** The gate and the dock on a wall, as its last two tiles; returns the dock, and as `gate` the other. */
async function watchDock(page: Page, watch: ConsoleWatch): Promise<Watched & { readonly gate: Watched }> {
  watch.expect(/^console: .*(409|404) .*\/desk\/dock\//)
  await leaveWall(stage, { layout: '4', tiles: [null, null, cameraIds[2] ?? null, cameraIds[3] ?? null] })
  await signIn(page, stage.desk.origin)
  const [gate, dock] = [/Gate/, /Dock/].map((name, index): Watched => ({
    tile: tileAt(page, 3 + index),
    entry: page.getByTestId('camera-list').getByRole('button', { name }),
  }))
  if (!gate || !dock) throw new Error('Two tiles are needed.')
  await expectWords([gate, dock], 'Live')
  return { ...dock, gate }
}

/** The same wall, on which the dock plays by WHEP and the gate, whose channel has none, by HLS. */
async function watchBothProtocols(
  page: Page,
  watch: ConsoleWatch,
): Promise<(Watched & { readonly protocol: 'whep' | 'hls' })[]> {
  watch.expect(/^console: .*(409|404) .*\/desk\/gate\//)
  await alta().setFault('whep-absent', { channel: 'desk/gate' })
  const { gate, ...dock } = await watchDock(page, watch)
  return [
    { ...dock, protocol: 'whep' },
    { ...gate, protocol: 'hls' },
  ]
}

/** The picture is called old, since when, and counted as old: whatever the browser draws. */
async function expectFrozen(tile: Locator): Promise<void> {
  await expect(tile).toHaveAttribute('data-word', 'Frozen')
  await expect(tile).toHaveAttribute('data-picture', 'video')
  await expect(tile.getByTestId('tile-headline')).toContainText('FROZEN')
  await expect(tile.getByTestId('tile-since')).toContainText(/since \d\d:\d\d:\d\d/)
  await expect.poll(() => tile.getAttribute('data-age-ms').then(Number)).toBeGreaterThan(1_000)
}

/** Every tile says so, each within the time that one has. */
async function expectWords(
  tiles: readonly Watched[],
  words: string,
  options: { readonly timeout?: number } = {},
): Promise<void> {
  await Promise.all(tiles.map(({ tile }) => expect(tile).toHaveAttribute('data-word', words, options)))
}

async function freeze(...receivers: string[]): Promise<void> {
  for (const receiver of receivers) await alta().setFault('receiver-frozen', { receiver })
}

async function thaw(...receivers: string[]): Promise<void> {
  for (const receiver of receivers) await alta().clearFault('receiver-frozen', { receiver })
}

/** Picture, stream and word of a tile that is well. */
async function expectLive(tile: Locator, variant: 'main' | 'sub', protocol: 'whep' | 'hls'): Promise<void> {
  await expect(tile).toHaveAttribute('data-variant', variant)
  await expect(tile).toHaveAttribute('data-word', 'Live')
  await expectMoving(tile, protocol)
}

test('a source that delivers nothing leaves a frozen picture, and the tile beside it plays on', async ({
  page,
  watch,
}) => {
  const { tile } = await watchDock(page, watch)
  for (const receiver of ['dock', 'dock-sub']) await alta().setFault('receiver-stalled', { receiver })
  await expect(tile).toHaveAttribute('data-stale', 'true')
  await expect(tile.getByTestId('tile-headline')).toContainText('FROZEN')
  await expect(tileAt(page, 3)).toHaveAttribute('data-stale', 'false')
  await alta().clearFaults()
  await expectLive(tile, 'sub', 'whep')
})

// Would catch: trusting bytes, or drawn frames. Alta goes on sending the last full picture of a receiver that has stopped, which
// looks like a quiet yard: only its status tells, and only that of the stream which the tile plays.
test('a frozen source is never called live, by WHEP or HLS, in whatever state the tile meets it', async ({
  page,
  watch,
}) => {
  const both = await watchBothProtocols(page, watch)
  const expectBothFrozen = (): Promise<void[]> => Promise.all(both.map(({ tile }) => expectFrozen(tile)))
  const expectBothLive = (variant: 'main' | 'sub'): Promise<void[]> =>
    Promise.all(both.map(({ tile, protocol }) => expectLive(tile, variant, protocol)))

  // Both streams, while the tiles play: enlarged and loaded again they are no better.
  await freeze('dock', 'dock-sub', 'gate', 'gate-sub')
  await expectBothFrozen()
  for (const { tile, entry } of both) {
    await expect(entry).toContainText('Degraded')
    await tile.dblclick()
    await expect(tile).toHaveAttribute('data-enlarged', 'true')
    await expectFrozen(tile)
    await page.keyboard.press('Escape')
  }
  await page.reload()
  await expectBothFrozen()

  // The main streams return: they are played although the tiles are small; then the sub streams again.
  await thaw('dock', 'gate')
  await expectBothLive('main')
  await thaw('dock-sub', 'gate-sub')
  await expectBothLive('sub')
  for (const { entry } of both) await expect(entry).toContainText('Online')

  // The sub streams alone, while they play.
  await freeze('dock-sub', 'gate-sub')
  await expectBothLive('main')
  await thaw('dock-sub', 'gate-sub')
  await expectBothLive('sub')

  // The main streams alone: the tiles play on, and say so together with the list, enlarged too.
  await freeze('dock', 'gate')
  const subOnly = 'Live (sub stream only)'
  await expectWords(both, subOnly)
  for (const { tile, entry, protocol } of both) {
    await expect(entry).toContainText(subOnly)
    await tile.dblclick()
    await expect(tile).toHaveAttribute('data-enlarged', 'true')
    await expect(tile).toHaveAttribute('data-word', subOnly)
    await expectMoving(tile, protocol)
    await page.keyboard.press('Escape')
  }
})

// Would catch: a list that says Offline beside tiles that say Live.
test('a server whose management does not respond is said beside the picture, on the tile and in the list', async ({
  page,
  watch,
}) => {
  const { tile, entry } = await watchDock(page, watch)
  const words = 'Live; server not responding'
  await alta().setFault('refuse', { listener: 'api' })
  await expect(tile).toHaveAttribute('data-word', words)
  await expect(entry).toContainText(words)
  await page.reload()
  await expect(tile).toHaveAttribute('data-word', words)
  await expectMoving(tile)
  await alta().clearFaults()
  await expectLive(tile, 'sub', 'whep')
  await expect(entry).toContainText('Online')
})

// Would catch: REC on a camera that is recorded by nobody, because a storage was chosen for it once.
test('REC is shown while the server records, and its absence is said where it should', async ({ page }) => {
  await leaveWall(stage, { layout: '1', tiles: [porchId] })
  await signIn(page, stage.desk.origin)
  const recording = tileAt(page, 1).getByTestId('tile-recording')
  const entry = page.getByTestId('camera-list').getByRole('button', { name: /Porch/ })
  await expect(recording).toHaveText('REC')
  await expect(entry).toContainText(', recording')

  delete alta().config.ott.channels['desk/porch']?.archive
  alta().configChanged()
  await expect(recording).toHaveText('Not recording')
  await expect(recording).toHaveAttribute('title', /^Not recording: .*no storage on Alta/)
  // The browser shows a title only of what the pointer can reach.
  await recording.hover()
  await expect(entry).toContainText('not recording')
  await page.goto(`${stage.desk.origin}/cameras`)
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await expect(row('Porch')).toContainText('Not recording')
  await expect(row('Dock')).not.toContainText('ecording')
})

// Would catch: a frozen source of a server without status, whose picture passes for a playing one for ever; and a picture that
// may be a quiet yard, but is dimmed or called frozen.
test('where the server has no status, a picture that is not changing is said to be so, by WHEP and HLS', async ({
  page,
  watch,
}) => {
  const both = await watchBothProtocols(page, watch)
  await alta().setFault('no-status', true)
  await expectWords(both, 'Playing; status unknown')
  await freeze('dock', 'dock-sub', 'gate', 'gate-sub')
  const words = 'Picture not changing'
  await expectWords(both, words, { timeout: 45_000 })
  for (const { tile, entry, protocol } of both) {
    await expect(tile).toHaveAttribute('data-protocol', protocol)
    await expect(tile.getByText(words)).toHaveClass(/\btext-picture-degraded\b/)
    await expect(tile.getByTestId('tile-remark')).toContainText('no status from the server')
    await expect(tile.getByTestId('tile-headline')).toHaveCount(0)
    await expect(tile).toHaveAttribute('data-stale', 'false')
    await expect(tile.getByTestId('stage').locator('..')).toHaveCSS('opacity', '1')
    await expect(entry).toContainText(words)
  }

  await thaw('dock', 'dock-sub', 'gate', 'gate-sub')
  await expectWords(both, 'Playing; status unknown')
  await Promise.all(both.map(({ tile, protocol }) => expectMoving(tile, protocol)))
  await alta().clearFault('no-status')
  await expectWords(both, 'Live')
})
