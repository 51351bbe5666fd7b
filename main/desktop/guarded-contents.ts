import { app, Menu, session } from 'electron'
import type { WebContents } from 'electron'
import type { AreaLogger } from '../platform/logging.ts'
import { mayNavigate, mayUse, readWindowWish } from './gates.ts'
import { openLink } from './open-link.ts'
import { textMenuTemplate } from './text-menu.ts'

/**
 * Puts every page of this application behind the gates, whoever opens it: no webview, no navigation or redirect away
 * from our own page, no new windows, no permission that is not listed. Call it once, before the first window.
 */
export function guardContents(options: {
  readonly log: AreaLogger
  readonly openSettings: (url: string) => void
}): void {
  app.on('web-contents-created', (_event, contents) => guard(contents, options))
}

function guard(
  contents: WebContents,
  { log, openSettings }: { log: AreaLogger; openSettings: (url: string) => void },
): void {
  contents.on('will-attach-webview', (event) => {
    event.preventDefault()
    log.warn('Refused a webview')
  })
  // will-navigate is the main frame's part of will-frame-navigate; both are guarded in case one is not emitted.
  for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect'] as const) {
    contents.on(name as 'will-navigate', (event) => {
      if (mayNavigate(event.url, event.isMainFrame)) return
      event.preventDefault()
      log.warn('Refused a navigation', { event: name, url: event.url })
    })
  }
  contents.on('context-menu', (_event, params) => {
    const template = textMenuTemplate(params)
    if (template.length > 0) Menu.buildFromTemplate(template).popup()
  })
  contents.setWindowOpenHandler(({ url }) => {
    const wish = readWindowWish(url)
    if (wish.kind === 'settings') openSettings(wish.url)
    else if (wish.kind === 'browser') openLink(wish.url, log)
    else log.warn('Refused a window', { url })
    return { action: 'deny' }
  })
}

/** Denies every permission that the gates do not list, to the check as to the request. Call it when the app is ready. */
export function guardPermissions(log: AreaLogger): void {
  session.defaultSession.setPermissionCheckHandler((_contents, permission, requestingOrigin) =>
    mayUse(permission, requestingOrigin),
  )
  session.defaultSession.setPermissionRequestHandler((_contents, permission, decide, details) => {
    const origin = 'requestingUrl' in details ? (details.requestingUrl ?? '') : ''
    const allowed = mayUse(permission, origin)
    if (!allowed) log.warn('Denied a permission', { permission, origin })
    decide(allowed)
  })
  session.defaultSession.setDevicePermissionHandler(() => false)
}
