import { isDeepStrictEqual } from 'node:util'
import { AltaProblem } from './alta-problem.ts'
import type { AltaClient, CallContext, ConfigObject } from './alta-types.ts'
import { RecordingsAtStake, deleteChannel, updateChannel } from './channels.ts'
import { ottServerId } from './ott.ts'
import { asksAs, authorizerId, authorizerObject, originsMissing, planRepair } from './ownership.ts'
import type { Authorization, ServerExpectation } from './ownership-types.ts'

/** Makes our authorizer as expected. */
export async function ensureAuthorizer(
  client: AltaClient,
  call: CallContext,
  deskId: string,
  authorization: Authorization,
): Promise<'created' | 'changed' | 'unchanged'> {
  const id = authorizerId(deskId)
  const expected = authorizerObject(authorization)
  const found = await client.readObject(call, 'authorizers', id)
  if (found === null) {
    const made = await client.createObject(call, 'authorizers', id, expected)
    if (made === 'created') return 'created'
  }
  const merged = { ...found, ...expected }
  if (isDeepStrictEqual(merged, found)) return 'unchanged'
  await client.replaceObject(call, 'authorizers', id, merged)
  return 'changed'
}

/** The streaming listener as it stands. Throws ALTA_NO_OTT where there is none. */
async function readOttServer(
  client: AltaClient,
  call: CallContext,
): Promise<{ id: string; found: ConfigObject; allowed: string[] }> {
  const id = ottServerId(await client.config(call))
  const found = id === null ? null : await client.readObject(call, 'servers', id)
  if (id === null || found === null) throw new AltaProblem('ALTA_NO_OTT')
  const list = found['allow_origin']
  const allowed = Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : []
  return { id, found, allowed }
}

/** Lets pages of these origins read from the streaming listener; `added` are those that were not allowed before. */
export async function ensureOrigins(
  client: AltaClient,
  call: CallContext,
  origins: readonly string[],
): Promise<{ added: string[] }> {
  if (origins.length === 0) return { added: [] }
  const { id, found, allowed } = await readOttServer(client, call)
  const added = originsMissing({ allow_origin: allowed }, [...new Set(origins)])
  if (added.length > 0) {
    await client.replaceObject(call, 'servers', id, { ...found, allow_origin: [...allowed, ...added] })
  }
  return { added }
}

/** Takes these origins out of the streaming listener; nothing to do where it has none of them, or is gone. */
export async function removeOrigins(
  client: AltaClient,
  call: CallContext,
  origins: readonly string[],
): Promise<void> {
  if (origins.length === 0) return
  const id = ottServerId(await client.config(call))
  if (id === null) return
  const { found, allowed } = await readOttServer(client, call)
  const kept = allowed.filter((origin) => !origins.includes(origin))
  if (kept.length === allowed.length) return
  await client.replaceObject(call, 'servers', id, { ...found, allow_origin: kept })
}

/**
 * Puts our objects back as expected: authorizer, origins, channels, in this order. Before anything is changed it throws
 * {@link RecordingsAtStake} where recordings would go without leave. `addedOrigins` are those it had to add.
 */
export async function repairServer(
  client: AltaClient,
  call: CallContext,
  expectation: ServerExpectation,
  options: { readonly mayClearRecordings: boolean },
): Promise<{ addedOrigins: string[] }> {
  const config = await client.config(call)
  const steps = planRepair(config, expectation)
  const clearing = steps.find((step) => step.clearsRecordings)
  if (clearing && !options.mayClearRecordings) throw new RecordingsAtStake(clearing.id)
  const { deskId, authorization, origins, channels } = expectation
  await ensureAuthorizer(client, call, deskId, authorization)
  const needsOrigins = steps.some((step) => step.kind === 'origins')
  const { added } = needsOrigins ? await ensureOrigins(client, call, origins) : { added: [] }
  const ids = new Set(steps.filter((step) => step.kind === 'channel').map((step) => step.id))
  for (const channel of channels) {
    if (ids.has(channel.channelId)) await updateChannel(client, call, deskId, channel, options)
  }
  return { addedOrigins: added }
}

export interface Release {
  readonly deskId: string
  readonly channelIds: readonly string[]
  /** Those that the desk itself added. */
  readonly origins: readonly string[]
}

/** Removes exactly what the desk made: channels that are still ours, its origins, its authorizer. May be repeated. */
export async function releaseServer(client: AltaClient, call: CallContext, release: Release): Promise<void> {
  const { deskId, channelIds, origins } = release
  for (const channelId of channelIds) await deleteChannel(client, call, deskId, channelId)
  await removeOrigins(client, call, origins)
  // Last: a channel whose authorizer is gone would be nobody's.
  await client.deleteObject(call, 'authorizers', authorizerId(deskId))
}

/** What adding a server was to make on Alta. */
export interface AdditionOnAlta {
  readonly deskId: string
  readonly authorization: Authorization
  /** Those that Alta did not allow before. */
  readonly origins: readonly string[]
}

/**
 * Removes what adding a server made, where that was not completed. The authorizer is made first and removed last: one
 * that is absent, or that another attempt or server has made its own, means that nothing of this one is left. May be
 * repeated.
 */
export async function withdrawAddition(
  client: AltaClient,
  call: CallContext,
  { deskId, authorization, origins }: AdditionOnAlta,
): Promise<'removed' | 'nothing'> {
  const found = await client.readObject(call, 'authorizers', authorizerId(deskId))
  if (found === null || !asksAs(found, authorization)) return 'nothing'
  await releaseServer(client, call, { deskId, channelIds: [], origins })
  return 'removed'
}
