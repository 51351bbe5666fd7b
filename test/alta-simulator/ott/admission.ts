import type { Exchange } from '../http/exchange.ts'
import { authorize } from './authorizer.ts'
import type { Viewer } from './authorizer.ts'
import type { StreamingHost } from './streaming-host.ts'

function viewerOf(exchange: Exchange, channel: string, sessionId: string, tls: boolean): Viewer {
  const { request, path = '' } = exchange
  return {
    channel,
    encodedPath: path.split('/').map(encodeURIComponent).join('/'),
    rawQuery: exchange.rawQuery,
    token: exchange.query.get('token') ?? undefined,
    ip: exchange.ip,
    origin: `${tls ? 'https' : 'http'}://${request.headers.host ?? ''}`,
    userAgent: request.headers['user-agent'] ?? '',
    sessionId,
  }
}

/** Asks the channel's authorizer whether this request may start a session. */
export async function mayStart(
  host: StreamingHost,
  exchange: Exchange,
  channel: string,
  sessionId: string,
): Promise<boolean> {
  const viewer = viewerOf(exchange, channel, sessionId, host.options.tls)
  const { allowed } = await authorize(host.config, viewer, {
    nowSeconds: Math.floor((Date.now() + host.clockOffsetMs()) / 1000),
    onBackendCall: (call) => host.onBackendCall(call),
  })
  return allowed
}
