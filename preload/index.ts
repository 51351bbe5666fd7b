import { ipcRenderer } from 'electron'

/**
 * The whole bridge between the page and the desk. The page asks with `window.postMessage('alta-desk:ask-port')` and is
 * handed one end of a MessageChannel as `'alta-desk:port'` with the port in `event.ports`; the other end goes to
 * the main process, which closes it unless it knows the window, the frame and the origin. Nothing is exposed on
 * `window`, so a page that is not ours finds nothing to call.
 */
const askPort = 'alta-desk:ask-port'
const port = 'alta-desk:port'

window.addEventListener('message', (event) => {
  if (event.source !== window || event.data !== askPort) return
  const { port1, port2 } = new MessageChannel()
  ipcRenderer.postMessage(port, null, [port1])
  // '/' is the page's own origin.
  window.postMessage(port, '/', [port2])
})
