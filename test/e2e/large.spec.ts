/// <reference lib="dom" />
import { expect } from '@playwright/test'
import { startLargeDesk } from '../fixtures/large-desk.ts'
import type { LargeDesk } from '../fixtures/large-desk.ts'
import { signIn, test } from './stage/stage.ts'

const cameras = 1_000
let large: LargeDesk

test.beforeAll(async () => {
  test.setTimeout(180_000)
  large = await startLargeDesk(4, cameras / 4)
  await large.api.want('PUT', '/live/wall', { layout: '25', tiles: [] })
})
test.afterAll(() => large.stop())

// Would catch: a list that draws a thousand rows, a table that asks for everything at once, a search that waits.
test('a thousand cameras: lists stay short in the page and quick', async ({ page }) => {
  await signIn(page, large.desk.origin)
  const list = page.getByTestId('camera-list')
  await expect(page.getByText('1000 cameras')).toBeVisible()
  await expect.poll(() => list.getByRole('button').count()).toBeGreaterThan(10)
  expect(await list.getByRole('button').count()).toBeLessThan(80)

  // From the keyboard to the end, over pages that are loaded on the way.
  await page.getByLabel('Search cameras').press('ArrowDown')
  await expect(async () => {
    await page.keyboard.press('End')
    await expect(list.locator(`[data-index="${cameras - 1}"]`)).toBeFocused({ timeout: 300 })
  }).toPass({ intervals: [0] })
  expect(await list.getByRole('button').count()).toBeLessThan(80)

  await page.getByLabel('Search cameras').fill('camera 3.25')
  await expect(list.getByRole('button')).toHaveCount(2)

  await page.getByRole('link', { name: 'Cameras' }).click()
  await expect(page.getByTestId('page-range')).toHaveText('1–25 of 1000')
  await page.getByLabel('Rows').selectOption('100')
  await expect(page.locator('tbody tr[data-row-id]')).toHaveCount(100)
  await page.getByLabel('Search cameras').fill('Camera 4.249')
  await expect(page.locator('tbody tr[data-row-id]')).toHaveCount(1)
})
