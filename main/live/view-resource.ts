import type { Owner, Policy } from '../access/policy.ts'
import type { Resource } from '../rpc/resource.ts'

/** How views are read for their access. */
export interface ViewLookup {
  readonly nameOf: (viewId: string) => Promise<string | undefined>
  /** Whose a view is; undefined where there is none. */
  readonly ownerOf: (viewId: string) => Promise<Owner | undefined>
}

/** Views, as access asks about them: one's own, and those of the groups one belongs to. */
export function viewResource(
  policy: Pick<Policy, 'ownedRole' | 'hadJustNow'>,
  { nameOf, ownerOf }: ViewLookup,
): Resource {
  return {
    nameOf,
    roleFor: async (caller, id) => {
      const owner = await ownerOf(id)
      return owner ? policy.ownedRole(caller, owner) : null
    },
    hadJustNow: async (caller, id, needed) => {
      const groupId = (await ownerOf(id))?.groupId ?? null
      return groupId !== null && policy.hadJustNow(caller, 'group', groupId, needed)
    },
    operatorsOnly: 'Only operators of the group of this view may do this.',
  }
}
