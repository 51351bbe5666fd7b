/// <reference lib="dom" />
import Database from 'better-sqlite3'
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import { addPerson, anotherBrowser, expectSignedIn, expectSignInPage, keptCodes } from './stage/people.ts'
import { takeForDocs } from './stage/pictures.ts'
import { startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage([])
})
test.afterAll(() => stage.stop())
test.beforeEach(({ watch }) => {
  // Refusals are part of these stories; browsers log every one.
  watch.expect(/^console: .*4(01|29) .*\/api\//)
})

/** Moves the focus by Tab alone and presses Enter there; fails where Tab never arrives. */
async function pressByKeys(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  for (let steps = 0; steps < 80; steps += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      await page.keyboard.press('Enter')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error('The Tab key does not lead there.')
}

/** Types these into the field that has the focus and those after it, and sends the form. */
async function typeForm(page: Page, first: string, ...others: string[]): Promise<void> {
  await page.keyboard.type(first)
  for (const text of others) {
    await page.keyboard.press('Tab')
    await page.keyboard.type(text)
  }
}

async function openAccountByKeys(page: Page): Promise<void> {
  await pressByKeys(page, page.getByRole('button', { name: /^Account of / }))
  await expect(page.getByRole('menuitem', { name: 'Account', exact: true })).toBeVisible()
  await page.keyboard.type('Acc')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()
}

// Would catch: a dialog, menu or form on the way that only a mouse can use, or that does not take the focus.
test('from the sign-in to a reset password and back, without a mouse', async ({ page, browser, watch }) => {
  const person = await addPerson(stage, 'rosa', 'Rosa Lind')
  const newPassword = 'three herons over the canal'
  await page.goto(stage.desk.origin)
  await expect(page.getByLabel('E-mail or username')).toBeFocused()
  await typeForm(page, person.username, person.password)
  await page.keyboard.press('Enter')
  await expectSignedIn(page)
  await openAccountByKeys(page)
  await pressByKeys(page, page.getByRole('button', { name: 'Make a recovery code' }))
  await expect(page.getByRole('dialog').getByLabel('Password')).toBeFocused()
  await typeForm(page, person.password)
  await page.keyboard.press('Enter')
  const [code = ''] = await keptCodes(page)
  await pressByKeys(page, page.getByRole('button', { name: 'I have kept them' }))
  await expect(page.getByText('Made. It resets a forgotten password.')).toBeVisible()

  const context = await anotherBrowser(browser, watch)
  const other = await context.newPage()
  await other.goto(stage.desk.origin)
  await expect(other.getByLabel('E-mail or username')).toBeFocused()
  await pressByKeys(other, other.getByRole('link', { name: 'Forgot the password?' }))
  await expect(other.getByRole('heading', { name: 'Forgot the password' })).toBeVisible()
  await expect(other.getByLabel('E-mail or username')).toBeFocused()
  await typeForm(other, person.username, code, newPassword)
  await expect(other.getByTestId('password-verdict')).toContainText('Hard to guess.')
  await takeForDocs(other, 'forgotten-password')
  await other.keyboard.press('Enter')
  await expect(other.getByRole('heading', { name: 'The password is changed' })).toBeVisible()
  await expectSignInPage(page)
  await expect(page.getByTestId('session-ended')).toBeVisible()
  await pressByKeys(other, other.getByRole('button', { name: 'I have kept it: sign in' }))
  await expect(other.getByLabel('E-mail or username')).toBeFocused()
  await typeForm(other, person.email, newPassword)
  await other.keyboard.press('Enter')
  await expectSignedIn(other)

  await openAccountByKeys(other)
  await pressByKeys(other, other.getByRole('button', { name: 'Set up an app' }))
  await expect(other.getByTestId('totp-qr')).toBeVisible()
  await expect(other.getByLabel('Code', { exact: true })).toBeFocused()
  await takeForDocs(other, 'authenticator-app')
  const secret = (await other.getByTestId('totp-secret').innerText()).replaceAll(' ', '')
  await typeForm(other, totpCode(secret, totpStep(Date.now())))
  await other.keyboard.press('Enter')
  expect(await keptCodes(other)).toHaveLength(8)
  await takeForDocs(other, 'backup-codes')
  await pressByKeys(other, other.getByRole('button', { name: 'I have kept them' }))
  await expect(other.getByTestId('totp-state')).toHaveText('On, 8 of 8 backup codes left')
  await context.close()
})

/** Nobody waits 15 minutes: what the desk wrote down about failures becomes that much older. */
function passQuarterOfAnHour(folder: string): void {
  const database = new Database(`${folder}/altavms.db`)
  try {
    database.prepare('update sign_in_failures set locked_until = locked_until - 900000').run()
  } finally {
    database.close()
  }
}

// Would catch: a lock that never opens again.
test('a locked name opens again after its 15 minutes', async ({ page }) => {
  const person = await addPerson(stage, 'lena', 'Lena Falk')
  const wrong = { username: person.username, password: 'not the password at all' }
  for (let tries = 0; tries < 10; tries += 1) await stage.api.call('POST', '/auth/login', wrong)
  await page.goto(stage.desk.origin)
  await expect(page.getByLabel('E-mail or username')).toBeFocused()
  await typeForm(page, person.username, person.password)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sign-in-form')).toContainText(/Try again in 1[45] minutes\./)
  passQuarterOfAnHour(stage.desk.folder)
  await page.keyboard.press('Enter')
  await expectSignedIn(page)
})
