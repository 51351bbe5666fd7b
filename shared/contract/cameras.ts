import { z } from 'zod'
import { cameraStatuses, recordingStates, variantNames, variantStatuses } from '../domain/statuses.ts'
import { altaErrors, confirmationError } from './errors.ts'
import { nameSchema } from './names.ts'
import { pageInput } from './paging.ts'
import { admin, procedure, signedIn, viewerOf } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'camera.imported': true
    'camera.changed': true
    'camera.removed': true
  }
  interface ResourceKinds {
    /** By the groups that it is in. */
    camera: true
  }
}

/** What Alta reports of a stream; a value is null while Alta has not told it. */
export const streamSchema = z.object({
  codec: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  fps: z.number().nullable(),
  bitrateKbps: z.number().nullable(),
})
export type StreamProperties = z.infer<typeof streamSchema>

/** The storage a camera records to; `durationHours` null means as long as the storage keeps. */
const cameraStorageSchema = z.object({
  storageId: z.string().min(1).max(200),
  durationHours: z.number().positive().max(100_000).nullable().default(null),
})

/** What is known of one of a camera's streams. */
const cameraVariantSchema = z.object({
  name: z.enum(variantNames),
  status: z.enum(variantStatuses),
  /** A sentence: why the status is what it is. */
  statusReason: z.string(),
  /** Since when the source delivers, is lost (degraded or offline), or is unknown. */
  statusSinceAt: z.int(),
})
export type CameraVariant = z.infer<typeof cameraVariantSchema>

/** What the desk finds out about a camera in its rounds, and tells on the stream when it changes. */
export const cameraStandingSchema = z.object({
  status: z.enum(cameraStatuses),
  /** A sentence: why the status is what it is. */
  statusReason: z.string(),
  statusSinceAt: z.int(),
  /** False while the camera's server does not respond to the desk: whether a picture is live is not known then. */
  serverResponding: z.boolean(),
  /** Main stream first; the sub stream where there is one. */
  variants: z.array(cameraVariantSchema),
  /** Whether it is being recorded now; `recording` tells whether it should be. */
  recordingState: z.enum(recordingStates),
  /** A sentence where the recording has stopped, else empty. */
  recordingReason: z.string(),
})
export type CameraStanding = z.infer<typeof cameraStandingSchema>

export const cameraSchema = cameraStandingSchema.extend({
  id: z.string(),
  name: z.string(),
  serverId: z.string(),
  serverName: z.string(),
  receiverId: z.string(),
  /** True where a storage is attached to the camera's channel, whether it records or not (see `recordingState`). */
  recording: z.boolean(),
  storage: z.object({ storageId: z.string(), durationHours: z.number().nullable() }).nullable(),
  streams: z.object({ main: z.string(), sub: z.string().nullable() }),
  /** The main stream. */
  stream: streamSchema,
  subStream: streamSchema.nullable(),
})
export type Camera = z.infer<typeof cameraSchema>

const name = nameSchema('Give the camera a name.')
const receiverId = z.string().min(1).max(200)
const idInput = z.object({ id: z.string().max(100) })

export const cameras = {
  list: procedure({ access: signedIn, audit: null })
    .route({
      method: 'GET',
      path: '/cameras',
      summary: 'List the cameras that are mine to see',
      tags: ['Cameras'],
    })
    .input(
      pageInput.extend({
        serverId: z.string().max(100).optional(),
        status: z.enum(cameraStatuses).optional(),
        sort: z.enum(['name', '-name', 'status', '-status', 'server', '-server']).default('name'),
      }),
    )
    .output(z.object({ items: z.array(cameraSchema), total: z.int() })),
  visible: procedure({ access: signedIn, audit: null })
    .route({
      method: 'POST',
      path: '/cameras/visible',
      summary: 'Which of these cameras are mine to see',
      description:
        'For a page whose rights changed. What does not exist, or is not mine to see, is left out.',
      tags: ['Cameras'],
    })
    .input(z.object({ cameraIds: z.array(z.string().max(100)).max(500) }))
    .output(z.object({ ids: z.array(z.string()) })),
  create: procedure({ access: admin, audit: 'camera.imported' })
    .route({ method: 'POST', path: '/cameras', summary: 'Import a receiver as a camera', tags: ['Cameras'] })
    .input(
      z.object({
        serverId: z.string().max(100),
        receiverId,
        name: name.optional(),
        /** The sub stream; left out, `<receiverId>-sub` is used where it exists. */
        subReceiverId: receiverId.nullable().optional(),
        /** Left out, the camera records to the server's first storage; null means it does not record. */
        storage: cameraStorageSchema.nullable().optional(),
        /** The channel's path, typed, to take over a channel that another desk left behind. */
        takeOver: z.string().max(300).optional(),
      }),
    )
    .output(cameraSchema)
    .errors({
      ...altaErrors,
      CAMERA_EXISTS: { status: 409, message: 'This receiver was imported before. Open its camera instead.' },
      TAKE_OVER_NEEDED: {
        status: 409,
        message:
          'Another desk made this channel. Repeat the request with the path of the channel in takeOver.',
        data: z.object({ expected: z.string(), authorizer: z.string() }),
      },
    }),
  get: procedure({ access: viewerOf('camera'), audit: null })
    .route({ method: 'GET', path: '/cameras/{id}', summary: 'One camera', tags: ['Cameras'] })
    .input(idInput)
    .output(cameraSchema),
  update: procedure({ access: admin, audit: 'camera.changed' })
    .route({ method: 'PATCH', path: '/cameras/{id}', summary: 'Change a camera', tags: ['Cameras'] })
    .input(
      idInput.extend({
        name: name.optional(),
        storage: cameraStorageSchema.nullable().optional(),
        streams: z.object({ main: receiverId, sub: receiverId.nullable() }).optional(),
        /** The camera's name, typed, where the change deletes recordings on Alta. */
        confirmName: z.string().max(200).optional(),
      }),
    )
    .output(cameraSchema)
    .errors({ ...altaErrors, ...confirmationError }),
  remove: procedure({ access: admin, audit: 'camera.removed' })
    .route({
      method: 'DELETE',
      path: '/cameras/{id}',
      summary: 'Remove a camera; answers once Alta has confirmed',
      description:
        'Alta deletes the recordings of the camera. With force=true the camera is forgotten even where Alta does not answer.',
      tags: ['Cameras'],
    })
    .input(idInput.extend({ force: z.union([z.boolean(), z.stringbool()]).optional() }))
    .output(z.object({}))
    .errors(altaErrors),
}
