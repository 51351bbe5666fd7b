import { z } from 'zod'
import { restoreErrors, wallSchema } from './live.ts'
import { nameSchema } from './names.ts'
import { operatorOf, operatorOfAny, procedure, signedIn, viewerOf } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'view.added': true
    'view.changed': true
    'view.restored': true
    'view.slot-set': true
    'view.removed': true
  }
  interface ResourceKinds {
    /** By being its owner, or a member of its group. */
    view: true
  }
}

/** A digit of the keyboard; each person has nine. */
const slotSchema = z.int().min(1).max(9)

/** A saved wall: one's own, or one of a group. Tiles that the caller may not see are null. */
export const viewSchema = wallSchema.extend({
  id: z.string(),
  name: z.string(),
  /** The group it belongs to; null for the caller's own. */
  groupId: z.string().nullable(),
  /** Whether the caller may change and delete it: their own, or an operator of its group. */
  canChange: z.boolean(),
  savedAt: z.int(),
  /** The digit on which the caller put it, which opens it on their wall; null for none. */
  slot: slotSchema.nullable(),
})
export type View = z.infer<typeof viewSchema>

const name = nameSchema('Give the view a name.')
const idInput = z.object({ id: z.string().max(100) })
const nameErrors = {
  VIEW_EXISTS: {
    status: 409,
    message: 'Name already in use. Choose another.',
    data: z.object({ field: z.literal('name') }),
  },
} as const

export const views = {
  list: procedure({ access: signedIn, audit: null })
    .route({ method: 'GET', path: '/views', summary: 'My views, and those of my groups', tags: ['Live'] })
    .output(z.object({ items: z.array(viewSchema), total: z.int() })),
  create: procedure({ access: operatorOfAny('group', 'groupId'), audit: 'view.added' })
    .route({
      method: 'POST',
      path: '/views',
      summary: 'Save a view for myself, or for a group that I am an operator of',
      tags: ['Live'],
    })
    .input(
      wallSchema.extend({
        name,
        groupId: z.string().max(100).nullable().optional(),
        /** The digit to put it on; a view that is on it is on none then. */
        slot: slotSchema.nullable().optional(),
      }),
    )
    .output(viewSchema)
    .errors({
      ...nameErrors,
      TOO_MANY_VIEWS: { status: 409, message: 'There are 200 views already. Delete one first.' },
    }),
  get: procedure({ access: viewerOf('view'), audit: null })
    .route({ method: 'GET', path: '/views/{id}', summary: 'One view', tags: ['Live'] })
    .input(idInput)
    .output(viewSchema),
  update: procedure({ access: operatorOf('view'), audit: 'view.changed' })
    .route({ method: 'PATCH', path: '/views/{id}', summary: 'Change a view', tags: ['Live'] })
    .input(
      idInput.extend({
        name: name.optional(),
        /** Both or none: tiles belong to their layout. */
        wall: wallSchema.optional(),
      }),
    )
    .output(viewSchema)
    .errors(nameErrors),
  restore: procedure({ access: operatorOf('view'), audit: 'view.restored' })
    .route({
      method: 'POST',
      path: '/views/{id}/restore',
      summary: 'Undo overwriting a view, within a minute',
      description: 'Puts back the layout and tiles that it held before it was saved at `savedAt`.',
      tags: ['Live'],
    })
    .input(idInput.extend({ savedAt: z.int() }))
    .output(viewSchema)
    .errors(restoreErrors),
  setSlot: procedure({ access: viewerOf('view'), audit: 'view.slot-set' })
    .route({
      method: 'PUT',
      path: '/views/{id}/slot',
      summary: 'Put a view on one of my digits, or on none',
      description: 'Another view that is on that digit is on none then.',
      tags: ['Live'],
    })
    .input(idInput.extend({ slot: slotSchema.nullable() }))
    .output(viewSchema),
  remove: procedure({ access: operatorOf('view'), audit: 'view.removed' })
    .route({ method: 'DELETE', path: '/views/{id}', summary: 'Delete a view', tags: ['Live'] })
    .input(idInput)
    .output(z.object({})),
}
