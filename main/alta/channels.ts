import { isDeepStrictEqual } from 'node:util'
import { AltaProblem } from './alta-problem.ts'
import type { AltaClient, CallContext, ConfigObject } from './alta-types.ts'
import { channelObject, isRepairable, mergedChannel, ownerOf, wouldClearRecordings } from './ownership.ts'
import type { ChannelInspection, CreateChannelResult, ExpectedChannel } from './ownership-types.ts'

/** A change would clear recordings and nobody has said that it may. Nothing was changed. */
export class RecordingsAtStake extends Error {
  readonly channelId: string

  constructor(channelId: string) {
    super(`Alta would delete the recordings of ${channelId}`)
    this.name = 'RecordingsAtStake'
    this.channelId = channelId
  }
}

/** Looks at a channel's path without changing anything. */
export async function inspectChannel(
  client: AltaClient,
  call: CallContext,
  deskId: string,
  channelId: string,
): Promise<ChannelInspection> {
  const found = await client.readObject(call, 'channels', channelId)
  const authorizer = found?.['authorizer']
  return {
    owner: ownerOf(found, deskId),
    authorizer: typeof authorizer === 'string' && authorizer !== '' ? authorizer : null,
    found,
  }
}

/**
 * Makes the channel of a camera; the authorizer must exist. May be repeated: where a channel with our authorizer stands
 * already, it is made as expected. With `takeOver` (a person typed the path) another desk's channel becomes ours, and
 * recordings may go. ALTA_RECEIVER_MISSING where Alta does not know the receiver.
 */
export async function createChannel(
  client: AltaClient,
  call: CallContext,
  deskId: string,
  channel: ExpectedChannel,
  options: { readonly takeOver: boolean },
): Promise<CreateChannelResult> {
  const { channelId } = channel
  const made = await client.createObject(call, 'channels', channelId, channelObject(deskId, channel))
  if (made === 'created') return { outcome: 'created' }
  const { owner, authorizer, found } = await inspectChannel(client, call, deskId, channelId)
  // It was there a moment ago: whoever deletes channels meanwhile must not meet a loop.
  if (found === null) throw vanished(channelId)
  const clearsRecordings = wouldClearRecordings(found, channel)
  const needsLeave = owner !== 'ours' || clearsRecordings
  if (owner === 'foreign' || (needsLeave && !options.takeOver)) {
    return { outcome: 'taken', canTakeOver: owner !== 'foreign', authorizer, clearsRecordings }
  }
  await replaceChannel(client, call, found, deskId, channel)
  return owner === 'ours' ? { outcome: 'ours' } : { outcome: 'taken-over', previous: found }
}

/**
 * Makes a channel of ours as expected, and makes it anew where it is gone. Throws ALTA_CHANNEL_TAKEN where something
 * else stands at its path, {@link RecordingsAtStake} where that needs leave.
 */
export async function updateChannel(
  client: AltaClient,
  call: CallContext,
  deskId: string,
  channel: ExpectedChannel,
  options: { readonly mayClearRecordings: boolean },
): Promise<'created' | 'changed' | 'unchanged'> {
  const { channelId } = channel
  const found = await client.readObject(call, 'channels', channelId)
  if (found === null) {
    const result = await createChannel(client, call, deskId, channel, { takeOver: false })
    if (result.outcome === 'taken') throw taken(channelId, result.authorizer)
    return 'created'
  }
  if (!isRepairable(found, deskId, channel)) throw taken(channelId, ownerOf(found, deskId))
  if (wouldClearRecordings(found, channel) && !options.mayClearRecordings)
    throw new RecordingsAtStake(channelId)
  return (await replaceChannel(client, call, found, deskId, channel)) ? 'changed' : 'unchanged'
}

/** Deletes a channel that carries our authorizer; anybody else's is left alone (`foreign`). */
export async function deleteChannel(
  client: AltaClient,
  call: CallContext,
  deskId: string,
  channelId: string,
): Promise<'deleted' | 'absent' | 'foreign'> {
  const found = await client.readObject(call, 'channels', channelId)
  if (found === null) return 'absent'
  if (ownerOf(found, deskId) !== 'ours') return 'foreign'
  return client.deleteObject(call, 'channels', channelId)
}

/** Puts back what a take-over replaced, while the channel is still ours. */
export async function restoreChannel(
  client: AltaClient,
  call: CallContext,
  deskId: string,
  channelId: string,
  previous: ConfigObject,
): Promise<void> {
  const found = await client.readObject(call, 'channels', channelId)
  if (ownerOf(found, deskId) === 'ours') await client.replaceObject(call, 'channels', channelId, previous)
}

async function replaceChannel(
  client: AltaClient,
  call: CallContext,
  found: ConfigObject,
  deskId: string,
  channel: ExpectedChannel,
): Promise<boolean> {
  const merged = mergedChannel(found, deskId, channel)
  // Writing a channel ends the sessions of its viewers: not without a reason.
  if (isDeepStrictEqual(merged, found)) return false
  const replaced = await client.replaceObject(call, 'channels', channel.channelId, merged)
  if (replaced === 'absent') throw vanished(channel.channelId)
  return true
}

function vanished(channelId: string): AltaProblem {
  return new AltaProblem('ALTA_ERROR', { detail: `channel ${channelId} comes and goes`, retryable: true })
}

function taken(channelId: string, by: string | null): AltaProblem {
  return new AltaProblem('ALTA_CHANNEL_TAKEN', { detail: `channel ${channelId}: ${by ?? 'public'}` })
}
