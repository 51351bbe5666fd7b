import type { StreamProperties } from '../../shared/contract/cameras.ts'
import type { CameraStatus } from '../../shared/domain/statuses.ts'
import type { AltaReceiverStatus } from '../alta/alta-types.ts'

/** A camera's status with the sentence that explains it. */
export interface StatusVerdict {
  readonly status: CameraStatus
  readonly reason: string
}

/** Everything the verdict about one camera rests on. */
export interface StatusFacts {
  readonly receiverId: string
  readonly channelId: string
  readonly subReceiverId: string | null
  readonly server: {
    readonly name: string
    /** False until the server's configuration was read since the desk started, or since the camera was made. */
    readonly reached: boolean
    /** Why it is unavailable; null while it answers. */
    readonly unavailableReason: string | null
    /** True where the streaming port, found from Alta's configuration, does not answer. */
    readonly streamingClosed: boolean
  }
  /** The receiver in Alta's configuration; undefined where it is gone. */
  readonly receiver: { readonly enable: boolean } | undefined
  /** The camera's channel in Alta's configuration; undefined where it is gone. */
  readonly channel: { readonly enable: boolean } | undefined
  /** What Alta says of the streams now; undefined where it has said nothing yet. */
  readonly figures: AltaReceiverStatus | undefined
  readonly subFigures: AltaReceiverStatus | undefined
  /** True until the camera was seen streaming for the first time, for a while after its import. */
  readonly unconfirmed: boolean
}

/** Words in Alta's error that mean that the device itself cannot be reached; the texts are not published. */
const deviceUnreachable =
  /refused|time(d )?\s?out|unreachable|no route|reset|resolve|lookup|no such host|unauthorized|forbidden|401|403/i

/**
 * The rules of the Alta VMS user guide, "Cameras": offline is not reachable, disabled on Alta, or its server down;
 * degraded is reachable without a usable source; provisioning is new and not seen streaming yet.
 */
export function cameraStatus(facts: StatusFacts): StatusVerdict {
  const { server } = facts
  if (server.unavailableReason !== null)
    return { status: 'offline', reason: `Server ${server.name} is unavailable: ${server.unavailableReason}` }
  if (!server.reached)
    return { status: 'provisioning', reason: `Waiting for the next answer of server ${server.name}.` }
  return configured(facts) ?? streaming(facts)
}

/** What Alta's configuration alone decides. */
function configured({ receiver, receiverId, channel, channelId }: StatusFacts): StatusVerdict | null {
  if (!receiver)
    return {
      status: 'offline',
      reason: `The receiver ${receiverId} does not exist on Alta any more: it was deleted or renamed. Pick its receiver again.`,
    }
  if (!receiver.enable)
    return { status: 'offline', reason: `The receiver ${receiverId} is disabled on Alta. Enable it there.` }
  if (!channel)
    return {
      status: 'offline',
      reason: `The channel ${channelId} is missing on Alta. Repair the server to put it back.`,
    }
  if (!channel.enable)
    return {
      status: 'offline',
      reason: `The channel ${channelId} is disabled on Alta. Repair the server to enable it.`,
    }
  return null
}

/** What the stream itself decides. */
function streaming(facts: StatusFacts): StatusVerdict {
  const { figures, unconfirmed } = facts
  if (figures?.active && figures.bitrateKbps !== 0) return playable(facts)
  if (unconfirmed) return { status: 'provisioning', reason: 'Newly added: waiting for its first picture.' }
  if (!figures || (figures.active === null && figures.error === ''))
    return { status: 'provisioning', reason: 'Alta has not shown yet that its stream moves.' }
  if (figures.active)
    return { status: 'degraded', reason: 'Its source is connected but sends nothing (0 kbit/s).' }
  const detail = figures.error ? ` (${figures.error})` : ''
  if (figures.active === false && deviceUnreachable.test(figures.error))
    return {
      status: 'offline',
      reason: `Alta cannot reach the camera${detail}. Check its power and network.`,
    }
  return { status: 'degraded', reason: `Alta gets no usable picture from the camera${detail}.` }
}

function playable({ server, subReceiverId, subFigures }: StatusFacts): StatusVerdict {
  if (server.streamingClosed)
    return {
      status: 'degraded',
      reason: 'Alta receives the camera, but its streaming port does not answer, so nobody can watch.',
    }
  if (subReceiverId !== null && subFigures?.active === false)
    return { status: 'online', reason: `Streams normally, except its sub stream ${subReceiverId}.` }
  return { status: 'online', reason: 'Streams normally.' }
}

/** The stream's properties as the contract gives them; all null while Alta has not told them. */
export function streamProperties(figures: AltaReceiverStatus | undefined): StreamProperties {
  return {
    codec: figures?.codec ?? null,
    width: figures?.width ?? null,
    height: figures?.height ?? null,
    fps: figures?.fps ?? null,
    bitrateKbps: figures?.bitrateKbps ?? null,
  }
}
