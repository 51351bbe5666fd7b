import type { ConfigObject } from './alta-types.ts'

/** How Alta learns who may watch. */
export type Authorization =
  | { readonly mode: 'backend'; readonly callbackUrl: string }
  | { readonly mode: 'securetoken'; readonly ticketSecret: string }

/** The channel the desk expects for one camera. */
export interface ExpectedChannel {
  readonly channelId: string
  readonly name: string
  readonly receiverId: string
  readonly subReceiverId: string | null
  /** Null: the camera does not record. */
  readonly storageId: string | null
  /** Hours; null: as long as the storage keeps. */
  readonly storageDurationHours: number | null
}

/** Everything the desk expects to find of its own on one server. */
export interface ServerExpectation {
  readonly deskId: string
  readonly authorization: Authorization
  /** Page origins that the OTT listener must allow. */
  readonly origins: readonly string[]
  readonly channels: readonly ExpectedChannel[]
}

/** Whose channel stands at a path: `other-desk` can be taken over, `foreign` never. */
export type ChannelOwner = 'free' | 'ours' | 'other-desk' | 'foreign'

/** A channel as found, before anything is changed. */
export interface ChannelInspection {
  readonly owner: ChannelOwner
  /** The authorizer it carries, null where it has none (or there is no channel). */
  readonly authorizer: string | null
  /** The channel as it stands: what a take-over must remember; null where it is free. */
  readonly found: ConfigObject | null
}

/** What came of making a channel. */
export type CreateChannelResult =
  | { readonly outcome: 'created' }
  /** It was there with our authorizer already (a lost answer, a crash): it now is as expected. */
  | { readonly outcome: 'ours' }
  /** It was another desk's; `previous` is what {@link restoreChannel} would put back. */
  | { readonly outcome: 'taken-over'; readonly previous: ConfigObject }
  /** Nothing was changed. With `canTakeOver` a person may type the path and try again with `takeOver: true`. */
  | {
      readonly outcome: 'taken'
      readonly canTakeOver: boolean
      readonly authorizer: string | null
      readonly clearsRecordings: boolean
    }

/** One thing that a repair does. */
export interface RepairStep {
  readonly action: 'create' | 'change'
  readonly kind: 'authorizer' | 'origins' | 'channel'
  /** The object's id on Alta. */
  readonly id: string
  /** True where Alta deletes recordings of this channel by it: ask for the name first. */
  readonly clearsRecordings: boolean
}

/*
 * ownership.ts (pure):
 *   authorizerId(deskId): string                         `alta-desk-<desk id>`
 *   channelIdOf(receiverId): string                      `desk/<receiver id>`
 *   compareServer(config, expectation): DriftEntry[]
 *   planRepair(config, expectation): RepairStep[]
 *   wouldClearRecordings(found: ConfigObject, expected: ExpectedChannel): boolean
 * channels.ts and provisioning.ts (ask Alta; each may run again after a lost answer):
 *   ensureAuthorizer(client, call, deskId, authorization): Promise<'created' | 'changed' | 'unchanged'>
 *   ensureOrigins(client, call, origins): Promise<{ added: string[] }>
 *   removeOrigins(client, call, origins): Promise<void>
 *   inspectChannel(client, call, deskId, channelId): Promise<ChannelInspection>
 *   createChannel(client, call, deskId, channel, { takeOver }): Promise<CreateChannelResult>
 *   updateChannel(client, call, deskId, channel, { mayClearRecordings }): Promise<'created' | 'changed' | 'unchanged'>
 *   deleteChannel(client, call, deskId, channelId): Promise<'deleted' | 'absent' | 'foreign'>
 *   restoreChannel(client, call, channelId, previous): Promise<void>
 *   repairServer(client, call, expectation, { mayClearRecordings }): Promise<void>
 *   releaseServer(client, call, { deskId, channelIds, origins }): Promise<void>
 *   class RecordingsAtStake extends Error { channelId }   thrown instead of clearing without leave
 * tickets.ts:
 *   createTicketOffice({ deskId, serverId, secret, whepPath, clock }): TicketOffice
 *     .sign({ personId, cameraId, channelId }): { token, expiresAt }       synchronous
 *     .verify(token, realPath): Promise<TicketVerdict>
 * securetoken.ts:
 *   issueSecuretoken({ ticketSecret, channelId, viewerAddress, nowMs }): { token, expiresAt }   nowMs = Alta's clock
 *   viewerAddressTowards(url): Promise<string>            local address of a UDP socket connected to Alta
 * ott.ts:
 *   findStreamOrigin(config, baseUrl, streamUrl): string | null     null = ALTA_NO_OTT
 *   isPortOpen(streamOrigin, timeoutMs, signal?): Promise<boolean>
 *   streamUrlOf(streamOrigin, channelId, path): string              path: 'index.m3u8', whep path; encoded
 * status.ts:
 *   receiverFacts(config, status | null): Map<string, ReceiverFacts>
 * hls-status.ts:
 *   createHlsStatus({ streamOrigin, clock, logger }): HlsStatus   .read(call, channelId, token) .forget(channelId) .stop()
 * verify.ts:
 *   verifyServer(client, call, { deskId, streamUrl }): Promise<Verification>
 */
