/** What a member may do with the cameras of a group; an operator may do everything a viewer may. */
export type GroupRole = 'viewer' | 'operator'

/** Tells whether `held` is enough where `needed` is asked for. */
export function roleCovers(held: GroupRole, needed: GroupRole): boolean {
  return held === 'operator' || needed === 'viewer'
}
