import { z } from 'zod'
import { groupRoles } from '../domain/roles.ts'
import { restoreErrors, wallSchema } from './live.ts'
import { nameSchema } from './names.ts'
import { pageInput } from './paging.ts'
import { admin, operatorOf, procedure, signedIn, viewerOf } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'group.added': true
    'group.changed': true
    'group.removed': true
    'group.camera-added': true
    'group.camera-removed': true
    'group.member-set': true
    'group.member-removed': true
    'group.wall-saved': true
    'group.wall-restored': true
  }
  interface ResourceKinds {
    /** By being a member. */
    group: true
  }
}

export const groupSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** What the caller may do with its cameras; administrators are operators everywhere. */
  role: z.enum(groupRoles),
  cameraCount: z.int(),
  /** For administrators alone; null for members. */
  memberCount: z.int().nullable(),
})
export type Group = z.infer<typeof groupSchema>

const memberSchema = z.object({
  userId: z.string(),
  username: z.string(),
  displayName: z.string(),
  email: z.string(),
  disabled: z.boolean(),
  role: z.enum(groupRoles),
})

export const groupDetailSchema = groupSchema.extend({
  /** By name. */
  cameras: z.array(z.object({ id: z.string(), name: z.string() })),
  /** By name, for administrators alone; empty for members. */
  members: z.array(memberSchema),
})
export type GroupDetail = z.infer<typeof groupDetailSchema>

const name = nameSchema('Give the group a name.')
const idInput = z.object({ id: z.string().max(100) })
const cameraInput = idInput.extend({ cameraId: z.string().max(100) })
const memberInput = idInput.extend({ userId: z.string().max(100) })
const nameError = {
  GROUP_EXISTS: { status: 409, message: 'There is a group of this name already. Choose another.' },
} as const

export const groups = {
  list: procedure({ access: signedIn, audit: null })
    .route({
      method: 'GET',
      path: '/groups',
      summary: 'The groups that I am in; for an administrator, all',
      tags: ['Groups'],
    })
    .input(pageInput)
    .output(z.object({ items: z.array(groupSchema), total: z.int() })),
  create: procedure({ access: admin, audit: 'group.added' })
    .route({ method: 'POST', path: '/groups', summary: 'Make a group', tags: ['Groups'] })
    .input(z.object({ name }))
    .output(groupSchema)
    .errors(nameError),
  get: procedure({ access: viewerOf('group'), audit: null })
    .route({ method: 'GET', path: '/groups/{id}', summary: 'One group', tags: ['Groups'] })
    .input(idInput)
    .output(groupDetailSchema),
  update: procedure({ access: admin, audit: 'group.changed' })
    .route({ method: 'PATCH', path: '/groups/{id}', summary: 'Rename a group', tags: ['Groups'] })
    .input(idInput.extend({ name: name.optional() }))
    .output(groupSchema)
    .errors(nameError),
  remove: procedure({ access: admin, audit: 'group.removed' })
    .route({
      method: 'DELETE',
      path: '/groups/{id}',
      summary: 'Delete a group, its wall and its views; cameras and people stay',
      tags: ['Groups'],
    })
    .input(idInput)
    .output(z.object({})),
  addCamera: procedure({ access: admin, audit: 'group.camera-added' })
    .route({
      method: 'PUT',
      path: '/groups/{id}/cameras/{cameraId}',
      summary: 'Put a camera in a group',
      tags: ['Groups'],
    })
    .input(cameraInput)
    .output(z.object({})),
  removeCamera: procedure({ access: admin, audit: 'group.camera-removed' })
    .route({
      method: 'DELETE',
      path: '/groups/{id}/cameras/{cameraId}',
      summary: 'Take a camera out of a group',
      tags: ['Groups'],
    })
    .input(cameraInput)
    .output(z.object({})),
  setMember: procedure({ access: admin, audit: 'group.member-set' })
    .route({
      method: 'PUT',
      path: '/groups/{id}/members/{userId}',
      summary: 'Put a person in a group, or change their role in it',
      tags: ['Groups'],
    })
    .input(memberInput.extend({ role: z.enum(groupRoles) }))
    .output(z.object({})),
  removeMember: procedure({ access: admin, audit: 'group.member-removed' })
    .route({
      method: 'DELETE',
      path: '/groups/{id}/members/{userId}',
      summary: 'Take a person out of a group',
      tags: ['Groups'],
    })
    .input(memberInput)
    .output(z.object({})),
  wall: procedure({ access: viewerOf('group'), audit: null })
    .route({ method: 'GET', path: '/groups/{id}/wall', summary: 'The wall of a group', tags: ['Groups'] })
    .input(idInput)
    .output(wallSchema),
  saveWall: procedure({ access: operatorOf('group'), audit: 'group.wall-saved' })
    .route({
      method: 'PUT',
      path: '/groups/{id}/wall',
      summary: 'Save the wall of a group, for its operators',
      description: 'Cameras that are not in the group are left out.',
      tags: ['Groups'],
    })
    .input(idInput.extend(wallSchema.shape))
    .output(wallSchema.extend({ savedAt: z.int() })),
  restoreWall: procedure({ access: operatorOf('group'), audit: 'group.wall-restored' })
    .route({
      method: 'POST',
      path: '/groups/{id}/wall/restore',
      summary: 'Undo saving the wall of a group, within a minute',
      description: 'Puts back the wall that the group had before it was saved at `savedAt`.',
      tags: ['Groups'],
    })
    .input(idInput.extend({ savedAt: z.int() }))
    .output(wallSchema)
    .errors(restoreErrors),
}
