import { ipcMain } from 'electron'
import type { MessagePortMain, WebContents } from 'electron'
import type { CallingWindow } from '../rpc/request-context.ts'
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
  /** The window of ours whose page these contents are, or null. */
  readonly windowOf: (contents: WebContents) => CallingWindow | null
  readonly serve: (port: MessagePortMain, window: CallingWindow) => void
}): void {
  ipcMain.on(portChannel, (event) => {
    const window = options.windowOf(event.sender)
    const refusal = whyNoPort({
      frame: event.senderFrame,
      windowKnown: window !== null,
      portCount: event.ports.length,
    })
    const [port] = event.ports
    if (refusal === null && port && window) return options.serve(port, window)
    for (const unwanted of event.ports) unwanted.close()
    options.log.warn('Refused a port', { reason: refusal, url: event.senderFrame?.url ?? null })
  })
}
