import { app, BrowserWindow, screen } from 'electron'
import type { WebContents } from 'electron'
import type { AreaLogger } from '../platform/logging.ts'
import { deskOrigin, isDeskUrl } from './desk-origin.ts'
import { PageRecovery } from './page-recovery.ts'
import { isWindowSeen } from './shown-walls.ts'
import type { ShownWalls, WallWindow } from './shown-walls.ts'
import type { WindowMemory } from './window-memory.ts'
import { placeWindow } from './window-placement.ts'

type WindowName = 'main' | 'settings'

interface WindowKind {
  readonly path: string
  readonly title: string
  readonly preferred: { readonly width: number; readonly height: number }
  readonly least: { readonly minWidth: number; readonly minHeight: number }
}

const kinds: Readonly<Record<WindowName, WindowKind>> = {
  main: {
    path: '/',
    title: 'Alta Desk',
    preferred: { width: 1440, height: 900 },
    least: { minWidth: 960, minHeight: 600 },
  },
  settings: {
    path: '/settings',
    title: 'Alta Desk Settings',
    preferred: { width: 1080, height: 760 },
    least: { minWidth: 720, minHeight: 480 },
  },
}

/** The canvas of the dark theme, so that a window does not flash white before its first paint. */
const backgroundColor = '#0b0d11'
const rememberAfterMs = 500

export interface DeskWindowsOptions {
  readonly log: AreaLogger
  readonly memory: WindowMemory
  readonly preload: string
  readonly icon: string
  /** Developer tools exist in development only. */
  readonly development: boolean
  readonly monotonicMs: () => number
  readonly walls: ShownWalls
  /** Windows is about to end the session of the person who is signed in to the machine. */
  readonly onSessionEnd: () => void
}

/** The two windows of the desktop: the wall and its surroundings, and the settings. Each exists once. */
export class DeskWindows {
  readonly #options: DeskWindowsOptions
  readonly #windows = new Map<WindowName, { window: BrowserWindow; wall: WallWindow }>()

  constructor(options: DeskWindowsOptions) {
    this.#options = options
  }

  /** Opens the main window, or brings it to the front. */
  showMain(): void {
    this.#show('main', `${deskOrigin}${kinds.main.path}`)
  }

  /** Opens the settings, at `url` (a page below /settings) if one is given, or brings them to the front. */
  showSettings(url?: string): void {
    const open = this.#windows.get('settings')?.window
    if (open && url !== undefined && open.webContents.getURL() !== url) this.#load(open, url)
    this.#show('settings', url ?? `${deskOrigin}${kinds.settings.path}`)
  }

  /** What is known of the window whose page these contents are; null where it is none of ours. */
  wallOf(contents: WebContents): WallWindow | null {
    const found = [...this.#windows.values()].find(({ window }) => window.webContents === contents)
    return found?.wall ?? null
  }

  /** Closes every window, without asking its page. */
  closeAll(): void {
    for (const { window } of this.#windows.values()) window.destroy()
  }

  #show(name: WindowName, url: string): void {
    const open = this.#windows.get(name)?.window
    if (!open) return this.#open(name, url)
    if (open.isMinimized()) open.restore()
    open.show()
    open.focus()
  }

  #open(name: WindowName, url: string): void {
    const { memory, preload, icon, development } = this.#options
    const kind = kinds[name]
    const place = placeWindow(memory.get(name), workAreas(), kind.preferred)
    const window = new BrowserWindow({
      ...place.bounds,
      ...kind.least,
      title: kind.title,
      icon,
      backgroundColor,
      show: false,
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        safeDialogs: true,
        spellcheck: false,
        devTools: development,
        // A covered wall still has to notice and say that a picture stands still.
        backgroundThrottling: name !== 'main',
      },
    })
    const wall = this.#options.walls.open()
    this.#windows.set(name, { window, wall })
    window.once('closed', () => {
      this.#windows.delete(name)
      wall.close()
    })
    window.once('ready-to-show', () => {
      if (place.maximized) window.maximize()
      if (place.fullScreen) window.setFullScreen(true)
      window.show()
    })
    this.#rememberPlace(name, window)
    this.#tellWhetherSeen(window, wall)
    this.#recoverPage(name, window, url, wall)
    window.on('session-end', this.#options.onSessionEnd)
    this.#load(window, url)
  }

  #load(window: BrowserWindow, url: string): void {
    // `did-fail-load` is told as well, and loads it again.
    window.loadURL(url).catch((error: unknown) => this.#options.log.debug('A load ended', { url, error }))
  }

  #tellWhetherSeen(window: BrowserWindow, wall: WallWindow): void {
    const tell = (): void => {
      if (!window.isDestroyed()) wall.setSeen(isWindowSeen(window, app, process.platform))
    }
    window.on('minimize', tell)
    window.on('restore', tell)
    window.on('show', tell)
    window.on('hide', tell)
  }

  #rememberPlace(name: WindowName, window: BrowserWindow): void {
    let timer: NodeJS.Timeout | undefined
    const remember = (): void => {
      clearTimeout(timer)
      if (window.isDestroyed() || window.isMinimized()) return
      this.#options.memory.set(name, {
        bounds: window.getNormalBounds(),
        maximized: window.isMaximized(),
        fullScreen: window.isFullScreen(),
      })
    }
    const soon = (): void => {
      clearTimeout(timer)
      timer = setTimeout(remember, rememberAfterMs)
    }
    window.on('resize', soon)
    window.on('move', soon)
    window.on('close', remember)
    window.once('closed', () => clearTimeout(timer))
  }

  #recoverPage(name: WindowName, window: BrowserWindow, url: string, wall: WallWindow): void {
    const { webContents } = window
    const { log, monotonicMs } = this.#options
    const page = {
      // A page that never loaded has no address of its own yet.
      load: () => this.#load(window, isDeskUrl(webContents.getURL()) ? webContents.getURL() : url),
      end: () => webContents.forcefullyCrashRenderer(),
    }
    const recovery = new PageRecovery(name, page, log, monotonicMs)
    webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      wall.pageGone()
      recovery.crashed(reason, exitCode)
    })
    webContents.on('did-fail-load', (_event, code, description, _url, isMainFrame) =>
      recovery.loadFailed(code, description, isMainFrame),
    )
    webContents.on('preload-error', (_event, path, error) => log.error('The preload failed', { path, error }))
    window.on('unresponsive', () => recovery.unresponsive())
    window.on('responsive', () => recovery.responsive())
    window.once('closed', () => recovery.stop())
  }
}

function workAreas(): [Electron.Rectangle, ...Electron.Rectangle[]] {
  const primary = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter((display) => display.id !== primary.id)
  return [primary.workArea, ...others.map((display) => display.workArea)]
}
