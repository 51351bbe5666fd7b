import type { MenuItemConstructorOptions } from 'electron'

export interface MenuActions {
  readonly openSettings: () => void
  readonly openDataFolder: () => void
  readonly openLogFolder: () => void
  /** Whether the desk goes on when its last window is closed, from now on. */
  readonly keepRunning: (wanted: boolean) => void
}

export interface MenuOptions {
  readonly platform: NodeJS.Platform
  readonly applicationName: string
  /** Developer tools exist in development only. */
  readonly development: boolean
  /** Whether the desk goes on when its last window is closed, as it stands. */
  readonly keepsRunning: boolean
  readonly actions: MenuActions
}

/** The words of the setting, which the notice about it names. */
export const keepRunningLabel = 'Keep running when the window is closed'

/** The application menu: Electron's roles where there is one, our own items where there is none. */
export function menuTemplate(options: MenuOptions): MenuItemConstructorOptions[] {
  const settings: MenuItemConstructorOptions = {
    id: 'settings',
    label: 'Settings...',
    accelerator: 'CmdOrCtrl+,',
    click: options.actions.openSettings,
  }
  const keepRunning: MenuItemConstructorOptions = {
    id: 'keep-running',
    type: 'checkbox',
    label: keepRunningLabel,
    checked: options.keepsRunning,
    click: (item) => options.actions.keepRunning(item.checked),
  }
  const mac = options.platform === 'darwin'
  return [
    ...(mac ? [applicationMenu(options.applicationName, [settings, keepRunning])] : []),
    {
      label: 'File',
      submenu: mac
        ? [{ role: 'close' }]
        : [settings, keepRunning, { type: 'separator' }, { role: 'close' }, { role: 'quit' }],
    },
    { role: 'editMenu' },
    viewMenu(options.development),
    { role: 'windowMenu' },
    helpMenu(options.actions, mac),
  ]
}

function applicationMenu(label: string, ours: MenuItemConstructorOptions[]): MenuItemConstructorOptions {
  return {
    label,
    submenu: [
      { role: 'about' },
      { type: 'separator' },
      ...ours,
      { type: 'separator' },
      { role: 'services' },
      { type: 'separator' },
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      { type: 'separator' },
      { role: 'quit' },
    ],
  }
}

function viewMenu(development: boolean): MenuItemConstructorOptions {
  return {
    label: 'View',
    submenu: [
      { role: 'reload' },
      ...(development ? [{ role: 'toggleDevTools' as const }] : []),
      { type: 'separator' },
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
    ],
  }
}

function helpMenu(actions: MenuActions, mac: boolean): MenuItemConstructorOptions {
  return {
    role: 'help',
    submenu: [
      { id: 'data-folder', label: 'Open data folder', click: actions.openDataFolder },
      { id: 'log-folder', label: 'Open log folder', click: actions.openLogFolder },
      ...(mac ? [] : [{ type: 'separator' as const }, { role: 'about' as const }]),
    ],
  }
}

/** The menu of the tray icon, from which a desk whose windows are closed is reached and ended. */
export function trayTemplate(actions: {
  readonly open: () => void
  readonly openSettings: () => void
  readonly quit: () => void
}): MenuItemConstructorOptions[] {
  return [
    { id: 'open', label: 'Open Alta Desk', click: actions.open },
    { id: 'settings', label: 'Settings...', click: actions.openSettings },
    { type: 'separator' },
    { id: 'quit', label: 'Quit', click: actions.quit },
  ]
}
