import { groupRoles } from '../../../shared/domain/roles.ts'
import type { GroupRole } from '../../../shared/domain/roles.ts'

/** What each role is called. */
export const roleNames: Readonly<Record<GroupRole, string>> = { viewer: 'Viewer', operator: 'Operator' }

/** The roles to choose from. */
export const roleOptions = groupRoles.map((value) => ({ value, label: roleNames[value] }))

/** The role that a control of the page names. */
export function roleOf(value: string): GroupRole {
  return groupRoles.find((role) => role === value) ?? 'viewer'
}
