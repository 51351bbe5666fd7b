import type { MediaSample } from '../session.ts'

/** The members of `RTCInboundRtpStreamStats` that are used; not all browsers have all of them. */
interface InboundVideo {
  type?: string
  kind?: string
  bytesReceived?: number
  framesDecoded?: number
  framesDropped?: number
  keyFramesDecoded?: number
  packetsReceived?: number
  packetsLost?: number
}

/** Reads the inbound video figures out of a stats report; null before the first packet. */
export function videoSample(report: RTCStatsReport): MediaSample | null {
  let found: InboundVideo | undefined
  report.forEach((entry: InboundVideo) => {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') found = entry
  })
  if (!found) return null
  return {
    bytes: found.bytesReceived ?? 0,
    framesDecoded: found.framesDecoded ?? null,
    framesDropped: found.framesDropped ?? 0,
    keyFrames: found.keyFramesDecoded ?? null,
    packetsReceived: found.packetsReceived ?? null,
    packetsLost: found.packetsLost ?? null,
    delayMs: null,
  }
}
