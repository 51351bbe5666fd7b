import type { CameraVariant } from '../../shared/contract/cameras.ts'
import { isSourceLost } from '../../shared/domain/statuses.ts'
import type { VariantName, VariantStatus } from '../../shared/domain/statuses.ts'
import type { AltaReceiverStatus } from '../alta/alta-types.ts'

/** Everything the verdict about one stream of a camera rests on. */
export interface VariantFacts {
  readonly name: VariantName
  readonly receiverId: string
  /** The receiver in Alta's configuration; undefined where it is gone. */
  readonly receiver: { readonly enable: boolean } | undefined
  /** What Alta says of the receiver now; undefined where it has said nothing yet. */
  readonly stats: AltaReceiverStatus | undefined
}

/** What all streams of a camera have in common. */
export interface ChannelFacts {
  readonly channelId: string
  /** The camera's channel in Alta's configuration; undefined where it is gone. */
  readonly channel: { readonly enable: boolean } | undefined
  readonly server: {
    readonly name: string
    /** False until the server's configuration was read since the desk started, or since the camera was made. */
    readonly reached: boolean
    /** Why it is unavailable; null while it answers. */
    readonly unavailableReason: string | null
    /** True while its last status is too old to say anything of now. */
    readonly isStatusOld: boolean
    /** True where this Alta has no status call, and the desk reads playlists instead. */
    readonly statusByPlaylists: boolean
  }
}

/** Why nothing is known of a stream: what keeps its server from telling. */
export type UnknownCause =
  'server-away' | 'not-read-yet' | 'status-old' | 'no-status-call' | 'not-reported' | 'not-told'

export type VariantVerdict =
  | { readonly status: Exclude<VariantStatus, 'unknown'>; readonly reason: string }
  | { readonly status: 'unknown'; readonly reason: string; readonly cause: UnknownCause }

/**
 * Whether a source that was lost counts as unknown for this cause. Silence is no sign of life: Alta repeats the last frame of a
 * lost source for as long as the stream is open, so only a report that it delivers ends the loss.
 */
const releasesLost: Readonly<Record<UnknownCause, boolean>> = {
  'server-away': false,
  'not-read-yet': false,
  'status-old': false,
  // This server reports nothing of any source, so what was said before can never be corrected.
  'no-status-call': true,
  // Alta leaves out receivers that are deleted, which our copy of its configuration learns later.
  'not-reported': false,
  'not-told': false,
}

/** Words in Alta's error that mean that the device itself cannot be reached; the texts are not published. */
const deviceUnreachable =
  /refused|time(d )?\s?out|unreachable|no route|reset|resolve|lookup|no such host|unauthorized|forbidden|401|403/i

/** Whether Alta's error of a receiver means that the device itself cannot be reached. */
export function isDeviceUnreachable(error: string): boolean {
  return deviceUnreachable.test(error)
}

/** What Alta's configuration alone decides: a stream that is deleted or disabled there; null where it should run. */
export function configuredVerdict(
  { receiver, receiverId }: VariantFacts,
  { channel, channelId }: ChannelFacts,
): { readonly status: 'offline'; readonly reason: string } | null {
  const offline = (reason: string) => ({ status: 'offline', reason }) as const
  if (!receiver)
    return offline(
      `The receiver ${receiverId} does not exist on Alta any more: it was deleted or renamed. Pick its receiver again.`,
    )
  if (!receiver.enable) return offline(`The receiver ${receiverId} is disabled on Alta. Enable it there.`)
  if (!channel)
    return offline(`The channel ${channelId} is missing on Alta. Repair the server to put it back.`)
  if (!channel.enable)
    return offline(`The channel ${channelId} is disabled on Alta. Repair the server to enable it.`)
  return null
}

/**
 * Whether the source behind one stream delivers, as far as the server tells. A playlist tells nothing of that: Alta goes on
 * writing one with the last frame of a source that has stopped.
 */
export function variantVerdict(variant: VariantFacts, facts: ChannelFacts): VariantVerdict {
  const { server } = facts
  if (server.unavailableReason !== null)
    return unknown('server-away', `Server ${server.name} does not respond: ${server.unavailableReason}`)
  if (!server.reached) return unknown('not-read-yet', `Waiting for the next answer of server ${server.name}.`)
  if (server.isStatusOld)
    return unknown('status-old', `Server ${server.name} has not answered for some seconds.`)
  const configured = configuredVerdict(variant, facts)
  if (configured) return configured
  if (server.statusByPlaylists)
    return unknown('no-status-call', 'This server does not report whether its sources deliver.')
  return reported(variant)
}

function unknown(cause: UnknownCause, reason: string): VariantVerdict {
  return { status: 'unknown', reason, cause }
}

function reported({ stats }: VariantFacts): VariantVerdict {
  if (!stats) return unknown('not-reported', 'The server has not reported this stream yet.')
  if (stats.active === null)
    return unknown('not-told', 'The server does not report whether this source delivers.')
  const { active, bitrateKbps, error } = stats
  if (active && bitrateKbps !== 0) return { status: 'online', reason: 'Streams normally.' }
  if (active) return { status: 'degraded', reason: 'Its source is connected but sends nothing (0 kbit/s).' }
  const detail = error ? ` (${error})` : ''
  return isDeviceUnreachable(error)
    ? { status: 'offline', reason: `Alta cannot reach the camera${detail}. Check its power and network.` }
    : { status: 'degraded', reason: `Alta gets no usable picture from the camera${detail}.` }
}

/**
 * The next standing of a stream. `since` stays while a lost source stays lost, whatever else is found out about it. A
 * source that was lost counts as lost until its server says otherwise: see {@link UnknownCause}.
 */
export function nextVariant(
  before: CameraVariant | undefined,
  name: VariantName,
  verdict: VariantVerdict,
  now: number,
): CameraVariant {
  const { status, reason } = verdict
  const wasLost = before !== undefined && isSourceLost(before.status)
  if (wasLost && verdict.status === 'unknown' && !releasesLost[verdict.cause]) return before
  const stays = before !== undefined && (before.status === status || (wasLost && isSourceLost(status)))
  return { name, status, statusReason: reason, statusSinceAt: stays ? before.statusSinceAt : now }
}
