/// <reference lib="dom" />
import { expect } from '@playwright/test'
import {
  cameraPair,
  furnish,
  leaveWall,
  ownAdmin,
  ownAdminVariables,
  signIn,
  startStage,
  test,
} from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage

test.beforeAll(async () => {
  const receivers = [...cameraPair('gate', 'Gate'), ...cameraPair('dock', 'Dock')]
  stage = await startStage([{ name: 'Harbour', receivers }], ownAdminVariables, ownAdmin)
})
test.afterAll(() => stage.stop())

// Would catch: a page that needs crypto.randomUUID, navigator.locks or the clipboard of a secure context; Alta's
// allow_origin without the name under which colleagues open the desk, or with one that nobody allowed; a cookie that
// only https gets.
test('a colleague sees the wall under a plain-HTTP name of the LAN, once it is allowed', async ({
  page,
  watch,
}) => {
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  // The admin added the server under 127.0.0.1; nobody has told Alta of the other name.
  const { cameras } = await furnish(stage, alta, ['gate', 'dock'])
  await leaveWall(stage, { layout: '4', tiles: cameras.map(({ id }) => id) })
  const origin = stage.desk.origin.replace('127.0.0.1', 'desk.example')
  expect(alta.config.servers['ott']?.allow_origin ?? []).not.toContain(origin)

  await signIn(page, origin, ownAdmin)
  expect(await page.evaluate(() => window.isSecureContext)).toBe(false)
  // What a browser says of a server that does not let this page read.
  watch.expect(/^console: .*(?:CORS policy|net::ERR_FAILED)/)
  // The page asks whether the server is there at all, at an address that has nothing to give.
  watch.expect(/^console: .*404 .*http:\/\/127\.0\.0\.1:\d+\/$/)
  // A header that counts only where the page came by https.
  watch.expect(/^console: The Cross-Origin-Opener-Policy header has been ignored/)
  await expect(page.getByTestId('blocked-address')).toContainText(origin)
  expect(alta.config.servers['ott']?.allow_origin).not.toContain(origin)
  // Under an address of the machine itself nothing is asked.
  const own = await page.context().newPage()
  await signIn(own, stage.desk.origin.replace('127.0.0.1', 'localhost'), ownAdmin)
  await expectMoving(tileAt(own, 1))
  await expect(own.getByTestId('blocked-address')).toHaveCount(0)
  await own.close()

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Listener' }).click()
  await page.getByRole('button', { name: `Allow ${origin}` }).click()
  await expect(page.getByRole('button', { name: `Withdraw ${origin}` })).toBeVisible()
  await page.getByRole('link', { name: 'Live' }).click()
  await expectMoving(tileAt(page, 1))
  await expectMoving(tileAt(page, 2))
  await expect(page.getByTestId('blocked-address')).toHaveCount(0)
  expect(alta.config.servers['ott']?.allow_origin).toContain(origin)
  expect(alta.config.servers['ott']?.allow_origin).toContain(stage.desk.origin)

  await page.reload()
  await expectMoving(tileAt(page, 1))
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Harbour' }).click()
  await expect(page.getByTestId('server-state')).toContainText('Healthy')

  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})

// Would catch: a desk that lets the whole LAN in with the password of the documentation.
test('while the documented password stands, only this machine is answered', async ({ page, watch }) => {
  const fresh = await startStage([])
  try {
    watch.expect(/^console: .*403 /)
    // Another machine, as a proxy on this one tells of it: a test has no second machine.
    await page.setExtraHTTPHeaders({ 'x-forwarded-for': '192.168.0.77' })
    const answer = await page.goto(fresh.desk.origin)
    expect(answer?.status()).toBe(403)
    await expect(page.locator('body')).toContainText('change it')

    await page.setExtraHTTPHeaders({})
    await signIn(page, fresh.desk.origin)
    await page.getByTestId('must-change-password').getByRole('button', { name: 'Change password' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Current password').fill('admin')
    await dialog.getByLabel('New password').fill(ownAdmin.password)
    await dialog.getByRole('button', { name: 'Change password' }).click()
    await expect(page.getByTestId('must-change-password')).toBeHidden()
    await page.setExtraHTTPHeaders({ 'x-forwarded-for': '192.168.0.77' })
    const account = { email: 'admin@localhost', password: ownAdmin.password }
    await signIn(page, fresh.desk.origin.replace('127.0.0.1', 'desk.example'), account)
  } finally {
    await fresh.stop()
  }
})

// Would catch: a sign-in that the browser forgets at once, again and again, because the desk expects a TLS proxy that
// is not there.
test('a desk that expects https says so where it is opened without', async ({ page }) => {
  const expecting = await startStage([], { ...ownAdminVariables, ALTAVMS_HTTP_TLS_ENABLED: 'true' }, ownAdmin)
  await page.goto(expecting.desk.origin.replace('127.0.0.1', 'desk.example'))
  await expect(page.getByTestId('lacks-https')).toContainText('https://desk.example/')
  // The machine's own address is as good as TLS to a browser.
  await page.goto(expecting.desk.origin)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(page.getByTestId('lacks-https')).toHaveCount(0)
  await expecting.stop()
})
