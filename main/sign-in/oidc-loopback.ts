import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OidcFailure } from './oidc-provider.ts'

const path = '/callback'
const patienceMs = 5 * 60_000
const page =
  '<!doctype html><meta charset="utf-8"><title>Alta Desk</title><p>You can close this page and go back to Alta Desk.</p>'

/** A place on this machine where the system browser comes back from the provider. */
export interface BrowserWait extends AsyncDisposable {
  readonly redirectUri: string
  /** What it brought; rejects with an `OidcFailure` when nobody comes. */
  readonly query: Promise<string>
}

/** Listens on 127.0.0.1 alone, for one answer (RFC 8252, sections 7.3 and 8.3). `port` 0 lets the system choose. */
export async function waitForBrowser(port: number, signal: AbortSignal): Promise<BrowserWait> {
  const came = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (request.method !== 'GET' || url.pathname !== path) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      connection: 'close',
    })
    response.end(page)
    came.resolve(url.search)
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new OidcFailure('unavailable', `The port ${port} of 127.0.0.1 is taken.`, error)
  }
  const giveUp = (): void => came.reject(new OidcFailure('refused', 'Nobody came back from the provider.'))
  const patience = setTimeout(giveUp, patienceMs)
  signal.addEventListener('abort', giveUp, { once: true })
  // Where beginning fails nobody waits for it.
  came.promise.catch(() => undefined)
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    query: came.promise,
    [Symbol.asyncDispose]: async () => {
      clearTimeout(patience)
      signal.removeEventListener('abort', giveUp)
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}
