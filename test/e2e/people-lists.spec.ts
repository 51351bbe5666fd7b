/// <reference lib="dom" />
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import { ApiClient } from '../fixtures/api-client.ts'
import { crowd, numbered, startCrowdedDesk } from '../fixtures/crowded-desk.ts'
import type { CrowdedDesk } from '../fixtures/crowded-desk.ts'
import { openAt } from './stage/screen.ts'
import { ownAdmin, signIn, test } from './stage/stage.ts'

/** What the CSS selector `shown` finds first does not hold `text` yet, and does after `act`. */
async function expectAfter(
  page: Page,
  act: () => Promise<unknown>,
  shown: string,
  text: string,
): Promise<void> {
  const first = page.locator(shown).first()
  await expect(first).not.toHaveText(text)
  await act()
  await expect(first).toHaveText(text)
}

/** What a virtual list may draw: what is in sight, and a dozen rows on either side. */
const drawnAtMost = 60
/** Which rows of how many a table shows. */
const rangeAt = '[data-testid="page-range"]'
let crowded: CrowdedDesk

test.beforeAll(async () => {
  crowded = await startCrowdedDesk(ownAdmin)
})
test.afterAll(() => crowded.stop())
test.beforeEach(({ page }) => signIn(page, crowded.desk.origin, ownAdmin))

function rowsOf(place: Page | Locator): Locator {
  return place.locator('[data-row-id]')
}

/** Scrolls to the end of what a virtual list has loaded until `status` says that there is more. */
async function readOn(list: Locator, status: Locator, wanted: RegExp): Promise<void> {
  await expect(async () => {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await expect(status).toHaveText(wanted, { timeout: 250 })
  }).toPass({ intervals: [0] })
}

// Would catch: a table that asks for everybody, a search that waits, a sort that goes through the database each time.
test('ten thousand people: pages, search, filter and sort are instant', async ({ page }) => {
  await openAt(page, '/settings/users', 'Users')
  const range = page.getByTestId('page-range')
  const everybody = crowd.people + 1
  await expect(range).toHaveText(`1–25 of ${everybody}`)
  await page.getByLabel('Rows').selectOption('100')
  await expect(rowsOf(page)).toHaveCount(100)
  const firstName = 'tbody tr a'
  const next = page.getByRole('button', { name: 'Next page' })
  await expectAfter(page, () => next.click(), firstName, numbered('Person', 101))
  await expect(range).toHaveText(`101–200 of ${everybody}`)
  const since = page.getByRole('button', { name: 'Since' })
  await expectAfter(page, () => since.click(), firstName, 'The administrator')
  await expectAfter(page, () => since.click(), firstName, numbered('Person', crowd.people))

  const show = page.getByLabel('Show')
  await expectAfter(page, () => show.selectOption('Disabled'), rangeAt, `1–100 of ${crowd.disabled}`)
  const search = page.getByLabel('Search people')
  await expectAfter(page, () => search.fill('p09980'), rangeAt, '1–1 of 1')
  await expect(page.locator(firstName)).toHaveText(numbered('Person', 9_980))
})

// Would catch: a way back that forgets the page, the search or how far down one was.
test('from a list of people to one of them, and back to the same place', async ({ page }) => {
  await openAt(page, '/settings/users?search=person&pageSize=50', 'Users')
  const range = page.getByTestId('page-range')
  for (const first of [51, 101]) {
    await page.getByRole('button', { name: 'Next page' }).click()
    await expect(range).toHaveText(`${first}–${first + 49} of ${crowd.people}`)
  }
  const person = page.getByRole('link', { name: numbered('Person', 148), exact: true })
  for (const goBack of [
    () => page.goBack(),
    () => page.getByRole('link', { name: 'Users' }).last().click(),
  ]) {
    await person.click()
    await expect(page.getByRole('heading', { name: numbered('Person', 148), level: 1 })).toBeVisible()
    await goBack()
    await expect(range).toHaveText(`101–150 of ${crowd.people}`)
    await expect(page.getByLabel('Search people')).toHaveValue('person')
    await expect(person).toBeInViewport()
  }
})

