import { BrowserWindow } from 'electron'
import { actionAt, noticePage } from './notice-page.ts'
import type { Notice } from './notice-page.ts'

/**
 * Shows a notice in a small window of its own. A message box will not do: on macOS one without a parent stops the whole
 * main process until somebody answers it. Call it when the app is ready.
 */
export function showNotice(notice: Notice): void {
  const window = new BrowserWindow({
    width: 520,
    height: 260,
    resizable: false,
    fullscreenable: false,
    title: notice.title,
    autoHideMenuBar: true,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, javascript: false },
  })
  let isAnswered = false
  window.webContents.on('will-navigate', (event) => {
    event.preventDefault()
    const action = actionAt(event.url, notice)
    if (!action || isAnswered) return
    isAnswered = true
    action.run()
    window.destroy()
  })
  window.once('closed', () => {
    if (!isAnswered) notice.onClosed()
  })
  // The page is part of the address: it cannot be missing.
  void window.loadURL(noticePage(notice))
}
