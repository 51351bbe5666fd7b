import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { maxTiles, wallLayoutIds } from '../domain/wall-layouts.ts'
import { procedure, signedIn, viewerOf } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'wall.saved': true
    'live.viewed': true
    'live.left': true
  }
}

/**
 * One way to play a camera. `url` carries the ticket; sources come best first: WHEP main, WHEP sub, HLS main, HLS sub.
 * `codec`, `width` and `height` are what Alta reports of that variant (null while unknown). `pageAllowed`: whether the server's
 * `allow_origin` lists the page that asks; null where the desk does not know. A page cannot find that out by itself.
 */
export const liveSourceSchema = z.object({
  cameraId: z.string(),
  serverId: z.string(),
  kind: z.enum(['whep', 'hls']),
  variant: z.enum(['main', 'sub']),
  url: z.string(),
  codec: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  pageAllowed: z.boolean().nullable(),
})
export type LiveSource = z.infer<typeof liveSourceSchema>

/** `expiresAt`: until when these URLs start a session (milliseconds since the epoch); running sessions go on. */
export const liveAnswerSchema = z.object({
  sources: z.array(liveSourceSchema),
  expiresAt: z.int(),
  /** The address under which this page was opened, where a server blocks it until an administrator allows it. */
  blockedOrigin: z.string().optional(),
})
export type LiveAnswer = z.infer<typeof liveAnswerSchema>

/** The wall as one person left it; `tiles` holds camera ids in the layout's order. */
export const wallSchema = z.object({
  layout: z.enum(wallLayoutIds),
  tiles: z.array(z.string().max(100).nullable()).max(maxTiles),
})
export type Wall = z.infer<typeof wallSchema>

/** Of undoing that a saved wall was overwritten. */
export const restoreErrors = {
  NOTHING_TO_RESTORE: {
    status: 409,
    message: 'This can no longer be undone: too much time has passed, or it was saved again since.',
  },
} as const

export const live = {
  open: procedure({ access: viewerOf('camera'), audit: null })
    .route({
      method: 'POST',
      path: '/cameras/{id}/live',
      summary: 'Tickets to play one camera',
      tags: ['Live'],
    })
    .input(z.object({ id: z.string().max(100) }))
    .output(liveAnswerSchema),
  openMany: procedure({ access: signedIn, audit: null })
    .route({
      method: 'POST',
      path: '/live',
      summary: 'Tickets for a whole wall',
      description: "Cameras that do not exist, or are not the caller's to see, are left out of the answer.",
      tags: ['Live'],
    })
    .input(z.object({ cameraIds: z.array(z.string().max(100)).max(100) }))
    .output(liveAnswerSchema),
  show: procedure({ access: signedIn, audit: null })
    .route({
      method: 'GET',
      path: '/live/shown',
      summary: 'Show a wall in a window of the desktop application',
      description:
        'While this stream is open the display stays awake. It tells whether anybody can see the window, which is neither ' +
        'minimised nor hidden then. A browser is answered NOT_FOUND: it knows this by itself.',
      tags: ['Live'],
    })
    .output(eventIterator(z.object({ seen: z.boolean() }))),
  wall: procedure({ access: signedIn, audit: null })
    .route({ method: 'GET', path: '/live/wall', summary: 'My wall', tags: ['Live'] })
    .output(wallSchema),
  saveWall: procedure({ access: signedIn, audit: 'wall.saved' })
    .route({ method: 'PUT', path: '/live/wall', summary: 'Remember my wall', tags: ['Live'] })
    .input(wallSchema)
    .output(wallSchema),
}