// Would catch: a page of a group that draws all of its cameras and people, a dialog that loads ten thousand people
// before one can type, a search that looks only through what is loaded.
test('two hundred groups, of which one has nearly everything', async ({ page }) => {
  await openAt(page, '/settings/groups', 'Groups')
  const range = page.getByTestId('page-range')
  await expect(range).toHaveText(`1–25 of ${crowd.groups}`)
  const search = page.getByLabel('Search groups')
  await expectAfter(page, () => search.fill(numbered('Group', 1)), rangeAt, '1–1 of 1')
  await page.getByRole('link', { name: numbered('Group', 1) }).click()

  const cameras = page.getByTestId('group-cameras')
  const members = page.getByTestId('group-members')
  await expect(page.getByRole('heading', { name: `Cameras (${crowd.camerasOfFirstGroup})` })).toBeVisible()
  await expect(page.getByRole('heading', { name: `People (${crowd.membersOfFirstGroup})` })).toBeVisible()
  expect(await rowsOf(cameras).count()).toBeLessThan(drawnAtMost)
  expect(await rowsOf(members).count()).toBeLessThan(drawnAtMost)
  const firstMember = '[data-testid="group-members"] a'
  const searchPeople = page.getByLabel('Search its people')
  const last = numbered('Person', crowd.membersOfFirstGroup)
  await expectAfter(page, () => searchPeople.fill(last), firstMember, last)
  await searchPeople.fill('')

  await putIn(page, 'Add cameras', numbered('Camera', crowd.cameras), 'Add 1 camera')
  await expect(
    page.getByRole('heading', { name: `Cameras (${crowd.camerasOfFirstGroup + 1})` }),
  ).toBeVisible()
  await putIn(page, 'Add people', numbered('Person', crowd.people), 'Add 1 person')
  await expect(page.getByRole('heading', { name: `People (${crowd.membersOfFirstGroup + 1})` })).toBeVisible()
})

/** Opens a dialog of a group, reads on in it, finds the last of all by its name, and adds it. */
async function putIn(page: Page, button: string, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: button }).click()
  const dialog = page.getByRole('dialog')
  const list = dialog.getByRole('list')
  await expect(rowsOf(dialog).first()).toBeVisible()
  // Further hundreds are loaded on the way down.
  await expect(async () => {
    await list.locator('..').evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await expect(list.getByText(/ 00[2-9]\d\d$/).first()).toBeAttached({ timeout: 250 })
  }).toPass({ intervals: [0] })
  expect(await rowsOf(dialog).count()).toBeLessThan(drawnAtMost)
  const first = '[role="dialog"] [data-row-id] label'
  await expectAfter(page, () => dialog.getByLabel(/^Search /).fill(name), first, name)
  await dialog.getByRole('checkbox', { name }).check()
  await dialog.getByRole('button', { name: action }).click()
  await expect(dialog).toBeHidden()
}

// Would catch: rows of the log that all stay in the page, a filter that reads the whole log on the desk's own thread,
// a cursor that leaves out or repeats rows, a detail that loses its place in the list.
test('fifty thousand rows of the log: filter, read on, open', async ({ page }) => {
  await openAt(page, '/settings/audit', 'Audit log')
  const log = page.getByRole('table', { name: 'Audit log' })
  const list = page.getByTestId('audit-rows')
  const statusAt = '[data-testid="audit-count"]'
  const status = page.locator(statusAt)
  await expect(status).toHaveText('100 rows; older ones come as you go down')
  await readOn(list, status, /^1000 rows;/)
  expect(await rowsOf(log).count()).toBeLessThan(drawnAtMost)

  const firstTarget = '[data-testid="audit-rows"] [data-row-id] [role="cell"]:nth-child(5)'
  const outcome = page.getByLabel('Outcome')
  // The newest of them, though one was far down in all of the rows.
  await expectAfter(page, () => outcome.selectOption('Refused'), firstTarget, numbered('Camera', 1))
  await expect(rowsOf(log).filter({ hasNotText: 'Refused' })).toHaveCount(0)
  await readOn(list, status, new RegExp(`^${crowd.auditRefusals} rows, that is all$`))
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(status).toHaveText(/older ones come as you go down$/)

  // One of the older rows and no other: the whole log is looked through.
  const words = page.getByLabel('Search', { exact: true })
  await expectAfter(page, () => words.fill('request-10001'), statusAt, '1 row, that is all')
  await log.getByRole('button').first().click()
  await expect(page.getByTestId('audit-detail')).toContainText('Gate, "10001"')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('audit-detail')).toBeHidden()
  await expect(log.getByRole('button').first()).toBeFocused()
})

