import { join } from 'node:path'
import { Menu, Tray } from 'electron'
import { trayTemplate } from './menu-template.ts'

/** Shows the icon by which a desk without windows is reached and ended. Hold on to what it returns: garbage collection takes the icon away. */
export function showTray(options: {
  readonly icons: string
  readonly open: () => void
  readonly openSettings: () => void
  readonly quit: () => void
}): Tray {
  const tray = new Tray(join(options.icons, iconFile(process.platform)))
  tray.setToolTip('Alta Desk')
  tray.setContextMenu(Menu.buildFromTemplate(trayTemplate(options)))
  // macOS opens the menu on a click.
  if (process.platform !== 'darwin') tray.on('click', options.open)
  return tray
}

function iconFile(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'trayTemplate.png'
  return platform === 'win32' ? 'icon.ico' : 'tray.png'
}
