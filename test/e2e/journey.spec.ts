/// <reference lib="dom" />
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import { hashPassword } from '../alta-simulator/config.ts'
import type { AltaServerOptions } from '../alta-simulator/options.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { cameraPair, leaveWall, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

test.describe.configure({ mode: 'serial' })

let stage: Stage
let alta: AltaServerHandle

test.beforeAll(async () => {
  const harbour: AltaServerOptions[] = [
    {
      name: 'Harbour',
      receivers: [
        ...cameraPair('gate', 'Gate', { audio: true }),
        ...cameraPair('lobby', 'Lobby'),
        ...cameraPair('dock', 'Loading dock'),
        ...Array.from({ length: 10 }, (_, index) => ({
          id: `corridor-${index + 1}`,
          name: `Corridor ${index + 1}`,
          kind: 'status' as const,
        })),
        { id: 'attic', name: 'Attic', kind: 'status' },
      ],
      archives: { main: { duration: 24, local: { locations: ['/opt/archive'] } } },
    },
  ]
  stage = await startStage(harbour, { ALTAVMS_ALTA_DRIFT_INTERVAL: '1s' })
  alta = firstOf(stage.altas)
  alta.config.users['watcher'] = { role: 'observer', token: hashPassword('watcher', 'looking') }
})
test.afterAll(() => stage.stop())

function firstOf<Value>(values: readonly Value[]): Value {
  const [first] = values
  if (first === undefined) throw new Error('There is none.')
  return first
}

function rows(page: Page): Locator {
  return page.getByRole('table', { name: 'Cameras' }).locator('tbody tr')
}

async function cameraId(name: string): Promise<string> {
  const { items } = await stage.api.want<{ items: { id: string }[] }>('GET', `/cameras?search=${name}`)
  return firstOf(items).id
}

// Would catch: a refusal that says nothing, or the same for every reason; a form that loses what was typed; an import
// that takes only the first receiver, or takes sub streams for cameras.
test('from an empty desk to imported cameras', async ({ page, watch }) => {
  watch.expect(/^console: .*401 .*\/api\/auth\/login$/, /^console: .*422 .*\/api\/servers$/)
  await page.goto(stage.desk.origin)
  await expect(page.getByLabel('E-mail or username')).toBeFocused()
  await page.getByLabel('E-mail or username').fill('admin@localhost')
  await page.getByLabel('Password').fill('not this one')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText(/password/i)
  await page.getByLabel('Password').fill('admin')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByTestId('wall')).toBeVisible()

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Add server' }).first().click()
  const dialog = page.getByRole('dialog')
  const add = dialog.getByRole('button', { name: 'Add server' })
  const type = (label: string, value: string): Promise<void> =>
    dialog.getByLabel(label, { exact: true }).fill(value)
  await type('Name', 'Harbour')
  await type('Base URL', alta.baseUrl)
  await type('Alta login', 'admin')
  await type('Alta password', 'wrong')
  await add.click()
  await expect(dialog.getByRole('alert')).toContainText('refuses this login and password')
  await type('Alta login', 'watcher')
  await type('Alta password', 'looking')
  await add.click()
  await expect(dialog.getByRole('alert')).toContainText('may only look')
  await type('Base URL', stage.desk.origin)
  await add.click()
  await expect(dialog.getByRole('alert')).toContainText('not the Alta management API')
  await type('Base URL', alta.baseUrl)
  await type('Alta login', 'admin')
  await type('Alta password', 'admin')
  await add.click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('row', { name: /Harbour/ })).toContainText('Healthy')

  await page.getByRole('link', { name: 'Cameras' }).click()
  await page.getByRole('button', { name: 'Add cameras' }).first().click()
  await dialog.getByLabel('Search receivers').fill('gate')
  await dialog.getByRole('checkbox', { name: 'Gate', exact: true }).check()
  await dialog.getByLabel('Search receivers').fill('')
  await dialog.getByRole('button', { name: 'Pick all 14' }).click()
  await dialog.getByRole('button', { name: 'Import 14 cameras' }).click()
  await expect(dialog.locator('[data-import-state="done"]')).toHaveCount(14)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByTestId('page-range')).toContainText('of 14')
  expect(Object.keys(alta.config.ott.channels)).toHaveLength(14)
  expect(alta.config.ott.channels['desk/gate']?.variants?.['sub']?.receiver).toBe('gate-sub')
  // The first wall of a person is what there is; some of these receivers carry no picture.
  await leaveWall(stage, { layout: '4', tiles: [] })
})

