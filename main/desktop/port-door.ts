import { ipcMain } from 'electron'
import type { MessagePortMain, WebContents } from 'electron'
import type { AreaLogger } from '../platform/logging.ts'
import { whyNoPort } from './gates.ts'

/** As in preload/index.ts, which cannot import ours. */
const portChannel = 'alta-desk:port'

/**
 * The one channel between our pages and the main process: a window hands in one end of a MessageChannel, and gets the
 * desk behind it if the gate lets it pass. Ports of anybody else are closed.
 */
export function openPortDoor(options: {
  readonly log: AreaLogger
  readonly isOurWindow: (contents: WebContents) => boolean
  readonly serve: (port: MessagePortMain, contents: WebContents) => void
}): void {
  ipcMain.on(portChannel, (event) => {
    const refusal = whyNoPort({
      frame: event.senderFrame,
      windowKnown: options.isOurWindow(event.sender),
      portCount: event.ports.length,
    })
    const [port] = event.ports
    if (refusal === null && port) return options.serve(port, event.sender)
    for (const unwanted of event.ports) unwanted.close()
    options.log.warn('Refused a port', { reason: refusal, url: event.senderFrame?.url ?? null })
  })
}
