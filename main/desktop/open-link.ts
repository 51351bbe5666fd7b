import { shell } from 'electron'
import type { AreaLogger } from '../platform/logging.ts'
import { isSafeLink } from './gates.ts'

/** Opens a link in the system's browser if it is a safe one; the only place that asks the operating system to. */
export function openLink(url: string, log: AreaLogger): void {
  if (!isSafeLink(url)) return log.warn('Refused to open a link', { url })
  shell.openExternal(url).catch((error: unknown) => log.warn('The system opened no browser', { error }))
}