// Would catch: a search that matches nothing, a page size that is ignored, a status without its reason, a rename that
// Alta never hears of, a camera that is removed by one stray Enter, or whose channel stays on Alta.
test('the list and the page of a camera', async ({ page, watch }) => {
  watch.expect(/^console: .*409 .*\/api\/cameras\//)
  await signIn(page, stage.desk.origin)
  await page.getByRole('link', { name: 'Cameras' }).click()
  await page.getByLabel('Rows').selectOption('10')
  await expect(rows(page)).toHaveCount(10)
  await expect(page.getByTestId('page-range')).toHaveText('1–10 of 14')
  await page.getByRole('button', { name: 'Next page' }).click()
  await expect(rows(page)).toHaveCount(4)
  await page.getByLabel('Search cameras').fill('att')
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page)).toContainText(/Online.*Attic.*Harbour/)
  await alta.setFault('receiver-stalled', { receiver: 'attic' })
  await expect(rows(page)).toContainText(/Degraded.*Attic.*no usable picture.*Harbour/)
  await page.getByLabel('Search cameras').fill('gate')
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page)).toContainText(/Online.*Gate/)
  await page.getByRole('link', { name: 'Gate', exact: true }).click()

  const main = page.getByRole('region', { name: 'Main stream' })
  await expect(main).toContainText('H264')
  await expect(main).toContainText('640 × 360')
  await expect(main).toContainText('10 fps')
  await expect(main).toContainText(/\d+ kbit\/s/)
  await expect(page.getByRole('region', { name: 'Sub stream' })).toContainText('320 × 180')

  await page.getByLabel('Name', { exact: true }).fill('Main gate')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('heading', { name: 'Main gate' })).toBeVisible()
  expect(alta.config.ott.channels['desk/gate']?.name).toBe('Main gate')

  await page.getByRole('combobox', { name: 'Sub stream' }).selectOption({ label: 'None' })
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('region', { name: 'Sub stream' })).not.toContainText('320 × 180')
  expect(Object.keys(alta.config.ott.channels['desk/gate']?.variants ?? {})).toEqual(['main'])
  await page.getByRole('combobox', { name: 'Sub stream' }).selectOption('gate-sub')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('region', { name: 'Sub stream' })).toContainText('320 × 180')

  await page.getByLabel('Recording storage').selectOption({ label: 'None: live only' })
  await page.getByRole('button', { name: 'Save changes' }).click()
  const dialog = page.getByRole('dialog')
  const destroy = dialog.getByRole('button', { name: 'Delete recordings and save' })
  await expect(destroy).toBeDisabled()
  await dialog.getByRole('textbox').fill('Main gate')
  await destroy.click()
  await expect(dialog).toBeHidden()
  expect(alta.config.ott.channels['desk/gate']?.archive).toBeUndefined()

  await page.goto(`${stage.desk.origin}/cameras/${await cameraId('Corridor 10')}`)
  await page.getByRole('button', { name: 'Remove' }).click()
  const remove = dialog.getByRole('button', { name: 'Remove camera' })
  await dialog.getByRole('textbox').fill('Corridor 1')
  await expect(remove).toBeDisabled()
  await dialog.getByRole('textbox').fill('Corridor 10')
  await remove.click()
  await expect(page).toHaveURL(/\/cameras$/)
  await expect(page.getByTestId('page-range')).toContainText('of 13')
  expect(alta.config.ott.channels['desk/corridor-10']).toBeUndefined()
  expect(alta.config.receivers['corridor-10']).toBeDefined()
})

