/// <reference lib="dom" />
import AxeBuilder from '@axe-core/playwright'
import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { strangerScreens } from './stage/people-screens.ts'
import { changePasswordScreen, screens, startShowDesk, wear } from './stage/screens.ts'
import type { ShowDesk } from './stage/screens.ts'
import { signIn, test } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let desk: ShowDesk

test.beforeAll(async () => {
  desk = await startShowDesk()
})
test.afterAll(() => desk.stop())

async function complaints(page: Page): Promise<string[]> {
  const found: string[] = []
  // What lies behind a dialog is dimmed and out of reach.
  const dialog = (await page.getByRole('dialog').count()) > 0
  for (const theme of ['dark', 'light'] as const) {
    await wear(page, theme)
    // Within the page: it has no frames, for which alone axe would open a blank page beside it each time.
    const axe = new AxeBuilder({ page }).setLegacyMode()
    // Another theme changes colours and nothing else.
    if (theme === 'light') axe.withRules(['color-contrast'])
    const { violations } = await (dialog ? axe.include('[role="dialog"]') : axe).analyze()
    found.push(
      ...violations.map(
        ({ id, nodes }) => `${theme}: ${id} at ${nodes.map(({ target }) => target).join(' | ')}`,
      ),
    )
  }
  return found
}

// Would catch: a field without a label, text too faint on its ground, a list a screen reader cannot enter, a dialog
// without a name.
test('axe finds nothing on any screen, dark and light', async ({ page, watch }) => {
  test.setTimeout(180_000)
  watch.expect(/^console: .*404 .*\/desk\/loading-bay\//)
  const found: Record<string, string[]> = {}
  // Nothing moves for people who asked for that; axe then measures colours that stand still.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(desk.desk.origin)
  for (const screen of strangerScreens) {
    await screen.open(page, desk)
    found[screen.name] = await complaints(page)
  }
  await signIn(page, desk.desk.origin)
  for (const screen of [changePasswordScreen, ...screens]) {
    await screen.open(page, desk)
    found[screen.name] = await complaints(page)
  }
  expect(Object.entries(found).filter(([, list]) => list.length > 0)).toEqual([])
})

// Would catch: a control that only a mouse reaches, a focus that is lost after a dialog, a wall that needs dragging.
test('from sign-in to a playing wall with the keyboard alone', async ({ page, watch }) => {
  watch.expect(/^console: .*404 .*\/desk\/loading-bay\//)
  await desk.api.want('PUT', '/live/wall', { layout: '4', tiles: [] })
  await page.goto(desk.desk.origin)
  await expect(page.getByLabel('E-mail or username')).toBeFocused()
  await page.keyboard.type('admin@localhost')
  await page.keyboard.press('Tab')
  await page.keyboard.type('admin')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('wall')).toBeVisible()

  await page.keyboard.press('/')
  await expect(page.getByLabel('Search cameras')).toBeFocused()
  // Quicker than the list: Enter means what was typed, not what the list still shows.
  await page.keyboard.type('lobby')
  await page.keyboard.press('Enter')
  await expect(tileAt(page, 1).getByTestId('tile-name')).toHaveText('Lobby')
  await expectMoving(tileAt(page, 1))

  await page.keyboard.press('Control+a')
  await page.keyboard.type('gate')
  await expect(page.getByTestId('camera-list').getByRole('button')).toHaveText(/Gate/)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(tileAt(page, 2).getByTestId('tile-name')).toHaveText('Gate')
  await page.keyboard.press('Escape')
  await page.keyboard.press('2')
  await expect(tileAt(page, 2)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(tileAt(page, 2)).toHaveAttribute('data-enlarged', 'true')
  await expectMoving(tileAt(page, 2))

  await page.keyboard.press('Shift+F10')
  await expect(page.getByRole('menu')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(tileAt(page, 2)).toBeFocused()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('corridor')
  await expect(page.getByRole('option')).toHaveText(/Corridor/)
  await page.keyboard.press('Enter')
  await expect(tileAt(page, 3).getByTestId('tile-name')).toHaveText('Corridor')
})
