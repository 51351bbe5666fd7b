import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { ElectronApplication, Page } from '@playwright/test'
import { installedElectron } from '../../../scripts/electron-runtime.ts'
import { test } from './electron-desk.ts'

const project = join(import.meta.dirname, '../../..')

async function addressesOf(application: ElectronApplication): Promise<string[]> {
  return application.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => window.webContents.getURL()),
  )
}

/** Asks for the port as our page does, and resolves with what becomes of it. */
async function askForPort(page: Page): Promise<'open' | 'closed'> {
  return page.evaluate(
    () =>
      new Promise<'open' | 'closed'>((resolve) => {
        addEventListener('message', (event) => {
          const [port] = event.ports
          if (event.data !== 'alta-desk:port' || !port) return
          port.addEventListener('close', () => resolve('closed'))
          port.addEventListener('message', () => resolve('open'))
          port.start()
          // Anything that is no call is answered, or dropped; a refused port closes instead.
          port.postMessage(JSON.stringify({ i: '1', p: { u: '/auth/setupState', h: {} } }))
        })
        postMessage('alta-desk:ask-port', '/')
      }),
  )
}

test('the window shows our page from our scheme, and the desk answers it', async ({ launch }) => {
  const { page } = await launch()
  expect(page.url()).toMatch(/^alta-desk:\/\/desk\//)
  await expect(page.locator('#app')).toContainText(/sign in/i)
  expect(await askForPort(page)).toBe('open')
})

test('the page is sandboxed: it has neither Node nor Electron', async ({ launch }) => {
  const { page } = await launch()
  expect(
    await page.evaluate(() =>
      ['require', 'process', 'module', 'electron'].filter((name) => name in globalThis),
    ),
  ).toEqual([])
})

test('a page that is not ours gets no port, even in a window with our preload', async ({ launch }) => {
  const { application } = await launch()
  const opened = application.waitForEvent('window')
  await application.evaluate(({ app, BrowserWindow }) => {
    const preload = `${app.getAppPath()}/out/preload/index.cjs`
    const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } })
    void window.loadURL('data:text/html,foreign')
  })
  expect(await askForPort(await opened)).toBe('closed')
})

test('nothing outside the page can be read through the scheme', async ({ launch }) => {
  const { page } = await launch()
  const statuses = await page.evaluate(async () => {
    const paths = [
      '/..%2fmain/index.js',
      '/%252e%252e/main/index.js',
      '/..%5c..%5cpackage.json',
      '/files/clips/1',
    ]
    return Promise.all(paths.map(async (path) => (await fetch(path)).status))
  })
  expect(statuses).toEqual([404, 404, 404, 404])
})

for (const address of [
  'https://example.invalid/',
  'file:///etc/hosts',
  'data:text/html,x',
  'alta-desk://other/',
]) {
  test(`the window cannot be taken to ${address}`, async ({ launch }) => {
    const { application, page } = await launch()
    const before = page.url()
    await page.evaluate((target) => {
      location.href = target
    }, address)
    await page.evaluate((target) => void window.open(target), 'file:///etc/hosts')
    // The page still answers, at its own address, and nothing else was opened.
    await expect(page.locator('#app')).toBeVisible()
    expect(await addressesOf(application)).toEqual([before])
  })
}

test('settings open in a window of their own, once', async ({ launch }) => {
  const { application, page } = await launch()
  const opened = application.waitForEvent('window')
  await page.evaluate(() => void window.open('/settings'))
  expect((await opened).url()).toMatch(/^alta-desk:\/\/desk\/settings/)
  await page.evaluate(() => void window.open('/settings'))
  await expect.poll(async () => (await addressesOf(application)).length).toBe(2)
})

test('camera, microphone and location are denied; the local network is allowed', async ({ launch }) => {
  const { page } = await launch()
  const media = await page.evaluate(() =>
    navigator.mediaDevices.getUserMedia({ audio: true }).then(
      () => 'allowed',
      () => 'denied',
    ),
  )
  expect(media).toBe('denied')
  const network = await page.evaluate(async () => {
    const status = await navigator.permissions.query({ name: 'local-network-access' as PermissionName })
    return status.state
  })
  expect(network).toBe('granted')
})

