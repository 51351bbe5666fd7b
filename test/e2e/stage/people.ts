import { expect } from '@playwright/test'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import type { PersonView } from '../../../shared/contract/users.ts'
import type { ConsoleWatch } from './console-watch.ts'
import type { Account, Stage } from './stage.ts'

/** Somebody with an account whose password an administrator typed. */
export interface StagePerson extends Account {
  readonly id: string
  readonly username: string
  readonly displayName: string
}

/** Makes an account through the API. */
export async function addPerson(stage: Stage, username: string, displayName: string): Promise<StagePerson> {
  const account = { email: `${username}@desk.example`, password: `a ${username} walks the quiet yard` }
  const { id } = await stage.api.want<PersonView>('POST', '/users', { ...account, username, displayName })
  return { ...account, id, username, displayName }
}

/** Another browser on another machine, whose pages are watched as well. */
export async function anotherBrowser(browser: Browser, watch: ConsoleWatch): Promise<BrowserContext> {
  const context = await browser.newContext()
  watch.attach(context)
  return context
}

/** Types a name and a password into the sign-in form that is open, and sends it. */
export async function typePassword(page: Page, { email, password }: Account): Promise<void> {
  await page.getByLabel('E-mail or username').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
}

/** The page belongs to somebody, on whichever page they were. */
export async function expectSignedIn(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: /^Account of / })).toBeVisible()
}

/** The page asks who is there. */
export async function expectSignInPage(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible()
}

/** Signs out by the menu of the top bar. */
export async function signOutByMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of / }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expectSignInPage(page)
}

/** The codes that are shown this once. */
export async function keptCodes(page: Page): Promise<string[]> {
  await expect(page.getByTestId('kept-codes')).toBeVisible()
  return page.getByTestId('kept-code').allTextContents()
}
