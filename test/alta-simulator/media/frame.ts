import type { RtpPayload } from '../whep/h264-payloads.ts'

/** One picture as the camera sent it. */
export interface VideoFrame {
  kind: 'video'
  codec: 'h264' | 'h265'
  /** Annex B bytes of the access unit. */
  data: Buffer
  keyFrame: boolean
  /** When the picture was taken by its burnt-in clock, ms since 1970. */
  epochMs: number
  /** The picture cut for RTP; made once, on the first WebRTC viewer. */
  rtpPayloads?: RtpPayload[]
}

/** A piece of sound: AAC with ADTS headers for HLS, one Opus packet for WebRTC. */
export interface AudioFrame {
  kind: 'audio'
  codec: 'aac' | 'opus'
  data: Buffer
  epochMs: number
}

export type Frame = VideoFrame | AudioFrame