// Would catch: an export that ends with a page of the list, breaks off, or tears a row at a line break within it; a file
// that is saved with other bytes than the desk wrote.
test('the whole log is taken out, as CSV and as JSON lines', async ({ page }) => {
  await openAt(page, '/settings/audit', 'Audit log')
  const whole = Array.from({ length: crowd.auditRows }, (_, index) => crowd.auditRows - index)
  const json = await exported(page, /^JSON lines/)
  const rows = json
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; hmac: string })
  expect(rows.filter(({ hmac }) => hmac.length === 0)).toEqual([])
  // Above them stand the sign-ins of these tests.
  expect(rows.map(({ seq }) => seq).filter((seq) => seq <= crowd.auditRows)).toEqual(whole)

  const csv = await exported(page, /^CSV/)
  const numbers = [...csv.matchAll(/^(\d+),\d{4}-\d\d-\d\dT/gm)].map(([, seq]) => Number(seq))
  expect(numbers.filter((seq) => seq <= crowd.auditRows)).toEqual(whole)
  expect(csv.split('\r\n')).toHaveLength(numbers.length + 2)
})

/** Takes the log out in a format of the menu; the text of the file that was saved, byte for byte the desk's own. */
async function exported(page: Page, format: RegExp): Promise<string> {
  await page.getByRole('button', { name: 'Export the rows that fit' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: format }).click(),
  ])
  const saved = await readFile(await download.path())
  // The address is good for the rest of a download that broke off, and its ETag is the SHA-256 of the file.
  const rest = await page.request.get(download.url(), { headers: { range: 'bytes=100000-' } })
  expect(rest.status()).toBe(206)
  expect((await rest.body()).equals(saved.subarray(100_000))).toBe(true)
  expect(rest.headers()['etag']).toBe(`"${createHash('sha256').update(saved).digest('base64url')}"`)
  expect(rest.headers()['content-disposition']).toBe(`attachment; filename="${download.suggestedFilename()}"`)
  return saved.toString('utf8')
}

// Would catch: a list that shows what another administrator did only after ten seconds, or when it is opened again.
test('what another administrator changes is on the open lists at once', async ({ page }) => {
  const other = new ApiClient(crowded.desk.origin)
  await other.signIn(ownAdmin.email, ownAdmin.password)
  // Far below the ten seconds after which lists were once asked for again.
  const soon = { timeout: 4_000 }

  await openAt(page, '/settings/users?search=wilma', 'Users')
  await expect(page.getByText('Nobody fits')).toBeVisible()
  const wilma = { displayName: 'Wilma Torn', email: 'wilma@desk.example', username: 'wilma' }
  const { id } = await other.want<{ id: string }>('POST', '/users', {
    ...wilma,
    password: 'copper-lantern-63',
  })
  await expect(page.getByRole('link', { name: wilma.displayName })).toBeVisible(soon)

  await openAt(page, '/settings/groups?search=newcomers', 'Groups')
  await expect(page.getByText('No group fits')).toBeVisible()
  const group = await other.want<{ id: string }>('POST', '/groups', { name: 'Newcomers' })
  const row = rowsOf(page).filter({ hasText: 'Newcomers' })
  await expect(row).toBeVisible(soon)
  await other.want('PUT', `/groups/${group.id}/members/${id}`, { role: 'viewer' })
  await expect(row.getByRole('cell').nth(2)).toHaveText('1', soon)
  await row.getByRole('link').click()
  await expect(page.getByRole('heading', { name: 'People (1)' })).toBeVisible()
  await other.want('DELETE', `/users/${id}`)
  await expect(page.getByRole('heading', { name: 'People (0)' })).toBeVisible(soon)
  await other.want('DELETE', `/groups/${group.id}`)

  await openAt(page, '/settings/invites', 'Invites')
  await expect(rowsOf(page)).toHaveCount(0)
  const invite = await other.want<{ id: string }>('POST', '/invites', { maxUses: 7 })
  await expect(rowsOf(page)).toHaveCount(1, soon)
  await other.want('DELETE', `/invites/${invite.id}`)
  await expect(rowsOf(page)).toHaveCount(0, soon)

  // And what somebody does with one's own account, on whatever page one is.
  await other.want('POST', '/account/recovery-code', { password: ownAdmin.password })
  await expect(page.getByTestId('account-notice')).toContainText('Your recovery code was replaced', soon)
})
