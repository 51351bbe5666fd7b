import type { StreamProperties } from '../../shared/contract/cameras.ts'
import { isSourceLost } from '../../shared/domain/statuses.ts'
import type { CameraStatus } from '../../shared/domain/statuses.ts'
import type { AltaReceiverStatus } from '../alta/alta-types.ts'
import { configuredVerdict, isDeviceUnreachable, variantVerdict } from './variant-status.ts'
import type { ChannelFacts, VariantFacts } from './variant-status.ts'

/** A camera's status with the sentence that explains it. */
export interface StatusVerdict {
  readonly status: CameraStatus
  readonly reason: string
}

/** Everything the verdict about one camera rests on. */
export interface StatusFacts extends ChannelFacts {
  readonly main: VariantFacts
  /** Null where the camera has no sub stream. */
  readonly sub: VariantFacts | null
  readonly server: ChannelFacts['server'] & {
    /** True where the streaming port, found from Alta's configuration, does not answer. */
    readonly streamingClosed: boolean
  }
  /** True until the camera was seen streaming for the first time, for a while after its import. */
  readonly unconfirmed: boolean
}

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
  return configuredVerdict(facts.main, facts) ?? streaming(facts)
}

/** What the main stream itself decides. */
function streaming(facts: StatusFacts): StatusVerdict {
  const { unconfirmed } = facts
  const { stats } = facts.main
  if (stats?.active && stats.bitrateKbps !== 0) return playable(facts)
  if (unconfirmed) return { status: 'provisioning', reason: 'Newly added: waiting for its first picture.' }
  if (!stats || (stats.active === null && stats.error === ''))
    return { status: 'provisioning', reason: 'Alta has not shown yet that its stream moves.' }
  if (stats.active) return degraded(facts, 'Its source is connected but sends nothing (0 kbit/s).')
  const detail = stats.error ? ` (${stats.error})` : ''
  if (stats.active === false && isDeviceUnreachable(stats.error))
    return {
      status: 'offline',
      reason: `Alta cannot reach the camera${detail}. Check its power and network.`,
    }
  return degraded(facts, `Alta gets no usable picture from the camera${detail}.`)
}

function degraded(facts: StatusFacts, reason: string): StatusVerdict {
  const subPlays = facts.sub !== null && variantVerdict(facts.sub, facts).status === 'online'
  return { status: 'degraded', reason: subPlays ? `${reason} Its sub stream still plays.` : reason }
}

function playable(facts: StatusFacts): StatusVerdict {
  if (facts.server.streamingClosed)
    return {
      status: 'degraded',
      reason: 'Alta receives the camera, but its streaming port does not answer, so nobody can watch.',
    }
  if (facts.sub && isSourceLost(variantVerdict(facts.sub, facts).status))
    return { status: 'online', reason: `Streams normally, except its sub stream ${facts.sub.receiverId}.` }
  return { status: 'online', reason: 'Streams normally.' }
}

/** The stream's properties as the contract gives them; all null while Alta has not told them. */
export function streamProperties(stats: AltaReceiverStatus | undefined): StreamProperties {
  return {
    codec: stats?.codec ?? null,
    width: stats?.width ?? null,
    height: stats?.height ?? null,
    fps: stats?.fps ?? null,
    bitrateKbps: stats?.bitrateKbps ?? null,
  }
}
