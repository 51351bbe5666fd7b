import type { Clock } from '../platform/clock.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import { administrators } from '../stream/topic.ts'
import type { MessageOf } from '../stream/topic.ts'
import type { StreamHub } from '../stream/stream-hub.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    readonly 'listener.changed': { readonly enabled: boolean }
  }
}

interface SettingsTopicsOptions {
  readonly hub: StreamHub
  readonly feed: ChangeFeed
  readonly clock: Clock
}

/** Tells administrators which setting of the desk was changed. */
export function openSettingsTopics({ hub, feed, clock }: SettingsTopicsOptions): void {
  const settings = hub.register({
    name: 'settings.changed',
    audience: administrators,
    readers: administrators,
    latestOf: ({ setting }) => setting,
    kept: 10,
  })
  const tell = (setting: MessageOf<'settings.changed'>['setting']): void =>
    settings.publish({ type: 'settings.changed', at: clock.now(), setting }, null)
  feed.on('sign-in-rules.changed', () => tell('sign-in'))
  feed.on('listener.changed', () => tell('listener'))
}
