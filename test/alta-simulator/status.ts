import type { AltaConfig } from './config.ts'
import type { ReceiverStream } from './media/receiver-stream.ts'
import type { SessionInfo } from './ott/sessions.ts'

interface ReceiverStatus {
  active: boolean
  bitrate: number
  video: { codec: string; width: number; height: number; fps: number }
  error: string
}

const NO_SOURCE: ReceiverStatus = {
  active: false,
  bitrate: 0,
  video: { codec: '', width: 0, height: 0, fps: 0 },
  error: 'connection refused',
}

function receiverStatus(stream: ReceiverStream | undefined, enabled: boolean): ReceiverStatus {
  if (!enabled) return { ...NO_SOURCE, error: '' }
  if (!stream) return NO_SOURCE
  const { codec, width, height, fps, active } = stream.receiver
  if (stream.mode !== 'live' || !active) {
    return { active: false, bitrate: 0, video: { codec, width, height, fps }, error: 'no data from source' }
  }
  return { active: true, bitrate: stream.bitrateKbps, video: { codec, width, height, fps }, error: '' }
}

/** Body of `GET /api/status`; bitrate in kbit/s. */
export function statusOf(
  config: AltaConfig,
  streamOf: (receiverId: string) => ReceiverStream | undefined,
  sessions: readonly SessionInfo[],
): { receivers: Record<string, ReceiverStatus>; channels: Record<string, { sessions: number }> } {
  const counts = new Map<string, number>()
  for (const { channel } of sessions) counts.set(channel, (counts.get(channel) ?? 0) + 1)
  return {
    receivers: Object.fromEntries(
      Object.entries(config.receivers).map(([id, { enable }]) => [
        id,
        receiverStatus(streamOf(id), enable !== false),
      ]),
    ),
    channels: Object.fromEntries(
      Object.keys(config.ott.channels).map((id) => [id, { sessions: counts.get(id) ?? 0 }]),
    ),
  }
}
