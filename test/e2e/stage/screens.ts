import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { ReceiverOptions } from '../../alta-simulator/options.ts'
import { addShownPeople, peopleScreens } from './people-screens.ts'
import type { ShownPeople } from './people-screens.ts'
import { openAt, openDialog } from './screen.ts'
import type { Screen } from './screen.ts'
import { documentedAdmin, furnish, leaveWall, startStage } from './stage.ts'
import type { Stage } from './stage.ts'

const names = ['Gate', 'Lobby', 'Car park', 'Loading bay', 'Corridor', 'Server room']

/** A desk on which every screen has something to show. */
export interface ShowDesk extends Stage, ShownPeople {
  readonly serverId: string
  readonly cameraId: string
}

function idOf(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-')
}

/** Pictures for people are larger than what two cores encode beside a test. */
function receivers(fine: boolean): ReceiverOptions[] {
  const main = fine ? { width: 1280, height: 720 } : { width: 320, height: 180 }
  const sub = fine ? { width: 640, height: 360 } : { width: 160, height: 90 }
  const status = ['Attic', 'North fence', 'South fence', 'Stairs'].map((name): ReceiverOptions => ({
    id: idOf(name),
    name,
    kind: 'status',
    source: `rtsp://10.0.0.7/${idOf(name)}`,
    width: 1920,
    height: 1080,
  }))
  const pairs = names.flatMap((name): ReceiverOptions[] => [
    { id: idOf(name), name, fps: 10, source: `rtsp://10.0.0.7/${idOf(name)}`, ...main },
    { id: `${idOf(name)}-sub`, name, fps: 10, source: `rtsp://10.0.0.7/${idOf(name)}/sub`, ...sub },
  ])
  return [...status, ...pairs]
}

/** Six cameras on a wall, two of them recording, and a channel that somebody changed behind our back. */
export async function startShowDesk(fine = false, admin = documentedAdmin): Promise<ShowDesk> {
  const archives = { main: { duration: 168, local: { locations: ['/opt/archive'] } } }
  const env = {
    ALTAVMS_ALTA_DRIFT_INTERVAL: '1s',
    ADMIN_BOOTSTRAP_EMAIL: admin.email,
    ADMIN_BOOTSTRAP_PASSWORD: admin.password,
  }
  const stage = await startStage([{ name: 'Harbour', receivers: receivers(fine), archives }], env, admin)
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  const { server, cameras } = await furnish(stage, alta, names.map(idOf))
  const [first, second] = cameras
  if (!first || !second) throw new Error('Cameras are needed.')
  for (const { id } of [first, second]) {
    await stage.api.want('PATCH', `/cameras/${id}`, { storage: { storageId: 'main', durationHours: 72 } })
  }
  await leaveWall(stage, { layout: '1+5', tiles: cameras.map(({ id }) => id) })
  const channel = alta.config.ott.channels['desk/loading-bay']
  if (!channel) throw new Error('The channel is missing on Alta.')
  channel.enable = false
  channel.name = 'Do not touch'
  const asked = (): Promise<{ state: string }> => stage.api.want('GET', `/servers/${server.id}`)
  await expect.poll(async () => (await asked()).state).toBe('drift')
  const people = await addShownPeople(stage, cameras)
  return { ...stage, ...people, serverId: server.id, cameraId: first.id }
}

async function openLive(page: Page): Promise<void> {
  await openAt(page, '/live', 'Live')
  // One channel is switched off on Alta; the others play.
  await expect(page.locator('[data-testid="tile"][data-word="Live"]')).toHaveCount(names.length - 1)
}

/** Every screen there is, and every dialog. */
export const screens: readonly Screen<ShowDesk>[] = [
  { name: 'live', open: openLive },
  {
    name: 'live-keys',
    open: async (page) => {
      await openAt(page, '/live', 'Live')
      await openDialog(page, 'Keys')
    },
  },
  {
    name: 'live-menu',
    open: async (page) => {
      await openAt(page, '/live', 'Live')
      await page.locator('[data-tile-index="1"]').click({ button: 'right' })
      await expect(page.getByRole('menu')).toBeVisible()
    },
  },
  {
    name: 'search',
    open: async (page) => {
      await openAt(page, '/cameras', 'Cameras')
      await page.keyboard.press('Control+k')
      await expect(page.getByRole('option', { name: /Lobby/ })).toBeVisible()
    },
  },
  {
    name: 'cameras',
    open: async (page) => {
      await openAt(page, '/cameras', 'Cameras')
      await expect(page.locator('tbody tr[data-row-id]')).toHaveCount(names.length)
    },
  },
  {
    name: 'cameras-none-found',
    open: (page) => openAt(page, '/cameras?search=nothing-has-this-name', 'Cameras'),
  },
  {
    name: 'import',
    open: async (page) => {
      await openAt(page, '/cameras', 'Cameras')
      await openDialog(page, 'Add cameras')
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Search receivers').fill('fence')
      await dialog.getByRole('checkbox', { name: 'North fence' }).check()
      await dialog.getByLabel('Search receivers').fill('')
      await dialog.getByRole('checkbox', { name: 'Attic' }).check()
    },
  },
  { name: 'camera', open: (page, desk) => openAt(page, `/cameras/${desk.cameraId}`, 'Gate') },
  {
    name: 'camera-remove',
    open: async (page, desk) => {
      await openAt(page, `/cameras/${desk.cameraId}`, 'Gate')
      await openDialog(page, 'Remove')
    },
  },
  { name: 'servers', open: (page) => openAt(page, '/settings/servers', 'Servers') },
  {
    name: 'add-server',
    open: async (page) => {
      await openAt(page, '/settings/servers', 'Servers')
      await openDialog(page, 'Add server')
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Name', { exact: true }).fill('Main building')
      await dialog.getByLabel('Base URL').fill('http://192.168.0.10:8100')
      await dialog.getByLabel('Alta login').fill('admin')
      await dialog.getByLabel('Alta password').fill('quiet night')
    },
  },
  { name: 'server', open: (page, desk) => openAt(page, `/settings/servers/${desk.serverId}`, 'Harbour') },
  {
    name: 'server-repair',
    open: async (page, desk) => {
      await openAt(page, `/settings/servers/${desk.serverId}`, 'Harbour')
      await openDialog(page, 'Repair')
    },
  },
  { name: 'listener', open: (page) => openAt(page, '/settings/listener', 'Listener') },
  { name: 'api', open: (page) => openAt(page, '/settings/api', 'API') },
  { name: 'about', open: (page) => openAt(page, '/settings/about', 'About') },
  {
    name: 'not-found',
    open: async (page) => {
      await openAt(page, '/settings/about', 'About')
      // The listener answers no such address; within the page one can still come to it.
      await page.evaluate(() => {
        history.pushState({}, '', '/nowhere')
        dispatchEvent(new PopStateEvent('popstate', { state: {} }))
      })
      await expect(page.getByRole('heading', { name: 'Not found', level: 1, exact: true })).toBeAttached()
    },
  },
  // The last of them locks the page.
  ...peopleScreens,
]

/** Offered while the password of the documentation stands. */
export const changePasswordScreen: Screen<ShowDesk> = {
  name: 'change-password',
  open: async (page) => {
    await openAt(page, '/settings/about', 'About')
    await openDialog(page, 'Change password')
  },
}

/** Shows the page in a theme without leaving the screen, and waits until it is painted so. */
export async function wear(page: Page, theme: 'dark' | 'light'): Promise<void> {
  await page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme)
  await painted(page)
}

/** Waits until what has just changed in the page is laid out and painted. */
export async function painted(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
  })
}
