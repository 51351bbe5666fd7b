/// <reference lib="dom" />
import { expect } from '@playwright/test'
import { cameraPair, furnish, leaveWall, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage
let cameraIds: string[]

test.beforeAll(async () => {
  const receivers = [
    ...cameraPair('roof', 'Roof', { codec: 'h265' }),
    { id: 'cellar', name: 'Cellar', codec: 'h265' as const, width: 640, height: 360, fps: 10 },
    ...cameraPair('gate', 'Gate'),
    ...cameraPair('dock', 'Dock'),
  ]
  stage = await startStage([{ name: 'Harbour', receivers }])
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  const { cameras } = await furnish(stage, alta, ['roof', 'cellar', 'gate', 'dock'])
  cameraIds = cameras.map(({ id }) => id)
})
test.afterAll(() => stage.stop())

// Would catch: a black tile for H.265 without a word, a playable sub stream that is not used, an HLS picture that looks
// as fresh as WebRTC, a fallback that never climbs back.
test('codecs that cannot be played and a server without WHEP are said, and what can be played is', async ({
  page,
  watch,
}) => {
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  watch.expect(/^console: .*404 .*\/desk\/gate\/whep$/)
  await alta.setFault('whep-absent', { channel: 'desk/gate' })
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
  await expect(tileAt(page, 3).getByTestId('tile-remark')).toContainText('no WHEP')
  await expect(tileAt(page, 3).getByTestId('tile-source')).toContainText(/HLS \w+.*\+\d/)
  await expectMoving(tileAt(page, 4))

  await alta.clearFault('whep-absent')
  await page.keyboard.press('3')
  await page.keyboard.press('r')
  await expectMoving(tileAt(page, 3), 'whep')
})

// Would catch: trusting bytes. A stopped receiver goes on delivering its last picture, which looks like a quiet yard.
test('a camera that froze is told from a quiet one', async ({ page, watch }) => {
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  watch.expect(/^console: .*(409|404) .*\/desk\/dock\//)
  await leaveWall(stage, { layout: '4', tiles: [null, null, cameraIds[2] ?? null, cameraIds[3] ?? null] })
  await signIn(page, stage.desk.origin)
  await expectMoving(tileAt(page, 4))
  await alta.setFault('receiver-stalled', { receiver: 'dock' })
  await alta.setFault('receiver-stalled', { receiver: 'dock-sub' })
  await expect(tileAt(page, 4)).toHaveAttribute('data-stale', 'true')
  await expect(tileAt(page, 4).getByTestId('tile-headline')).toContainText('STALE')
  await expect(tileAt(page, 3)).toHaveAttribute('data-stale', 'false')

  await alta.clearFaults()
  await alta.setFault('receiver-frozen', { receiver: 'dock' })
  await alta.setFault('receiver-frozen', { receiver: 'dock-sub' })
  // The same frames come again and again; only Alta's own word tells.
  await expect(page.getByTestId('camera-list').getByRole('button', { name: /Dock/ })).toContainText(
    'Degraded',
  )
  await expect(tileAt(page, 4)).not.toHaveAttribute('data-word', 'Live')

  await alta.clearFaults()
  await expect(page.getByTestId('camera-list').getByRole('button', { name: /Dock/ })).toContainText('Online')
  await expectMoving(tileAt(page, 4))
  await expect(tileAt(page, 4)).toHaveAttribute('data-word', 'Live')
})
