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
  /** It was another desk's; `previous` is what `restoreChannel` would put back. */
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
