import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { serverStates } from '../domain/statuses.ts'
import { cameraStandingSchema } from './cameras.ts'
import { retryLaterSchema } from './errors.ts'
import { procedure, signedIn } from './procedure.ts'

/**
 * What `events.stream` tells of: each topic has one kind of message, of the same name, and keeps its own for a reader who
 * comes back. A module adds its message below and its name here.
 */
const topicNames = [
  'server.changed',
  'camera.changed',
  'walls.changed',
  'stream-origins.changed',
  'account.changed',
  'user.changed',
  'group.changed',
  'invites.changed',
  'settings.changed',
] as const
export type TopicName = (typeof topicNames)[number]

/**
 * What `events.stream` tells an open page. A message says that something changed and the little a wall needs at once;
 * the page reads the rest through the ordinary calls.
 */
export const streamMessageSchema = z.discriminatedUnion('type', [
  /**
   * First message of every connection, and told again when messages were lost. With `resync` the page reads everything
   * again; with `topics` it is enough to read what these tell of, for the messages of the others were all kept.
   */
  z.object({
    type: z.literal('hello'),
    at: z.int(),
    resync: z.boolean(),
    topics: z.array(z.enum(topicNames)).optional(),
    /** IANA name of the zone that the desk stands in: every page shows times in it, wherever its reader sits. */
    timeZone: z.string(),
    /** Origins from which the Alta servers stream: a page whose security policy lacks one must be loaded again. */
    streamOrigins: z.array(z.string()),
  }),
  /** Every 2 s: a page that hears nothing for 6 s knows that it is cut off. */
  z.object({ type: z.literal('heartbeat'), at: z.int() }),
  z.object({
    type: z.literal('server.changed'),
    at: z.int(),
    serverId: z.string(),
    change: z.enum(['added', 'changed', 'removed']),
    state: z.enum(serverStates),
    /** True when the server was unavailable and has just returned: its tiles forget their backoff. */
    returned: z.boolean(),
  }),
  cameraStandingSchema.extend({
    type: z.literal('camera.changed'),
    at: z.int(),
    cameraId: z.string(),
    serverId: z.string(),
    change: z.enum(['added', 'changed', 'removed']),
  }),
  /**
   * What the reader may see has changed: tiles of `lost` cameras and walls of `lostGroups` close at once, before anything
   * is asked, and lists are read again. With `resync` the lists of cameras were too long to send.
   */
  z.object({
    type: z.literal('rights.changed'),
    at: z.int(),
    lost: z.array(z.string()),
    gained: z.array(z.string()),
    lostGroups: z.array(z.string()),
    resync: z.boolean(),
  }),
  /** Saved views of the reader's or their keys changed; with a group, its views or its wall. */
  z.object({ type: z.literal('walls.changed'), at: z.int(), groupId: z.string().nullable() }),
  /** Alta servers stream from other addresses now; all of them, as in `hello`. */
  z.object({ type: z.literal('stream-origins.changed'), at: z.int(), streamOrigins: z.array(z.string()) }),
  /** The reader's own account, its sign-ins or its notices changed. */
  z.object({ type: z.literal('account.changed'), at: z.int() }),
  /**
   * For administrators: an account was made, changed or deleted, its person signed in or renewed a sign-in, or a lock of
   * it began or ended.
   */
  z.object({
    type: z.literal('user.changed'),
    at: z.int(),
    userId: z.string(),
    change: z.enum(['changed', 'removed']),
  }),
  /** A group was made, renamed or deleted, or has other cameras. Administrators also hear of other members. */
  z.object({
    type: z.literal('group.changed'),
    at: z.int(),
    groupId: z.string(),
    change: z.enum(['changed', 'removed']),
  }),
  /** For administrators: an invite was made, used or withdrawn. */
  z.object({ type: z.literal('invites.changed'), at: z.int() }),
  /** For administrators: a setting of the desk was changed. */
  z.object({ type: z.literal('settings.changed'), at: z.int(), setting: z.enum(['sign-in', 'listener']) }),
  /**
   * Last message of a connection that the desk ends on purpose. `too-many-pages`: a ninth stream of this person replaced
   * it. Whoever hears this must not reconnect unasked, or nine pages would replace each other for ever.
   */
  z.object({ type: z.literal('stream.ended'), at: z.int(), reason: z.enum(['too-many-pages']) }),
])
export type StreamMessage = z.infer<typeof streamMessageSchema>

export const events = {
  stream: procedure({ access: signedIn, audit: null })
    .route({
      method: 'GET',
      path: '/events/stream',
      summary: 'What changes, as it changes',
      description:
        'A person has at most 8 streams over the network: a ninth ends the oldest, whose last message is `stream.ended`.',
      tags: ['Events'],
    })
    .output(eventIterator(streamMessageSchema))
    .errors({
      TOO_MANY_STREAMS: {
        status: 503,
        message: 'Too many pages are open on this desk. Close some, or try again later.',
        data: retryLaterSchema,
      },
    }),
}
