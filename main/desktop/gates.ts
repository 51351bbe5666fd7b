import { isDeskUrl } from './desk-origin.ts'

/** What Electron says of a frame that asks for the port; `parent` is null for the main frame only. */
export interface AskingFrame {
  readonly parent: object | null
  readonly origin: string
}

/**
 * Why a frame may not have a port to the desk, or null when it may. This is the one place where senders are checked:
 * whoever holds a port is past it, so there is no other channel.
 */
export function whyNoPort(request: {
  /** Null when the frame was gone before the message arrived. */
  readonly frame: AskingFrame | null
  /** Whether the sender is a window that this application opened itself. */
  readonly windowKnown: boolean
  readonly portCount: number
}): string | null {
  if (!request.windowKnown) return 'unknown window'
  if (request.frame === null) return 'frame is gone'
  if (request.frame.parent !== null) return 'not the main frame'
  if (!isDeskUrl(request.frame.origin)) return 'not our origin'
  if (request.portCount !== 1) return 'exactly one port must come along'
  return null
}

/** What our page may use besides what every page may; everything else is denied without asking. */
const allowedPermissions: ReadonlySet<string> = new Set([
  // Since Electron 43 a page reaches cameras on the LAN or on this machine only with these three.
  'local-network',
  'local-network-access',
  'loopback-network',
  'notifications',
  'fullscreen',
  // The Copy buttons; reading the clipboard is another permission.
  'clipboard-sanitized-write',
])

/** Whether a frame of this origin (or URL) may use what it asks for: our own page only, and only what is listed. */
export function mayUse(permission: string, origin: string): boolean {
  return allowedPermissions.has(permission) && isDeskUrl(origin)
}

/** Whether a frame may go to this address: our own page in the main frame. A link elsewhere goes to the browser. */
export function mayNavigate(url: string, isMainFrame: boolean): boolean {
  return isMainFrame && isDeskUrl(url)
}

/** What becomes of a page's wish for a new window; the window itself is always refused. */
export type WindowWish =
  | { readonly kind: 'settings'; readonly url: string }
  | { readonly kind: 'browser'; readonly url: string }
  | { readonly kind: 'refused' }

/** Our settings open in our settings window, https links in the system's browser, anything else nowhere. */
export function readWindowWish(url: string): WindowWish {
  if (isDeskUrl(url)) {
    const path = URL.parse(url)?.pathname ?? ''
    return path === '/settings' || path.startsWith('/settings/')
      ? { kind: 'settings', url }
      : { kind: 'refused' }
  }
  return isSafeLink(url) ? { kind: 'browser', url } : { kind: 'refused' }
}

/**
 * Whether the operating system may be asked to open this link. Only https: other schemes start programs, and
 * credentials in a link are a way to pass one host off as another.
 */
export function isSafeLink(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && url.protocol === 'https:' && url.username === '' && url.password === ''
}
