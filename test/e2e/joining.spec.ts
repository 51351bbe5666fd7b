import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import Database from 'better-sqlite3'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import { freePort } from '../fixtures/desk-process.ts'
import {
  anotherBrowser,
  expectSignedIn,
  expectSignInPage,
  keptCodes,
  signOutByMenu,
  typePassword,
} from './stage/people.ts'
import { signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'

const newcomer = {
  displayName: 'Wilma Torn',
  email: 'wilma@desk.example',
  username: 'wilma',
  password: 'a lantern under the stairs',
}
let stage: Stage | undefined

test.beforeEach(({ watch }) => watch.expect(/^console: .*4(01|03|04|09|22) .*\/api\//))
test.afterEach(async ({ page }) => {
  // A page whose desk goes away complains.
  await page.goto('about:blank')
  await stage?.stop()
  stage = undefined
})

/** A desk that says under which address it is reached. */
async function startPublicStage(variables: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const address = `127.0.0.1:${await freePort()}`
  stage = await startStage([], {
    ALTAVMS_HTTP_ADDR: address,
    PUBLIC_URL: `http://${address}`,
    ...variables,
  })
  return stage
}

async function fillJoinForm(page: Page, fields: typeof newcomer): Promise<void> {
  await page.getByLabel('Your name').fill(fields.displayName)
  await page.getByLabel('E-mail').fill(fields.email)
  await page.getByLabel('Username').fill(fields.username)
  await page.getByLabel('Password').fill(fields.password)
  await page.getByRole('button', { name: 'Make account' }).click()
}

// Would catch: a link that leads elsewhere, an invite that a mistake uses up or that works for ever, an error that is not
// beside its field, a recovery code that nobody sees.
test('an invite, from its making to its end', async ({ page, browser, watch }) => {
  const { desk } = await startPublicStage()
  await signIn(page, desk.origin)
  await page.goto(`${desk.origin}/settings/invites`)
  await page.getByRole('button', { name: 'Invite people' }).first().click()
  await page.getByLabel('How many people').fill('1')
  await page.getByRole('button', { name: 'Make invite' }).click()
  const link = await page.getByTestId('invite').getByRole('textbox', { name: 'Link' }).inputValue()
  expect(link).toMatch(new RegExp(`^${desk.origin}/register\\?invite=[A-Z0-9]{12}$`))
  await page.getByRole('button', { name: 'Done' }).click()

  const theirs = await anotherBrowser(browser, watch)
  const guest = await theirs.newPage()
  await guest.goto(link)
  await expect(guest.getByLabel('Invite')).not.toHaveValue('')
  const form = guest.getByTestId('join-form')
  await fillJoinForm(guest, { ...newcomer, username: 'admin' })
  await expect(form).toContainText('Somebody else has this username')
  await fillJoinForm(guest, { ...newcomer, password: 'Wilma Torn' })
  await expect(guest.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true')
  await fillJoinForm(guest, newcomer)
  const [recoveryCode = ''] = await keptCodes(guest)
  expect(recoveryCode).toMatch(/^[A-Z2-9]{4}(-[A-Z2-9]{4})+$/)
  await guest.getByRole('button', { name: 'I have kept it: go to the wall' }).click()
  await expect(guest.getByTestId('wall')).toBeVisible()
  await expect(guest.getByRole('button', { name: 'Account of Wilma Torn' })).toBeVisible()
  await signOutByMenu(guest)
  await typePassword(guest, { email: newcomer.username, password: newcomer.password })
  await expectSignedIn(guest)

  const late = await anotherBrowser(browser, watch)
  const second = await late.newPage()
  await second.goto(link)
  await fillJoinForm(second, { ...newcomer, email: 'late@desk.example', username: 'late' })
  await expect(second.getByLabel('Invite')).toHaveAttribute('aria-invalid', 'true')
  await page.reload()
  await expect(page.getByRole('row', { name: /Used up/ })).toBeVisible()
  await theirs.close()
  await late.close()
})

// Would catch: a desk whose door is open although it should be closed, or that hides that it is open.
test('open and closed registration', async ({ page }) => {
  const open = await startPublicStage({ REGISTRATION_MODE: 'open' })
  await page.goto(open.desk.origin)
  await page.getByRole('link', { name: 'Make an account' }).click()
  await fillJoinForm(page, newcomer)
  await keptCodes(page)
  // Whoever reloads instead of going on is signed in all the same.
  await page.goto(open.desk.origin)
  await expectSignedIn(page)
  await page.goto('about:blank')
  await open.stop()

  const closed = await startPublicStage({ REGISTRATION_MODE: 'closed' })
  await page.goto(closed.desk.origin)
  await expectSignInPage(page)
  await expect(page.getByRole('link', { name: 'Forgot the password?' })).toBeVisible()
  await expect(page.getByRole('link', { name: /Make an account|I have an invite/ })).toHaveCount(0)
  await page.goto(`${closed.desk.origin}/register`)
  await expect(page.getByText('Nobody can register at this desk')).toBeVisible()
})

// Would catch: a demand for an app that only the page knows and the desk does not, or that nobody can fulfil.
test('an administrator asks everybody for an authenticator app', async ({ page, browser, watch }) => {
  const { desk } = await startPublicStage({ REGISTRATION_MODE: 'open' })
  await page.goto(`${desk.origin}/register`)
  await fillJoinForm(page, newcomer)
  await page.getByRole('button', { name: 'I have kept it: go to the wall' }).click()
  await expectSignedIn(page)

  const office = await anotherBrowser(browser, watch)
  const admin = await office.newPage()
  await signIn(admin, desk.origin)
  await admin.goto(`${desk.origin}/settings/sign-in`)
  await expect(admin.getByTestId('ways-in')).toContainText('Everybody who reaches the desk may make one.')
  await admin.getByLabel('Who must have one').selectOption('Everybody')
  await expect(admin.getByTestId('totp-rule')).toContainText('You have no app yourself')
  await admin.getByRole('button', { name: 'Save rule' }).click()

  for (const one of [admin, page]) {
    await one.reload()
    const refused: string[] = []
    one.on('response', (answer) => {
      if (answer.status() === 403) refused.push(new URL(answer.url()).pathname)
    })
    await expect(one.getByRole('heading', { name: 'Set up an authenticator app' })).toBeVisible()
    const shown = (await one.getByTestId('totp-secret').filter({ hasText: /\w{4}/ }).textContent()) ?? ''
    const code = totpCode(shown.replaceAll(' ', ''), totpStep(Date.now()))
    await one.getByLabel('Code', { exact: true }).fill(code)
    await one.keyboard.press('Enter')
    await keptCodes(one)
    await one.getByRole('button', { name: 'I have kept them' }).click()
    await expectSignedIn(one)
    // The page asks for nothing that it will not get.
    expect(refused).toEqual([])
  }
  await office.close()
})

// Would catch: a demand for the password that leads nowhere, loses what was typed, or makes the account without it.
test('an administrator who signed in a while ago types the password again to make another', async ({
  page,
}) => {
  const { desk } = await startPublicStage()
  await signIn(page, desk.origin)
  await page.goto(`${desk.origin}/settings/users`)
  await page.getByRole('button', { name: 'Add user' }).first().click()
  const dialog = page.getByRole('dialog').filter({ has: page.locator('#user-form') })
  await dialog.getByLabel('Name', { exact: true }).fill(newcomer.displayName)
  await dialog.getByLabel('E-mail').fill(newcomer.email)
  await dialog.getByLabel('Username').fill(newcomer.username)
  await dialog.getByLabel('Administrator').check()
  const database = new Database(join(desk.folder, 'altavms.db'))
  database.prepare('update sessions set proved_at = 0').run()
  database.close()

  const add = dialog.getByRole('button', { name: 'Add user' })
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await add.click()
  await expect(proof.getByLabel('Your password')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(proof).toHaveCount(0)
  await expect(dialog).toContainText('more than 15 minutes ago')
  await expect(dialog.getByLabel('E-mail')).toHaveValue(newcomer.email)
  await add.click()
  await expect(proof.getByLabel('Your password')).toBeFocused()
  await page.keyboard.type('not the password')
  await page.keyboard.press('Enter')
  await expect(proof.getByLabel('Your password')).toHaveAttribute('aria-invalid', 'true')
  await proof.getByLabel('Your password').fill('admin')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toContainText(`${newcomer.displayName} is added`)
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

// Would catch: a password that its administrator knows for ever, a demand that nobody can get past or that all can.
test('a password that somebody else gave is changed before anything else', async ({
  page,
  browser,
  watch,
}) => {
  const { desk } = await startPublicStage()
  await signIn(page, desk.origin)
  await page.goto(`${desk.origin}/settings/users`)
  await page.getByRole('button', { name: 'Add user' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(newcomer.displayName)
  await dialog.getByLabel('E-mail').fill(newcomer.email)
  await dialog.getByLabel('Username').fill(newcomer.username)
  await dialog.getByRole('button', { name: 'Add user' }).click()
  const given = await dialog.getByRole('textbox', { name: 'Password' }).inputValue()
  await dialog.getByRole('button', { name: 'Done' }).click()

  const theirs = await anotherBrowser(browser, watch)
  const guest = await theirs.newPage()
  await guest.goto(desk.origin)
  await typePassword(guest, { email: newcomer.email, password: given })
  await expect(guest.getByRole('heading', { name: 'Choose your own password' })).toBeVisible()
  await guest.goto(`${desk.origin}/cameras`)
  await expect(guest.getByRole('heading', { name: 'Choose your own password' })).toBeVisible()
  await guest.getByLabel('Current password').fill(given)
  await guest.getByLabel('New password').fill('password1')
  await guest.keyboard.press('Enter')
  await expect(guest.getByLabel('New password')).toHaveAttribute('aria-invalid', 'true')
  await guest.getByLabel('New password').fill(newcomer.password)
  await guest.keyboard.press('Enter')
  await expect(guest.getByRole('heading', { name: 'Cameras', level: 1 })).toBeVisible()
  await signOutByMenu(guest)
  await typePassword(guest, newcomer)
  await expectSignedIn(guest)
  await theirs.close()
})