// Would catch: a wall of frozen or black pictures that calls itself live, a drop that goes to another tile, a large tile
// that stays on the sub stream, a key that does nothing, two tiles that sound at once, a wall that is forgotten.
test('a wall of moving pictures, by mouse and by keys', async ({ page }) => {
  await signIn(page, stage.desk.origin)
  await page.getByRole('button', { name: 'Layout 9', exact: true }).click()
  const list = page.getByTestId('camera-list')
  const ids = { gate: await cameraId('gate'), lobby: await cameraId('lobby'), dock: await cameraId('dock') }
  for (const [words, name, place] of [
    ['lobby', 'Lobby', 5],
    ['dock', 'Loading dock', 2],
    ['gate', 'Main gate', 1],
  ] as const) {
    await page.getByLabel('Search cameras').fill(words)
    await expect(list.getByRole('button')).toHaveCount(1)
    await expect(list.getByRole('button')).toContainText(name)
    await list.getByRole('button').dragTo(tileAt(page, place))
  }
  const small = await Promise.all([1, 2, 5].map((place) => expectMoving(tileAt(page, place))))
  expect(small.map(({ width }) => width)).toEqual([320, 320, 320])
  for (const place of [1, 2, 5]) {
    await expect(tileAt(page, place).getByTestId('tile-source')).toContainText('WHEP sub')
  }
  await expect(tileAt(page, 5).getByTestId('tile-name')).toHaveText('Lobby')

  await tileAt(page, 5).dragTo(tileAt(page, 2))
  await expect(tileAt(page, 2)).toHaveAttribute('data-camera-id', ids.lobby)
  await expect(tileAt(page, 5)).toHaveAttribute('data-camera-id', ids.dock)
  await tileAt(page, 2).dblclick()
  await expect(tileAt(page, 2)).toHaveAttribute('data-enlarged', 'true')
  await expect(tileAt(page, 2)).toHaveAttribute('data-variant', 'main')
  expect((await expectMoving(tileAt(page, 2))).width).toBe(640)
  await tileAt(page, 2).dblclick()
  await expect(tileAt(page, 2)).toHaveAttribute('data-enlarged', 'false')
  await expect(tileAt(page, 2)).toHaveAttribute('data-variant', 'sub')

  await page.keyboard.press('ArrowLeft')
  await expect(tileAt(page, 1)).toBeFocused()
  await page.keyboard.press('m')
  await expect(tileAt(page, 1)).toHaveAttribute('data-audible', 'true')
  await expect(tileAt(page, 1).getByTestId('tile-sound')).toHaveText('Sound')
  await expect.poll(() => tileAt(page, 1).evaluate((tile) => tile.querySelector('video')?.muted)).toBe(false)
  await page.keyboard.press('5')
  await expect(tileAt(page, 5)).toBeFocused()
  await page.keyboard.press('m')
  await expect(page.locator('[data-audible="true"]')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(tileAt(page, 5)).toHaveAttribute('data-enlarged', 'true')
  await page.keyboard.press('Escape')
  await expect(tileAt(page, 5)).toHaveAttribute('data-enlarged', 'false')
  await page.keyboard.press('Control+ArrowUp')
  await expect(tileAt(page, 2)).toHaveAttribute('data-camera-id', ids.dock)
  await expect(tileAt(page, 5)).toHaveAttribute('data-camera-id', ids.lobby)
  await page.keyboard.press('f')
  await expect(page.getByRole('navigation', { name: 'Rooms' })).toBeHidden()
  expect(await page.evaluate(() => document.fullscreenElement !== null)).toBe(true)
  await page.keyboard.press('f')
  await expect(page.getByRole('navigation', { name: 'Rooms' })).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys of the wall' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('1')
  await page.keyboard.press('Delete')
  await expect(tileAt(page, 1)).toHaveAttribute('data-phase', 'empty')
  await page.getByRole('button', { name: 'Layout 1+5' }).click()
  await expect(page.getByTestId('tile')).toHaveCount(6)

  // At once: what was arranged in the last moment counts too.
  await page.reload()
  await expect(page.getByTestId('wall')).toHaveAttribute('data-layout', '1+5')
  await expect(tileAt(page, 1)).toHaveAttribute('data-phase', 'empty')
  await expect(tileAt(page, 2)).toHaveAttribute('data-camera-id', ids.dock)
  await Promise.all([2, 5].map((place) => expectMoving(tileAt(page, place))))
  expect(alta.problems()).toEqual([])
})

// Would catch: drift that is only counted, a repair that changes what is not ours, a channel of another desk that is
// taken without asking, a server that is removed and leaves our objects behind.
test('drift is shown and repaired, a channel is taken over, and a server leaves without a trace', async ({
  page,
  watch,
}) => {
  watch.expect(/^console: .*409 .*\/api\/cameras$/)
  await leaveWall(stage, { layout: '4', tiles: [] })
  await signIn(page, stage.desk.origin)
  const channel = alta.config.ott.channels['desk/dock']
  if (!channel) throw new Error('The channel is missing on Alta.')
  channel.name = 'Somebody was here'
  channel['note'] = 'theirs'
  await page.goto(`${stage.desk.origin}/settings/servers`)
  await page.getByRole('link', { name: 'Harbour' }).click()
  await expect(page.getByTestId('server-state')).toContainText('Config drift')
  await expect(page.getByTestId('drift').locator('tbody tr')).toHaveText(
    /desk\/dock.*name.*Loading dock.*Somebody was here/,
  )
  await page.getByRole('button', { name: 'Repair' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Repair' }).click()
  await expect(page.getByTestId('server-state')).toContainText('Healthy')
  expect(alta.config.ott.channels['desk/dock']).toMatchObject({ name: 'Loading dock', note: 'theirs' })

  const others = 'alta-desk-00c0ffee'
  alta.config.ott.authorizers[others] = { default: 'deny' }
  alta.config.ott.channels['desk/corridor-10'] = {
    authorizer: others,
    variants: { main: { receiver: 'corridor-10' } },
  }
  await page.goto(`${stage.desk.origin}/cameras`)
  await page.getByRole('button', { name: 'Add cameras' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Search receivers').fill('corridor 10')
  await dialog.getByRole('checkbox', { name: 'Corridor 10' }).check()
  await dialog.getByRole('button', { name: 'Import 1 camera' }).click()
  await expect(dialog.locator('[data-import-state="take-over"]')).toContainText('desk/corridor-10')
  expect(alta.config.ott.channels['desk/corridor-10'].authorizer).toBe(others)
  await dialog.getByRole('textbox').fill('desk/corridor-10')
  await dialog.getByRole('button', { name: 'Take over' }).click()
  await expect(dialog.locator('[data-import-state="done"]')).toHaveCount(1)
  await dialog.getByRole('button', { name: 'Done' }).click()

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Harbour' }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await dialog.getByRole('textbox').fill('Harbour')
  await dialog.getByRole('button', { name: 'Remove server' }).click()
  await expect(page.getByText('No server yet')).toBeVisible()
  expect(Object.keys(alta.config.ott.channels)).toEqual([])
  expect(Object.keys(alta.config.ott.authorizers)).toEqual([others])
  expect(alta.config.servers['ott']?.allow_origin ?? []).toEqual([])
  expect(alta.problems()).toEqual([])
})
