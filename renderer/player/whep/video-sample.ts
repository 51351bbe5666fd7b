import type { MediaSample } from '../session.ts'
import type { WhepFrameSizes } from './frame-sizes.ts'

/** The members of `RTCInboundRtpStreamStats` that are used; not all browsers have all of them. */
interface InboundVideo {
  type?: string
  kind?: string
  bytesReceived?: number
  framesReceived?: number
  framesDecoded?: number
  framesDropped?: number
  keyFramesDecoded?: number
  packetsReceived?: number
  packetsLost?: number
}

/**
 * Reads the inbound video figures out of a stats report; null before the first packet. `now` in monotonic milliseconds,
 * for `frameSizes`, which follows the session.
 */
export function videoSample(
  report: RTCStatsReport,
  now: number,
  frameSizes: WhepFrameSizes,
): MediaSample | null {
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
    sameSizeMs: sameSizeMs(found, now, frameSizes),
  }
}

function sameSizeMs(found: InboundVideo, now: number, frameSizes: WhepFrameSizes): number | null {
  const { bytesReceived, framesReceived, framesDecoded, keyFramesDecoded } = found
  if (bytesReceived === undefined || framesReceived === undefined) return null
  frameSizes.look(now, {
    bytes: bytesReceived,
    frames: framesReceived,
    framesDecoded: framesDecoded ?? null,
    keyFrames: keyFramesDecoded ?? null,
  })
  return frameSizes.sameMs
}
