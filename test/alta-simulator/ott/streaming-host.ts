import type { AltaChannel, AltaConfig } from '../config.ts'
import type { FaultBoard } from '../faults.ts'
import type { ReceiverStream } from '../media/receiver-stream.ts'
import type { ResolvedOptions } from '../options.ts'
import type { BackendCall } from './authorizer.ts'
import type { Recorder } from './recorder.ts'
import type { Sessions } from './sessions.ts'

/** What the streaming side needs of the server around it. */
export interface StreamingHost {
  readonly options: ResolvedOptions
  readonly config: AltaConfig
  readonly faults: FaultBoard
  readonly sessions: Sessions
  readonly recorder: Recorder
  /** The stream behind a receiver; undefined when the receiver is not there. */
  streamOf(receiverId: string): ReceiverStream | undefined
  /** Whether the channel is stopped by `POST /api/ott/channels/stop`. */
  isStopped(channelId: string): boolean
  /** Alta's clock less the real one, ms. */
  clockOffsetMs(): number
  onBackendCall(call: BackendCall): void
}

/** A variant that can be played. */
export interface PlayableVariant {
  name: string
  stream: ReceiverStream
}

/** A channel that is there, enabled and not stopped. */
export function playableChannel(host: StreamingHost, id: string): AltaChannel | undefined {
  const { channels } = host.config.ott
  const channel = Object.hasOwn(channels, id) ? channels[id] : undefined
  return channel && channel.enable !== false && !host.isStopped(id) ? channel : undefined
}

/** The variants of a channel whose receivers are there and enabled and carry video, in the configured order. */
export function playableVariants(host: StreamingHost, channel: AltaChannel): PlayableVariant[] {
  return Object.entries(channel.variants ?? {}).flatMap(([name, { receiver }]) => {
    const stream = host.streamOf(receiver)
    const enabled = host.config.receivers[receiver]?.enable !== false
    return stream && enabled && stream.receiver.kind === 'video' ? [{ name, stream }] : []
  })
}
