import type { Exchange } from '../http/exchange.ts'
import { replyError } from '../http/exchange.ts'
import type { Whep } from '../whep/whep.ts'
import { answerPreflight, applyCors } from './cors.ts'
import type { Hls } from './hls.ts'
import type { StreamingHost } from './streaming-host.ts'

/** The two ways to watch. */
export interface Players {
  hls: Hls
  whep: Whep
}

const GET_ROUTES: {
  pattern: RegExp
  answer: (hls: Hls, exchange: Exchange, parts: string[]) => Promise<void> | void
}[] = [
  {
    pattern: /^\/(.+)\/index\.m3u8$/,
    answer: (hls, exchange, [channel = '']) => hls.master(exchange, channel),
  },
  {
    pattern: /^\/(.+)\/recording_status\.json$/,
    answer: (hls, exchange, [channel = '']) => hls.recordingStatus(exchange, channel),
  },
  {
    pattern: /^\/(.+)\/([^/]+)\/([^/]+)\.m3u8$/,
    answer: (hls, exchange, [channel = '', variant = '', session = '']) =>
      hls.session(exchange, channel, variant, session),
  },
  {
    pattern: /^\/(.+)\/([^/]+)\/([^/]+\.ts)$/,
    answer: (hls, exchange, [channel = '', variant = '', name = '']) =>
      hls.segment(exchange, channel, variant, name),
  },
]

/** Answers one request to the OTT listener. */
export async function handleStreaming(
  exchange: Exchange,
  host: StreamingHost,
  { hls, whep }: Players,
): Promise<void> {
  applyCors(exchange, host.config, 'ott')
  const { path, method } = exchange
  if (answerPreflight(exchange)) return
  if (path === undefined) return replyError(exchange, 400, 'path: invalid')
  const whepPath = /^\/(.+)\/whep(?:\/([0-9a-f-]+))?$/.exec(path)
  if (whepPath) {
    const [, channel = '', session] = whepPath
    return session === undefined ? whep.endpoint(exchange, channel) : whep.session(exchange, channel, session)
  }
  if (method !== 'GET' && method !== 'HEAD') return replyError(exchange, 405, 'method not allowed')
  for (const { pattern, answer } of GET_ROUTES) {
    const match = pattern.exec(path)
    if (match) return answer(hls, exchange, match.slice(1))
  }
  return replyError(exchange, 404, 'not found')
}
