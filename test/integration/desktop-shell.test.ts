import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { MessageChannel } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { buildIfStale } from '../../scripts/build-if-stale.ts'
import type { contract } from '../../shared/contract/contract.ts'
import * as electron from '../fixtures/electron-stand-in.ts'

vi.mock('electron', () => import('../fixtures/electron-stand-in.ts'))

beforeAll(async () => {
  buildIfStale()
  const loaded = once(electron.app, 'loaded')
  await import('../../main/index.ts')
  electron.becomeReady()
  await loaded
})

afterAll(() => rmSync(electron.app.getPath('userData'), { recursive: true, force: true }))

const mainWindow = (): electron.BrowserWindow =>
  electron.BrowserWindow.all[0] ?? expect.unreachable('no window')

/** A page hands in a port, as the preload does. */
function askForPort(frame: object, sender: object) {
  const { port1, port2 } = new MessageChannel()
  electron.ipcMain.emit('alta-desk:port', { senderFrame: frame, sender, ports: [port1] })
  return port2
}

describe('main/index.ts, as Electron sees it', () => {
  it('does first what Electron accepts before it is ready only', () => {
    expect(electron.told.beforeReady).toEqual([
      'enableSandbox',
      'setAppUserModelId',
      'registerSchemesAsPrivileged',
      'requestSingleInstanceLock',
    ])
    expect(electron.told.exits).toEqual([])
    // Crash dumps stay on this machine.
    expect(electron.told.crashReports).toEqual([{ uploadToServer: false }])
  })

  it('opens one window on our page, sandboxed', () => {
    expect(electron.told.loaded).toEqual(['alta-desk://desk/'])
    expect(mainWindow().options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    })
  })

  it('serves the page with its policy from the scheme', async () => {
    const answer = await electron.schemes.get('alta-desk')?.(
      Object.defineProperty(new Request('http://placeholder/'), 'url', {
        value: 'alta-desk://desk/settings',
      }),
    )
    expect(await answer?.text()).toContain('<div id="app">')
    expect(answer?.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(answer?.headers.get('content-security-policy')).toContain("media-src 'self' blob:")
  })

  it('hands the desk to our page', async () => {
    const port = askForPort({ parent: null, origin: 'alta-desk://desk', url: '' }, mainWindow().webContents)
    const client = createORPCClient<ContractRouterClient<typeof contract>>(new RPCLink({ port }))
    port.start()
    expect(await client.auth.setupState()).toMatchObject({ codeNeeded: false })
    port.close()
  })

  it.each([
    [
      'a foreign page',
      { parent: null, origin: 'https://example.invalid', url: '' },
      () => mainWindow().webContents,
    ],
    [
      'a frame in our page',
      { parent: {}, origin: 'alta-desk://desk', url: '' },
      () => mainWindow().webContents,
    ],
    ['a foreign window', { parent: null, origin: 'alta-desk://desk', url: '' }, () => ({})],
  ])('hangs up on %s', async (_name, frame, sender) => {
    await once(askForPort(frame, sender()), 'close')
  })

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])(
    'refuses to go elsewhere: %s',
    (name) => {
      const preventDefault = vi.fn()
      const event = { preventDefault, isMainFrame: true }
      mainWindow().webContents.emit(name, { ...event, url: 'alta-desk://desk/cameras' })
      expect(preventDefault).not.toHaveBeenCalled()
      mainWindow().webContents.emit(name, { ...event, url: 'https://example.invalid/' })
      expect(preventDefault).toHaveBeenCalledOnce()
    },
  )

  it('refuses a webview', () => {
    const preventDefault = vi.fn()
    mainWindow().webContents.emit('will-attach-webview', { preventDefault })
    expect(preventDefault).toHaveBeenCalledOnce()
  })

  it('allows the local network to our page, and nothing to others', () => {
    expect(electron.permissions.check(null, 'local-network-access', 'alta-desk://desk/')).toBe(true)
    expect(electron.permissions.check(null, 'clipboard-sanitized-write', 'alta-desk://desk/')).toBe(true)
    for (const [permission, origin] of [
      ['media', 'alta-desk://desk/'],
      ['clipboard-read', 'alta-desk://desk/'],
      ['clipboard-sanitized-write', 'https://example.invalid/'],
    ] as const) {
      expect(electron.permissions.check(null, permission, origin)).toBe(false)
    }
    const decide = vi.fn()
    electron.permissions.request(null, 'notifications', decide, { requestingUrl: 'alta-desk://desk/' })
    electron.permissions.request(null, 'notifications', decide, { requestingUrl: 'https://example.invalid/' })
    expect(decide.mock.calls).toEqual([[true], [false]])
  })

  // Would catch: a minimised wall that goes on playing to nobody, and a display that it keeps awake.
  it('tells a page whether its window is seen, and keeps the display awake while a seen wall is shown', async () => {
    const window = mainWindow()
    const port = askForPort({ parent: null, origin: 'alta-desk://desk', url: '' }, window.webContents)
    let token = ''
    const headers = () => ({ authorization: `Bearer ${token}` })
    const client = createORPCClient<ContractRouterClient<typeof contract>>(new RPCLink({ port, headers }))
    port.start()
    token = (await client.auth.login({ email: 'admin@localhost', password: 'admin' })).accessToken
    const shown = await client.live.show()
    expect(await shown.next()).toMatchObject({ value: { seen: true } })
    expect(electron.told.displayAwake).toBe(1)
    window.minimize()
    expect(await shown.next()).toMatchObject({ value: { seen: false } })
    expect(electron.told.displayAwake).toBe(0)
    window.restore()
    expect(await shown.next()).toMatchObject({ value: { seen: true } })
    expect(electron.told.displayAwake).toBe(1)
    port.close()
    await vi.waitFor(() => expect(electron.told.displayAwake).toBe(0))
  })

  it('offers cut, copy and paste on a right click into a field', () => {
    const editFlags = { canCut: true, canCopy: true, canPaste: true, canSelectAll: true }
    mainWindow().webContents.emit('context-menu', {}, { isEditable: true, selectionText: '', editFlags })
    mainWindow().webContents.emit('context-menu', {}, { isEditable: false, selectionText: '', editFlags })
    expect(electron.told.popups).toMatchObject([
      [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { type: 'separator' }, { role: 'selectAll' }],
    ])
  })

  it('opens settings once, links in the browser, and nothing else', () => {
    const { webContents } = mainWindow()
    const wishes = [
      'alta-desk://desk/settings',
      'alta-desk://desk/settings',
      'https://cesbo.com/',
      'file:///etc/passwd',
    ]
    expect(wishes.map((url) => webContents.openWindow({ url }).action)).toEqual(Array(4).fill('deny'))
    expect(electron.BrowserWindow.all).toHaveLength(2)
    expect(electron.told.openedInBrowser).toEqual(['https://cesbo.com/'])
  })

  it('stops the desk before the process ends, however often quitting is asked for', async () => {
    const exited = once(electron.app, 'exited')
    electron.app.quit()
    electron.app.quit()
    await exited
    expect(electron.told.exits).toEqual([0])
  })
})
