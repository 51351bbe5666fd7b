const askPort = 'alta-desk:ask-port'
const portMessage = 'alta-desk:port'

/** The custom scheme under which a desktop window loads its page; a browser never shows it. */
const desktopProtocol = 'alta-desk:'

/** True in a window of the desktop application. */
export function inDesktopWindow(): boolean {
  return location.protocol === desktopProtocol
}

/**
 * Asks the preload bridge for the port to the desk and resolves with it, started.
 * Rejects after `timeoutMs` when the bridge hands over none: the main process refused the window.
 */
export function desktopPort(timeoutMs = 10_000): Promise<MessagePort> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      window.removeEventListener('message', onMessage)
      reject(new Error('The desktop application handed this window no port.'))
    }, timeoutMs)
    function onMessage(event: MessageEvent): void {
      const [port] = event.ports
      if (event.source !== window || event.data !== portMessage || !port) return
      // Whoever asked after this listener gets the next port.
      event.stopImmediatePropagation()
      clearTimeout(timer)
      window.removeEventListener('message', onMessage)
      port.start()
      resolve(port)
    }
    window.addEventListener('message', onMessage)
    window.postMessage(askPort, '/')
  })
}
