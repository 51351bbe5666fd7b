import type { PersonView } from '../../../shared/contract/users.ts'

/** How somebody stands, in the one word that matters most; `now` in milliseconds since the epoch. */
export function stateOf(
  { disabled, lockedUntil }: Pick<PersonView, 'disabled' | 'lockedUntil'>,
  now: number,
): 'active' | 'disabled' | 'locked' {
  if (disabled) return 'disabled'
  return lockedUntil !== null && lockedUntil > now ? 'locked' : 'active'
}
