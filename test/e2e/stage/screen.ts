import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'

/** One screen of the interface: how a person gets there. It is open once the promise resolves. */
export interface Screen<Desk> {
  readonly name: string
  /** It differs from another screen in what axe sees, not in how it fits. */
  readonly axeOnly?: boolean
  open(page: Page, desk: Desk): Promise<void>
}

/** Opens an address of the desk and waits for its heading and its data. */
export async function openAt(page: Page, path: string, heading: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href)
  await expect(page.getByRole('heading', { name: heading, level: 1, exact: true })).toBeAttached()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
}

/** Opens the dialog that a button of the page leads to. */
export async function openDialog(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).first().click()
  await expect(page.getByRole('dialog')).toBeVisible()
}
