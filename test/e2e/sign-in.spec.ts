import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { SignJWT, decodeJwt, decodeProtectedHeader } from 'jose'
import { PNG } from 'pngjs'
import decodeQr from 'qr/decode.js'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import {
  addPerson,
  anotherBrowser,
  expectSignedIn,
  expectSignInPage,
  keptCodes,
  signOutByMenu,
  typePassword,
} from './stage/people.ts'
import { signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'

const jwtSecret = 'a secret that signs the access tokens of this test'
let stage: Stage

test.beforeAll(async () => {
  stage = await startStage([], { ALTAVMS_AUTH_JWT_SECRET: jwtSecret })
})
test.afterAll(() => stage.stop())

test.beforeEach(({ watch }) => {
  // Refusals are what these stories are about; browsers log every one.
  watch.expect(/^console: .*40[13] .*\/api\//, /^console: .*4(22|29) .*\/api\//)
})

interface AuditItem {
  readonly action: string
  readonly outcome: string
  readonly target: { readonly id: string | null } | null
}

async function auditOf(userId: string, action: string): Promise<AuditItem[]> {
  const { items } = await stage.api.want<{ items: AuditItem[] }>('GET', `/audit?action=${action}&limit=200`)
  return items.filter(({ target }) => target?.id === userId)
}

async function openAccount(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of / }).click()
  await page.getByRole('menuitem', { name: 'Account' }).click()
  await expect(page.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()
}

/** What a phone reads from the screen. */
async function readQr(page: Page): Promise<string> {
  const picture = PNG.sync.read(await page.getByTestId('totp-qr').screenshot())
  return decodeQr({ width: picture.width, height: picture.height, data: picture.data })
}

/** Codes of an app, none twice: one that was used must never be needed again. */
function appOf(secret: string): () => string {
  let last = totpStep(Date.now()) - 2
  return () => {
    last = Math.max(last + 1, totpStep(Date.now()) - 1)
    return totpCode(secret, last)
  }
}

// Would catch: a QR code that no app reads, a code that works twice, backup codes that cannot be printed or that work
// for ever, an app that is asked for before it was proven or not asked for afterwards.
test('an authenticator app: set up by QR code, asked for, each code once, backup codes, removed', async ({
  page,
}) => {
  const person = await addPerson(stage, 'tessa', 'Tessa Ohm')
  await page.addInitScript(() => {
    window.print = () =>
      document.body.setAttribute('data-printed', document.querySelector('.print-sheet')?.textContent ?? '')
  })
  await signIn(page, stage.desk.origin, person)
  await openAccount(page)
  await page.getByRole('button', { name: 'Set up an app' }).click()
  const shown = (await page.getByTestId('totp-secret').filter({ hasText: /\w{4}/ }).textContent()) ?? ''
  const secret = shown.replaceAll(' ', '')
  const url = new URL(await readQr(page))
  expect(url.protocol + url.host).toBe('otpauth:totp')
  expect(decodeURIComponent(url.pathname)).toContain(person.email)
  expect(url.searchParams.get('secret')).toBe(secret)
  const nextCode = appOf(secret)

  await page.getByLabel('Code', { exact: true }).fill('000000')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('totp-form')).toContainText('This code is not right')
  const first = nextCode()
  await page.getByLabel('Code', { exact: true }).fill(first)
  await page.keyboard.press('Enter')
  const backupCodes = await keptCodes(page)
  expect(new Set(backupCodes).size).toBe(8)
  await page.getByRole('button', { name: 'Print' }).click()
  for (const code of backupCodes)
    await expect(page.locator('body')).toHaveAttribute('data-printed', new RegExp(code))
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await expect(page.getByTestId('totp-state')).toHaveText('On, 8 of 8 backup codes left')

  await signOutByMenu(page)
  await typePassword(page, person)
  // The very code that proved the app is used up, although its half minute is not.
  await page.getByLabel('Code', { exact: true }).fill(first)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sign-in-form')).toContainText('This code is not right, or was used already')
  await page.getByLabel('Code', { exact: true }).fill(nextCode())
  await page.keyboard.press('Enter')
  await expectSignedIn(page)

  const [backup = ''] = backupCodes
  await signOutByMenu(page)
  await typePassword(page, person)
  await page.getByLabel('Code', { exact: true }).fill(backup.toLowerCase())
  await page.keyboard.press('Enter')
  await expectSignedIn(page)
  await signOutByMenu(page)
  await typePassword(page, person)
  await page.getByLabel('Code', { exact: true }).fill(backup)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sign-in-form')).toContainText('This code is not right, or was used already')
  await page.getByLabel('Code', { exact: true }).fill(backupCodes[1] ?? '')
  await page.keyboard.press('Enter')
  await expectSignedIn(page)

  await openAccount(page)
  await expect(page.getByTestId('totp-state')).toHaveText('On, 6 of 8 backup codes left')
  await page.getByRole('button', { name: 'Remove app' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password').fill(person.password)
  await dialog.getByLabel('Code', { exact: true }).fill(backupCodes[2] ?? '')
  await dialog.getByRole('button', { name: 'Remove app' }).click()
  await expect(page.getByTestId('totp-state')).toHaveText('Off')
  await signOutByMenu(page)
  await typePassword(page, person)
  await expectSignedIn(page)
})

// Would catch: a lock that says whether a name exists, that the right password opens, or that never says when it ends.
test('ten wrong passwords lock a name, whether or not anybody has it', async ({ page }) => {
  const person = await addPerson(stage, 'lars', 'Lars Falk')
  await page.goto(stage.desk.origin)
  const sentences: string[] = []
  for (const email of [person.email, 'nobody@desk.example']) {
    const wrong = (): Promise<void> => typePassword(page, { email, password: 'not the password at all' })
    for (let tries = 0; tries < 10; tries += 1) {
      const answered = page.waitForResponse(/\/api\/auth\/login$/)
      await wrong()
      expect((await answered).status()).toBe(401)
      await expect(page.getByTestId('sign-in-form')).toContainText('do not match')
    }
    await typePassword(page, { email, password: person.password })
    const form = page.getByTestId('sign-in-form')
    await expect(form).toContainText(/Too many sign-ins with this name failed\. Try again in 1[45] minutes\./)
    sentences.push((await page.getByRole('alert').first().textContent())?.replaceAll(/\d+/g, 'N') ?? '')
  }
  expect(new Set(sentences).size).toBe(1)
  expect(await auditOf(person.id, 'account.locked')).toHaveLength(1)
  // The username belongs to the same account, which nobody may learn: it looks like a wrong password.
  await typePassword(page, { email: person.username, password: person.password })
  await expect(page.getByTestId('sign-in-form')).toContainText('do not match')
})

// Would catch: a page that falls out after 15 minutes, a token that is refused for good because the clock of the desk
// thinks otherwise, a renewal that two tabs lose to each other.
test('a page outlives its access token, and two tabs renew at once', async ({ page, context }) => {
  const person = await addPerson(stage, 'rosa', 'Rosa Lind')
  await page.clock.install()
  await signIn(page, stage.desk.origin, person)
  const tab = await context.newPage()
  await tab.clock.install()
  await tab.goto(stage.desk.origin)
  await expectSignedIn(tab)

  const renewed = [page, tab].map((one) => one.waitForResponse(/\/api\/auth\/refresh$/))
  await Promise.all([page, tab].map((one) => one.clock.fastForward('14:30')))
  await Promise.all([page, tab].map((one) => one.getByRole('link', { name: 'Groups', exact: true }).click()))
  for (const answer of await Promise.all(renewed)) expect(answer.status()).toBe(200)
  for (const one of [page, tab]) await expect(one.getByText('You are in no group')).toBeVisible()

  // The desk finds the token too old although the page does not: it is renewed, and the question asked once more.
  let refusals = 0
  await page.route(/\/api\/cameras/, async (route) => {
    const headers = await route.request().allHeaders()
    if (refusals > 0) return route.continue()
    refusals += 1
    const token = headers['authorization']?.replace('Bearer ', '') ?? ''
    await route.continue({ headers: { ...headers, authorization: `Bearer ${await expired(token)}` } })
  })
  const again = page.waitForResponse(/\/api\/auth\/refresh$/)
  await page.getByRole('link', { name: 'Cameras', exact: true }).click()
  expect((await again).status()).toBe(200)
  await expect(page.getByRole('heading', { name: 'Cameras', level: 1 })).toBeVisible()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  expect(refusals).toBe(1)
  await expect(page.getByText('No cameras yet')).toBeVisible()
})

/** The same token, an hour older, signed by the desk's own secret. */
async function expired(token: string): Promise<string> {
  const { alg = '', ...header } = decodeProtectedHeader(token)
  const claims = decodeJwt(token)
  const older = { ...claims, iat: (claims.iat ?? 0) - 3600, exp: (claims.exp ?? 0) - 3600 }
  return new SignJWT(older).setProtectedHeader({ ...header, alg }).sign(new TextEncoder().encode(jwtSecret))
}

// Would catch: a stolen refresh token that opens a second life beside the honest one, unnoticed.
test('a refresh token that is used a second time ends the sign-in, is said and is recorded', async ({
  page,
  context,
  browser,
  watch,
}) => {
  const person = await addPerson(stage, 'otto', 'Otto Wahl')
  await signIn(page, stage.desk.origin, person)
  const cookies = await context.cookies(`${stage.desk.origin}/api/auth/refresh`)
  expect(new Set(cookies.map(({ httpOnly }) => httpOnly))).toEqual(new Set([true]))
  const stolen = cookies.filter(({ path }) => path === '/api/auth')
  expect(stolen).toEqual([expect.objectContaining({ sameSite: 'Strict' })])
  expect(await page.evaluate(() => document.cookie)).toBe('')
  // Twice renewed: the stolen one is not merely the last, which a second tab might still hold.
  for (let times = 0; times < 2; times += 1) {
    await page.reload()
    await expectSignedIn(page)
  }

  const thief = await anotherBrowser(browser, watch)
  await thief.addCookies(stolen)
  const elsewhere = await thief.newPage()
  await elsewhere.goto(stage.desk.origin)
  await expectSignInPage(elsewhere)
  await expect(elsewhere.getByTestId('session-ended')).toContainText('ended for your safety')

  // The honest page is out too: its event stream ended with its sign-in.
  await expectSignInPage(page)
  await expect(page.getByTestId('session-ended')).toContainText('Your session has ended')
  const closed = await auditOf(person.id, 'session.closed')
  expect(closed).toEqual([expect.objectContaining({ outcome: 'refused' })])
  await typePassword(page, person)
  await expectSignedIn(page)
  await thief.close()
})

// Would catch: a recovery that leaves a thief signed in, that keeps the old code good, that shows no new one, or of which
// nobody is told afterwards.
test('a forgotten password: the recovery code resets it and ends every sign-in', async ({
  page,
  browser,
  watch,
}) => {
  const person = await addPerson(stage, 'ida', 'Ida Berg')
  const old = await anotherBrowser(browser, watch)
  const oldPage = await old.newPage()
  await signIn(oldPage, stage.desk.origin, person)
  await openAccount(oldPage)
  await oldPage.getByRole('button', { name: 'Make a recovery code' }).click()
  await oldPage.getByRole('dialog').getByLabel('Password').fill(person.password)
  await oldPage.getByRole('button', { name: 'Make a code' }).click()
  const [recoveryCode = ''] = await keptCodes(oldPage)
  await oldPage.getByRole('button', { name: 'I have kept them' }).click()

  const newPassword = 'three herons over the canal'
  await page.goto(stage.desk.origin)
  await page.getByRole('link', { name: 'Forgot the password?' }).click()
  await expect(page.getByRole('heading', { name: 'Forgot the password' })).toBeVisible()
  const fill = async (code: string): Promise<void> => {
    await page.getByLabel('E-mail or username').fill(person.username)
    await page.getByLabel('Recovery code').fill(code)
    await page.getByLabel('New password').fill(newPassword)
    await page.getByRole('button', { name: 'Reset the password' }).click()
  }
  await fill('AAAA-AAAA-AAAA-AAAA')
  await expect(page.getByRole('alert')).toContainText('This name and recovery code do not match')
  await fill(recoveryCode)
  const [nextCode = ''] = await keptCodes(page)
  expect(nextCode).not.toBe(recoveryCode)
  await expectSignInPage(oldPage)

  await page.getByRole('button', { name: 'I have kept it: sign in' }).click()
  await typePassword(page, { email: person.email, password: person.password })
  await expect(page.getByTestId('sign-in-form')).toContainText('do not match')
  await typePassword(page, { email: person.email, password: newPassword })
  await expectSignedIn(page)
  const notice = page.getByTestId('account-notice')
  await expect(notice).toHaveAttribute('role', 'status')
  await expect(notice).toContainText('Your password was changed with your recovery code (127.0.0.1) on ')
  await expect(notice).toContainText('(1 more)')
  await notice.getByRole('link', { name: 'check your account' }).click()
  await expect(page.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()
  await notice.getByRole('button', { name: 'Dismiss' }).click()
  await expect(notice).toContainText('Your recovery code was replaced by a new one from another of your')
  await notice.getByRole('button', { name: 'Dismiss' }).click()
  await expect(notice).toHaveCount(0)
  const answered = page.waitForResponse(/\/api\/account\/notices$/)
  await page.reload()
  expect(await (await answered).json()).toEqual({ items: [], total: 0 })
  await expectSignedIn(page)
  await expect(notice).toHaveCount(0)
  const again = { username: person.username, recoveryCode, newPassword: 'five herons under the bridge' }
  expect((await stage.api.call('POST', '/auth/recover', again)).status).toBe(401)
  await old.close()
})

// Would catch: a sign-in that cannot be told from another, or that goes on after it was ended.
test("one's own sign-ins are listed, and another one can be ended", async ({ page, browser, watch }) => {
  const person = await addPerson(stage, 'nora', 'Nora Vik')
  const other = await anotherBrowser(browser, watch)
  const otherPage = await other.newPage()
  await signIn(otherPage, stage.desk.origin, person)
  await signIn(page, stage.desk.origin, person)
  await openAccount(page)
  const rows = page.getByTestId('own-sign-ins').getByRole('listitem')
  await expect(rows).toHaveCount(2)
  await expect(rows.filter({ hasText: '(this one)' })).toHaveCount(1)
  await expect(rows.first()).toContainText(/Chrom/)
  await rows.getByRole('button', { name: /^End the sign-in/ }).click()
  await expect(rows).toHaveCount(1)
  await expectSignInPage(otherPage)
  await expect(page.getByRole('heading', { name: 'Account', level: 1 })).toBeVisible()
  await other.close()
})
