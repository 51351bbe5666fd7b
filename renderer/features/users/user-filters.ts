/** What people lists narrow by, in the address of the page. */
export const userFilters = [
  { value: '', label: 'Everybody', input: {} },
  { value: 'active', label: 'Active', input: { disabled: false } },
  { value: 'disabled', label: 'Disabled', input: { disabled: true } },
  { value: 'admins', label: 'Administrators', input: { admin: true } },
] as const

/** What a filter of the address asks the desk for; an unknown one asks for everybody. */
export function userFilterInput(value: string): { admin?: boolean; disabled?: boolean } {
  return userFilters.find((filter) => filter.value === value)?.input ?? {}
}
