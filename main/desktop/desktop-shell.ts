import { join } from 'node:path'
import { app, dialog, Menu, powerMonitor, protocol, shell } from 'electron'
import type { MessagePortMain, WebContents } from 'electron'
import type { AreaLogger } from '../platform/logging.ts'
import { pageDocument } from '../transport/http/page-document.ts'
import { securityHeaders } from '../transport/http/security-headers.ts'
import { openApiDocument } from '../transport/openapi-document.ts'
import { deskScheme } from './desk-origin.ts'
import { DeskWindows } from './desk-windows.ts'
import { guardContents, guardPermissions } from './guarded-contents.ts'
import { menuTemplate } from './menu-template.ts'
import { createPageHandler } from './page-handler.ts'
import { openPortDoor } from './port-door.ts'
import { showTray } from './tray.ts'
import { WindowMemory } from './window-memory.ts'

export interface DesktopShellOptions {
  readonly log: AreaLogger
  /** Origins from which Alta servers stream now, for the page's content policy. */
  readonly streamOrigins: () => readonly string[]
  readonly answerFile: (path: string) => Response | null
  /** Serves the contract to a page of ours that passed the gate. */
  readonly servePort: (port: MessagePortMain, contents: WebContents) => void
}

/** The page is strict on every desktop: it has no dev server to talk to. */
const security = { production: true, tlsEnabled: false }

/** Everything of the desktop that a person sees. Call it when the app is ready and the desk runs. */
export function openDesktopShell({ log, streamOrigins, answerFile, servePort }: DesktopShellOptions): void {
  const root = app.getAppPath()
  const icons = join(root, 'resources/icons')
  const windows = new DeskWindows({
    log,
    memory: new WindowMemory(join(app.getPath('userData'), 'windows.json'), (error) =>
      log.warn('The places of windows are not remembered', { error }),
    ),
    preload: join(root, 'out/preload/index.cjs'),
    icon: join(icons, 'icon.png'),
    development: !app.isPackaged,
    monotonicMs: () => performance.now(),
  })
  const openSettings = (url?: string): void => windows.showSettings(url)

  guardContents({ log, openSettings })
  guardPermissions(log)
  openPortDoor({ log, isOurWindow: (contents) => windows.owns(contents), serve: servePort })
  protocol.handle(
    deskScheme,
    createPageHandler({
      root: join(root, 'out/renderer'),
      securityHeaders: securityHeaders(security),
      prepareDocument: (html) => pageDocument(html, streamOrigins(), security),
      answerFile,
      apiDocument: () => openApiDocument(app.getVersion()),
      onRefused: (url, reason) => log.warn('Refused an address', { url, reason }),
    }),
  )
  setMenu(openSettings, log)
  const tray = showTray({ icons, open: () => windows.showMain(), openSettings, quit: () => app.quit() })
  // This also holds on to the icon, which else disappears with the garbage.
  app.once('quit', () => tray.destroy())
  app.on('second-instance', () => windows.showMain())
  app.on('activate', () => windows.showMain())
  // Colleagues on the LAN may be watching, and alerts are raised without a window: the tray icon stays.
  app.on('window-all-closed', () => undefined)
  powerMonitor.on('suspend', () => log.info('The machine goes to sleep'))
  powerMonitor.on('resume', () => log.info('The machine woke up'))
  windows.showMain()
}

function setMenu(openSettings: () => void, log: AreaLogger): void {
  const openFolder = async (folder: string): Promise<void> => {
    const problem = await shell.openPath(folder)
    if (problem !== '') log.warn('A folder did not open', { folder, problem })
  }
  const template = menuTemplate({
    platform: process.platform,
    applicationName: app.name,
    development: !app.isPackaged,
    actions: {
      openSettings: () => openSettings(),
      openDataFolder: () => void openFolder(app.getPath('userData')),
      openLogFolder: () => void openFolder(app.getPath('logs')),
    },
  })
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

/** Says why there is no desk, in the words of the error, and ends the application. */
export function failToStart(error: unknown): void {
  dialog.showErrorBox('Alta Desk cannot start', error instanceof Error ? error.message : String(error))
  app.exit(1)
}
