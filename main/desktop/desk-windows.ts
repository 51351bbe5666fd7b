import { BrowserWindow, screen } from 'electron'
import type { WebContents } from 'electron'
import type { AreaLogger } from '../platform/logging.ts'
import { deskOrigin } from './desk-origin.ts'
import { ReloadBackoff } from './reload-backoff.ts'
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
}

/** The two windows of the desktop: the wall and its surroundings, and the settings. Each exists once. */
export class DeskWindows {
  readonly #options: DeskWindowsOptions
  readonly #windows = new Map<WindowName, BrowserWindow>()

  constructor(options: DeskWindowsOptions) {
    this.#options = options
  }

  /** Opens the main window, or brings it to the front. */
  showMain(): void {
    this.#show('main', `${deskOrigin}${kinds.main.path}`)
  }

  /** Opens the settings, at `url` (a page below /settings) if one is given, or brings them to the front. */
  showSettings(url?: string): void {
    const open = this.#windows.get('settings')
    if (open && url !== undefined && open.webContents.getURL() !== url) this.#load(open, url)
    this.#show('settings', url ?? `${deskOrigin}${kinds.settings.path}`)
  }

  /** Whether these contents are the page of one of our windows. */
  owns(contents: WebContents): boolean {
    return [...this.#windows.values()].some((window) => window.webContents === contents)
  }

  #show(name: WindowName, url: string): void {
    const open = this.#windows.get(name)
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
    this.#windows.set(name, window)
    window.once('closed', () => this.#windows.delete(name))
    window.once('ready-to-show', () => {
      if (place.maximized) window.maximize()
      if (place.fullScreen) window.setFullScreen(true)
      window.show()
    })
    this.#rememberPlace(name, window)
    this.#reloadAfterCrash(name, window)
    this.#load(window, url)
  }

  #load(window: BrowserWindow, url: string): void {
    window
      .loadURL(url)
      .catch((error: unknown) => this.#options.log.error('A page did not load', { url, error }))
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

  #reloadAfterCrash(name: WindowName, window: BrowserWindow): void {
    const backoff = new ReloadBackoff(this.#options.monotonicMs)
    let timer: NodeJS.Timeout | undefined
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      if (reason === 'clean-exit' || window.isDestroyed()) return
      const delayMs = backoff.crashed()
      this.#options.log.error('A page ended unexpectedly; it is loaded again', {
        name,
        reason,
        exitCode,
        delayMs,
      })
      clearTimeout(timer)
      timer = setTimeout(() => window.webContents.reload(), delayMs)
    })
    window.on('unresponsive', () => this.#options.log.warn('A page does not respond', { name }))
    window.once('closed', () => clearTimeout(timer))
  }
}

function workAreas(): [Electron.Rectangle, ...Electron.Rectangle[]] {
  const primary = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter((display) => display.id !== primary.id)
  return [primary.workArea, ...others.map((display) => display.workArea)]
}
