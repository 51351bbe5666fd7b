/// <reference lib="dom" />
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { Group } from '../../shared/contract/groups.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { addPerson, anotherBrowser, expectSignInPage } from './stage/people.ts'
import type { StagePerson } from './stage/people.ts'
import { refusalsAgainst, refusedRequests } from './stage/refusals.ts'
import { cameraPair, furnish, signIn, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'
import { expectMoving, tileAt } from './stage/tiles.ts'

let stage: Stage
let alta: AltaServerHandle
let cameras: Record<'gate' | 'lobby' | 'yard', Camera>

test.beforeAll(async () => {
  const names = ['Gate', 'Lobby', 'Yard']
  stage = await startStage([{ receivers: names.flatMap((name) => cameraPair(name.toLowerCase(), name)) }])
  const [server] = stage.altas
  if (!server) throw new Error('A server is needed.')
  alta = server
  const furnished = await furnish(stage, alta, ['gate', 'lobby', 'yard'])
  const [gate, lobby, yard] = furnished.cameras
  if (!gate || !lobby || !yard) throw new Error('Three cameras are needed.')
  cameras = { gate, lobby, yard }
})
test.afterAll(() => stage.stop())
test.beforeEach(({ watch }) => watch.expect(/^console: .*40[14] .*\/api\//))

async function addGroup(
  name: string,
  members: readonly [StagePerson, 'operator' | 'viewer'][],
): Promise<Group> {
  const group = await stage.api.want<Group>('POST', '/groups', { name })
  for (const [{ id }, role] of members) {
    await stage.api.want('PUT', `/groups/${group.id}/members/${id}`, { role })
  }
  return group
}

function show(group: Group, camera: Camera): Promise<unknown> {
  return stage.api.want('PUT', `/groups/${group.id}/cameras/${camera.id}`)
}

/** Fills the wall of the person with what they may see. */
async function fillWall(page: Page, count: number): Promise<void> {
  await page.getByRole('button', { name: 'Fill' }).click()
  for (let place = 1; place <= count; place += 1) await expectMoving(tileAt(page, place))
}

function tileOf(page: Page, camera: Camera): Locator {
  return page.locator(`[data-testid="tile"][data-camera-id="${camera.id}"]`)
}

/** How many pictures Alta sends to somebody, of a camera. */
function watchedAtAlta(camera: Camera): number {
  return alta.sessions().filter(({ channel }) => channel.includes(camera.receiverId)).length
}

/** Does `change`, and waits until the page has closed these tiles. */
async function expectClosed(
  page: Page,
  closed: readonly Camera[],
  change: () => Promise<unknown>,
): Promise<void> {
  await change()
  for (const { id } of closed) await expect(page.locator(`[data-camera-id="${id}"] video`)).toHaveCount(0)
}

// Would catch: a group that only a mouse can make, a member who sees more or less than the group.
test('a group is made by keys alone, and its member sees its camera and nothing else', async ({
  page,
  browser,
  watch,
}) => {
  const vera = await addPerson(stage, 'vera', 'Vera Ostrova')
  await signIn(page, stage.desk.origin)
  await page.goto(`${stage.desk.origin}/settings/groups`)
  const press = async (name: string): Promise<void> => {
    await page.getByRole('button', { name, exact: true }).first().focus()
    await page.keyboard.press('Enter')
  }
  await press('Add group')
  await expect(page.getByLabel('Name')).toBeFocused()
  await page.keyboard.type('Gatehouse')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Gatehouse', level: 1 })).toBeVisible()
  for (const [button, list, words, row] of [
    ['Add cameras', 'Search cameras', 'gate', 'Gate'],
    ['Add people', 'Search people', 'vera', 'Vera Ostrova'],
  ] as const) {
    await press(button)
    await expect(page.getByRole('dialog').getByLabel(list)).toBeVisible()
    await page.getByRole('dialog').getByLabel(list).focus()
    await page.keyboard.type(words)
    const box = page.getByRole('dialog').getByLabel(row, { exact: true })
    await expect(page.getByRole('dialog').getByRole('checkbox')).toHaveCount(1)
    await box.focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Add 1 / })
      .focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  await expect(page.getByTestId('group-members')).toContainText('Vera Ostrova')
  // Would catch: an operator by mistake, because the last person who was added was one.
  await press('Add people')
  await page.getByRole('dialog').getByLabel('As').selectOption('Operator')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await press('Add people')
  await expect(page.getByRole('dialog').getByLabel('As')).toHaveValue('viewer')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()

  const theirs = await anotherBrowser(browser, watch)
  const guard = await theirs.newPage()
  await signIn(guard, stage.desk.origin, vera)
  await expect(guard.getByTestId('camera-list').getByRole('button')).toHaveText([/Gate/])
  await expect(guard.getByText('1 camera', { exact: true })).toBeVisible()
  await fillWall(guard, 1)
  await expect(guard.getByTestId('tile')).toHaveCount(1)
  await guard.keyboard.press('Control+k')
  await guard.keyboard.type('lobby')
  await expect(guard.getByText('Nothing has “lobby” in its name.')).toBeVisible()
  await guard.keyboard.press('Escape')
  // Somebody else's camera, and one that never was, look the same.
  const pages: string[] = []
  for (const id of [cameras.lobby.id, 'never-was']) {
    await guard.goto(`${stage.desk.origin}/cameras/${id}`)
    await expect(guard.getByText('There is no such thing here, or it is not yours to see.')).toBeVisible()
    pages.push(await guard.locator('#content').innerText())
  }
  expect(pages[0]).toBe(pages[1])
  await guard.goto(`${stage.desk.origin}/settings/users`)
  await expect(guard.getByText('For administrators')).toBeVisible()
  await theirs.close()
})

// Would catch: an operator's view that the group does not get, a viewer who changes what is everybody's.
test('the wall and the views of a group: its operator arranges them, its viewer watches them', async ({
  page,
  browser,
  watch,
}) => {
  const olga = await addPerson(stage, 'olga', 'Olga Hahn')
  const viktor = await addPerson(stage, 'viktor', 'Viktor Lund')
  const hall = await addGroup('Hall', [
    [olga, 'operator'],
    [viktor, 'viewer'],
  ])
  await show(hall, cameras.gate)
  await show(hall, cameras.lobby)
  await signIn(page, stage.desk.origin, olga)
  await page.goto(`${stage.desk.origin}/groups`)
  await page.getByRole('link', { name: 'Open wall: Hall' }).click()
  await expect(page.getByTestId('wall-of')).toHaveText('Hall')
  await fillWall(page, 2)
  await page.getByRole('button', { name: 'Save for the group' }).click()
  await expect(page.getByText('The wall of Hall is saved for everybody in it.')).toBeVisible()
  await page.keyboard.press('v')
  await page.getByRole('dialog').getByLabel('Name').fill('Rush hour')
  await page.getByRole('dialog').getByLabel('For').selectOption('Everybody in Hall')
  await page.getByRole('dialog').getByRole('button', { name: 'Save view' }).click()
  await expect(page.getByText('The view “Rush hour” is saved.')).toBeVisible()

  const theirs = await anotherBrowser(browser, watch)
  const viewer = await theirs.newPage()
  await signIn(viewer, stage.desk.origin, viktor)
  await viewer.goto(`${stage.desk.origin}/live?group=${hall.id}`)
  await expectMoving(tileAt(viewer, 1))
  await expectMoving(tileAt(viewer, 2))
  await expect(viewer.getByRole('button', { name: 'Save for the group' })).toHaveCount(0)
  await viewer.getByRole('button', { name: 'Wall: Hall' }).click()
  await viewer.getByRole('menuitem', { name: 'My wall' }).click()
  await expect(viewer.getByTestId('wall-of')).toHaveText('My wall')
  await tileAt(viewer, 1).focus()
  await viewer.keyboard.press('1')
  await expectMoving(tileAt(viewer, 2))
  await viewer.keyboard.press('v')
  await expect(viewer.getByRole('dialog').getByLabel('For')).toHaveCount(0)
  await theirs.close()
})

// Would catch: pictures that go on after the right to them is gone, in whichever way it went.
test('a right that is taken away closes its tiles, one that is given opens them', async ({ page }) => {
  const nils = await addPerson(stage, 'nils', 'Nils Park')
  const inside = await addGroup('Inside', [[nils, 'viewer']])
  const outside = await addGroup('Outside', [[nils, 'operator']])
  await show(inside, cameras.gate)
  await show(inside, cameras.lobby)
  await show(outside, cameras.gate)
  await show(outside, cameras.yard)
  await signIn(page, stage.desk.origin, nils)
  await fillWall(page, 3)
  const { api } = stage

  await expectClosed(page, [cameras.lobby], () =>
    api.want('DELETE', `/groups/${inside.id}/cameras/${cameras.lobby.id}`),
  )
  await expect.poll(() => watchedAtAlta(cameras.lobby)).toBe(0)
  // Two groups have the gate: it stays until the last of them is gone.
  await expectMoving(tileOf(page, cameras.gate))
  await expectClosed(page, [cameras.yard], () =>
    api.want('DELETE', `/groups/${outside.id}/members/${nils.id}`),
  )
  await expect(page.getByTestId('camera-list').getByRole('button')).toHaveText([/Gate/])
  await expectMoving(tileOf(page, cameras.gate))

  await api.want('PUT', `/groups/${outside.id}/members/${nils.id}`, { role: 'viewer' })
  await expect(page.getByTestId('camera-list').getByRole('button')).toHaveCount(2)
  await expectMoving(tileOf(page, cameras.yard))

  await expectClosed(page, [cameras.yard], () => api.want('DELETE', `/groups/${outside.id}`))
  await expectClosed(page, [cameras.gate], () => api.want('PATCH', `/users/${nils.id}`, { disabled: true }))
  await expectSignInPage(page)
  await expect.poll(() => alta.sessions().length).toBe(0)
})

// Would catch: an administrator who keeps every picture after they are none any more.
test('an administrator who is demoted keeps nothing but the cameras of their groups', async ({ page }) => {
  const arno = await addPerson(stage, 'arno', 'Arno Beck')
  const door = await addGroup('Door', [[arno, 'viewer']])
  await show(door, cameras.gate)
  await stage.api.want('PATCH', `/users/${arno.id}`, { admin: true })
  await signIn(page, stage.desk.origin, arno)
  await fillWall(page, 3)
  await expect(page.getByRole('link', { name: 'Settings', exact: true })).toBeVisible()
  await expectClosed(page, [cameras.lobby, cameras.yard], () =>
    stage.api.want('PATCH', `/users/${arno.id}`, { admin: false }),
  )
  await expectMoving(tileOf(page, cameras.gate))
  await expect(page.getByTestId('camera-list').getByRole('button')).toHaveText([/Gate/])
  await page.goto(`${stage.desk.origin}/settings/users`)
  await expect(page.getByText('For administrators')).toBeVisible()
})

// Would catch: a page that asks for what it was just told is not its person's any more, which leaves "refused" rows in the
// audit log against somebody who did nothing; a demoted administrator whose open list goes on asking.
test('what was taken away is not asked for again: nothing is refused, and nobody is blamed', async ({
  page,
}) => {
  const rosa = await addPerson(stage, 'rosa', 'Rosa Lind')
  const inside = await addGroup('Ward', [[rosa, 'operator']])
  const outside = await addGroup('Ramp', [[rosa, 'viewer']])
  await show(inside, cameras.gate)
  await show(inside, cameras.lobby)
  await show(outside, cameras.yard)
  await signIn(page, stage.desk.origin, rosa)
  await page.goto(`${stage.desk.origin}/live?group=${inside.id}`)
  await expect(page.getByTestId('wall-of')).toHaveText('Ward')
  await fillWall(page, 2)
  const refused = refusedRequests(page)
  const { api } = stage
  const inList = async (count: number): Promise<void> => {
    await expect(page.getByTestId('camera-list').getByRole('button')).toHaveCount(count)
  }

  await api.want('PUT', `/groups/${inside.id}/members/${rosa.id}`, { role: 'viewer' })
  await expect(page.getByRole('button', { name: 'Save for the group' })).toHaveCount(0)
  await api.want('DELETE', `/groups/${inside.id}/cameras/${cameras.lobby.id}`)
  await inList(2)
  await expect(tileOf(page, cameras.lobby).locator('video')).toHaveCount(0)
  await api.want('DELETE', `/groups/${inside.id}/members/${rosa.id}`)
  await expect(page.getByTestId('wall-of')).toHaveText('My wall')
  await inList(1)
  // Given back, it is asked for again.
  await api.want('PUT', `/groups/${inside.id}/members/${rosa.id}`, { role: 'viewer' })
  await inList(2)
  await page.getByRole('button', { name: 'Layout 4', exact: true }).click()
  await fillWall(page, 2)
  await page.goto(`${stage.desk.origin}/cameras/${cameras.yard.id}`)
  await expect(page.getByRole('heading', { name: 'Yard' })).toBeVisible()
  await api.want('DELETE', `/groups/${outside.id}`)
  await expect(page.getByText('There is no such thing here, or it is not yours to see.')).toBeVisible()
  expect(refused).toEqual([])

  await api.want('PATCH', `/users/${rosa.id}`, { admin: true })
  await expect(page.getByRole('heading', { name: 'Yard' })).toBeVisible()
  await page.goto(`${stage.desk.origin}/settings/users`)
  await expect(page.getByRole('table', { name: 'Users' })).toBeVisible()
  await api.want('PATCH', `/users/${rosa.id}`, { admin: false })
  await expect(page.getByText('For administrators')).toBeVisible()
  await page.getByRole('link', { name: 'Live', exact: true }).click()
  await inList(1)
  expect(refused).toEqual([])
  expect(await refusalsAgainst(stage, rosa.email)).toEqual([])
})

// Would catch: a page that goes on showing what it read of a camera, because the right to it was taken before the page
// first heard the desk.
test('a right that is taken while a page loads takes the camera from it, and nothing is refused', async ({
  page,
}) => {
  const iris = await addPerson(stage, 'iris', 'Iris Bauer')
  const pier = await addGroup('Pier', [[iris, 'viewer']])
  await show(pier, cameras.yard)
  // Without it the page has a stream of its own, which a test can hold back.
  await page.addInitScript(() => Object.defineProperty(window, 'SharedWorker', { value: undefined }))
  await signIn(page, stage.desk.origin, iris)
  const refused = refusedRequests(page)
  let taken = (): void => undefined
  const isTaken = new Promise<void>((resolve) => (taken = resolve))
  await page.route(/\/api\/events\/stream$/, async (route) => {
    await isTaken
    await route.continue()
  })
  await page.goto(`${stage.desk.origin}/cameras/${cameras.yard.id}`)
  await expect(page.getByRole('heading', { name: 'Yard' })).toBeVisible()
  await stage.api.want('DELETE', `/groups/${pier.id}`)
  taken()
  await expect(page.getByText('There is no such thing here, or it is not yours to see.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Yard' })).toHaveCount(0)
  expect(refused).toEqual([])
})
