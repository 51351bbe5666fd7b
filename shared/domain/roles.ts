/** What a member may do with the cameras of a group; an operator may do everything a viewer may. */
export const groupRoles = ['viewer', 'operator'] as const
export type GroupRole = (typeof groupRoles)[number]

/** Tells whether `held` is enough where `needed` is asked for. */
export function roleCovers(held: GroupRole, needed: GroupRole): boolean {
  return held === 'operator' || needed === 'viewer'
}

/** The role that counts where a person has one by several groups. */
export function strongerRole(one: GroupRole | undefined, other: GroupRole): GroupRole {
  return one === 'operator' ? one : other
}
