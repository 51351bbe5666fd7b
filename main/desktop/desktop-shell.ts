import { join } from 'node:path'
import { app, Menu, powerMonitor, powerSaveBlocker, protocol, shell } from 'electron'
import type { MessagePortMain } from 'electron'
import type { CallingWindow } from '../rpc/request-context.ts'
import type { FileRequest } from '../files/downloads.ts'
import type { AreaLogger } from '../platform/logging.ts'
import { pageDocument } from '../transport/http/page-document.ts'
import { securityHeaders } from '../transport/http/security-headers.ts'
import { openApiDocument } from '../transport/openapi-document.ts'
import { deskScheme } from './desk-origin.ts'
import { DeskWindows } from './desk-windows.ts'
import { guardContents, guardPermissions } from './guarded-contents.ts'
import { decideWithoutWindows, KeepRunning } from './keep-running.ts'
import { keepRunningLabel, menuTemplate } from './menu-template.ts'
import { showNotice } from './notice-window.ts'
import { createPageHandler } from './page-handler.ts'
import { openPortDoor } from './port-handover.ts'
import { ShownWalls } from './shown-walls.ts'
import { hasTrayHost } from './tray-host.ts'
import { showTray } from './tray.ts'
import { WindowMemory } from './window-memory.ts'

export interface DesktopShellOptions {
  readonly log: AreaLogger
  /** Origins from which Alta servers stream now, for the page's content policy. */
  readonly streamOrigins: () => readonly string[]
  readonly answerFile: (request: FileRequest) => Promise<Response | null>
  /** Serves the contract to a page of ours that passed the gate. */
  readonly servePort: (port: MessagePortMain, window: CallingWindow) => void
  /** Stops the desk and ends the application, without asking anybody. */
  readonly endNow: () => void
}

/** The page is strict on every desktop: it has no dev server to talk to. */
const security = { production: true, tlsEnabled: false }

/** Everything of the desktop that a person sees. Call it when the app is ready and the desk runs; returns its windows. */
export function openDesktopShell(options: DesktopShellOptions): DeskWindows {
  const { log, streamOrigins, answerFile, servePort, endNow } = options
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
    walls: new ShownWalls({
      start: () => powerSaveBlocker.start('prevent-display-sleep'),
      stop: (id) => void powerSaveBlocker.stop(id),
    }),
    onSessionEnd: endNow,
  })
  const keepRunning = new KeepRunning(join(app.getPath('userData'), 'desktop.json'), (error) =>
    log.warn('Whether the desk keeps running is not remembered', { error }),
  )
  const openSettings = (url?: string): void => windows.showSettings(url)

  guardContents({ log, openSettings })
  guardPermissions(log)
  openPortDoor({ log, windowOf: (contents) => windows.wallOf(contents), serve: servePort })
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
  setMenu(openSettings, keepRunning, log)
  const tray = showTray({ icons, open: () => windows.showMain(), openSettings, quit: () => app.quit() })
  // This also holds on to the icon, which else disappears with the garbage.
  app.once('quit', () => tray.destroy())
  app.on('second-instance', () => windows.showMain())
  app.on('activate', () => windows.showMain())
  app.on('window-all-closed', () => {
    afterLastWindow(keepRunning).catch((error: unknown) => log.error('The last window was closed', { error }))
  })
  // Colleagues' walls survive a crash of what serves the picture to one screen: Chromium starts it anew.
  app.on('child-process-gone', (_event, details) => log.error('A process of Chromium ended', { ...details }))
  powerMonitor.on('suspend', () => log.info('The machine goes to sleep'))
  powerMonitor.on('resume', () => log.info('The machine woke up'))
  powerMonitor.on('shutdown', endNow)
  windows.showMain()
  return windows
}

/** Colleagues on the LAN may be watching, and alerts are raised without a window: where a person wants it the desk goes on. */
async function afterLastWindow(keepRunning: KeepRunning): Promise<void> {
  const decision = decideWithoutWindows({
    keepRunning: keepRunning.isWanted,
    hasTray: await hasTrayHost(process.platform, process.env),
    wasTold: keepRunning.wasTold,
  })
  if (decision === 'quit') return app.quit()
  if (decision === 'stay') return
  keepRunning.noteTold()
  showNotice({
    title: 'Alta Desk is still running',
    text:
      'Colleagues stay connected. Open or quit Alta Desk with its tray icon. To quit when the window is closed, turn off ' +
      `"${keepRunningLabel}" in the menu.`,
    actions: [
      { label: 'OK', run: () => undefined },
      { label: 'Quit Alta Desk', run: () => app.quit() },
    ],
    onClosed: () => undefined,
  })
}

function setMenu(openSettings: () => void, keepRunning: KeepRunning, log: AreaLogger): void {
  const openFolder = async (folder: string): Promise<void> => {
    const problem = await shell.openPath(folder)
    if (problem !== '') log.warn('A folder did not open', { folder, problem })
  }
  const template = menuTemplate({
    platform: process.platform,
    applicationName: app.name,
    development: !app.isPackaged,
    keepsRunning: keepRunning.isWanted,
    actions: {
      openSettings: () => openSettings(),
      openDataFolder: () => void openFolder(app.getPath('userData')),
      openLogFolder: () => void openFolder(app.getPath('logs')),
      keepRunning: (wanted) => keepRunning.want(wanted),
    },
  })
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
