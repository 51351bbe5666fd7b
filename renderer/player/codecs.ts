import type { LiveSource } from '../../shared/contract/live.ts'

type Family = 'h264' | 'h265' | 'av1' | 'vp8' | 'vp9' | 'mjpeg'

/** RFC 6184, RFC 7798 and their kin: how WebRTC calls a codec. */
const webrtcNames: Record<Family, string> = {
  h264: 'video/h264',
  h265: 'video/h265',
  av1: 'video/av1',
  vp8: 'video/vp8',
  vp9: 'video/vp9',
  mjpeg: 'video/jpeg',
}

/** RFC 6381 strings of an ordinary profile: what Media Source Extensions are asked. */
const mediaSourceTypes: Record<Family, string[]> = {
  h264: ['video/mp4; codecs="avc1.640028"'],
  h265: ['video/mp4; codecs="hvc1.1.6.L120.B0"', 'video/mp4; codecs="hev1.1.6.L120.B0"'],
  av1: ['video/mp4; codecs="av01.0.08M.08"'],
  vp8: ['video/webm; codecs="vp8"'],
  vp9: ['video/mp4; codecs="vp09.00.40.08"', 'video/webm; codecs="vp9"'],
  mjpeg: [],
}

/** The family behind the many names of a codec; null where it is none we know. */
export function codecFamily(codec: string): Family | null {
  const name = codec.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (/^(h264|avc|x264)/.test(name)) return 'h264'
  if (/^(h265|hevc|hvc1|hev1|x265)/.test(name)) return 'h265'
  if (/^av0?1/.test(name)) return 'av1'
  if (/^vp0?8/.test(name)) return 'vp8'
  if (/^vp0?9/.test(name)) return 'vp9'
  return /jpe?g/.test(name) ? 'mjpeg' : null
}

/** Which codecs this browser plays, by each way of playing. */
export interface PlayableCodecs {
  /** False only where the browser says that it cannot; an unknown codec is tried. */
  plays(source: Pick<LiveSource, 'kind' | 'codec'>): boolean
}

function mediaSource(): typeof MediaSource | undefined {
  const managed = (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource
  return globalThis.MediaSource ?? managed
}

/** Asks the browser (RTCRtpReceiver.getCapabilities, MediaSource.isTypeSupported), once. */
export function browserCodecs(): PlayableCodecs {
  const capabilities = globalThis.RTCRtpReceiver?.getCapabilities('video')?.codecs
  const webrtc = capabilities && new Set(capabilities.map(({ mimeType }) => mimeType.toLowerCase()))
  const source = mediaSource()
  return {
    plays({ kind, codec }) {
      const family = codec === null ? null : codecFamily(codec)
      if (family === null) return true
      if (kind === 'whep') return webrtc === undefined ? true : webrtc.has(webrtcNames[family])
      if (source === undefined) return true
      return mediaSourceTypes[family].some((type) => source.isTypeSupported(type))
    },
  }
}