test('a second start shows the first one instead of a second desk on one database', async ({
  launch,
  dataFolder,
}) => {
  const { application } = await launch()
  const shown = application.evaluate(
    ({ app }) => new Promise<void>((resolve) => void app.once('second-instance', () => resolve())),
  )
  const second = spawnSync(installedElectron() ?? '', [project, `--user-data-dir=${dataFolder}`], {
    timeout: 30_000,
  })
  expect(second.status).toBe(0)
  await shown
})

test('a window opens where it was closed', async ({ launch }) => {
  const first = await launch()
  const wanted = await first.application.evaluate(({ BrowserWindow, screen }) => {
    const { x, y } = screen.getPrimaryDisplay().workArea
    const [window] = BrowserWindow.getAllWindows()
    window?.setBounds({ x: x + 40, y: y + 40, width: 1000, height: 640 })
    return window?.getNormalBounds()
  })
  await first.application.close()
  const second = await launch()
  const found = await second.application.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.getNormalBounds(),
  )
  expect(found).toEqual(wanted)
})

test('a crashed page comes back by itself', async ({ launch }) => {
  const { application, page } = await launch()
  await expect(page.locator('#app')).toBeVisible()
  const reloaded = application.evaluate(
    ({ BrowserWindow }) =>
      new Promise<void>((resolve) => {
        const [window] = BrowserWindow.getAllWindows()
        window?.webContents.once('did-finish-load', () => resolve())
        window?.webContents.forcefullyCrashRenderer()
      }),
  )
  await reloaded
})

/** Signs in as a new development desk's administrator; resolves when the wall is there. */
async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail or username').fill('admin@localhost')
  await page.getByLabel('Password').fill('admin')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByTestId('wall')).toBeVisible()
}

// Would catch: a wall whose display goes dark, and one that keeps it awake for nobody.
test('a wall keeps the display awake until it is minimised', async ({ launch }) => {
  const { application, page } = await launch()
  const isAwake = (): Promise<boolean> =>
    application.evaluate(({ powerSaveBlocker }) =>
      [...Array(20).keys()].some((id) => powerSaveBlocker.isStarted(id)),
    )
  expect(await isAwake()).toBe(false)
  await signIn(page)
  await expect.poll(isAwake).toBe(true)
  await application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize())
  await expect.poll(isAwake).toBe(false)
  await application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.restore())
  await expect.poll(isAwake).toBe(true)
})

// Would catch: Copy buttons that do nothing, since Chromium asks for a permission first.
test('the page may write to the clipboard, and may not read it', async ({ launch }) => {
  const { application, page } = await launch()
  await page.bringToFront()
  await page.evaluate(() => navigator.clipboard.writeText('copied by the page'))
  expect(await application.evaluate(({ clipboard }) => clipboard.readText())).toBe('copied by the page')
  const read = page.evaluate(() => navigator.clipboard.readText())
  await expect(read).rejects.toThrow()
})

// Would catch: a page that is black until somebody presses reload, after one file could not be read.
test('a page that did not load is loaded again', async ({ launch }) => {
  const { application, page } = await launch()
  await expect(page.locator('#app')).toBeVisible()
  const reloaded = application.evaluate(
    ({ BrowserWindow }) =>
      new Promise<void>((resolve) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents
        contents?.once('did-fail-load', () => contents.once('did-finish-load', () => resolve()))
        // Nobody serves this host; the navigation itself is begun by the main process, which no gate stops.
        contents?.loadURL('alta-desk-nowhere://desk/').catch(() => undefined)
      }),
  )
  await reloaded
})

// Would catch: a dead wall with a modal box before it, when an error was caught nowhere.
test('an error that was caught nowhere ends the application, to start it anew', async ({ launch }) => {
  const { application } = await launch()
  const ended = new Promise<number | null>((resolve) => application.process().once('exit', resolve))
  await application.evaluate(({ app }) => {
    // The next one would outlive this test.
    app.relaunch = () => undefined
    setImmediate(() => {
      throw new Error('a mistake of ours')
    })
  })
  expect(await ended).toBe(1)
})
