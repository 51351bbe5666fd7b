/** Who must have an authenticator app to use the desk. */
export const totpRequirements = ['nobody', 'admins', 'all'] as const
export type TotpRequirement = (typeof totpRequirements)[number]

/** Tells one of the words above from anything else. */
export function isTotpRequirement(word: string | undefined): word is TotpRequirement {
  return totpRequirements.some((known) => known === word)
}
