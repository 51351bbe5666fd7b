/** What a member may do with the cameras of a group; an operator may do everything a viewer may. */
export type GroupRole = 'viewer' | 'operator'
