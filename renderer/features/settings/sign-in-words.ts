import type { RegistrationMode } from '../../../shared/domain/registration.ts'
import type { TotpRequirement } from '../../../shared/domain/sign-in-rules.ts'

/** Who must have an authenticator app, as the choice shows it. */
export const requirementLabels: Readonly<Record<TotpRequirement, string>> = {
  nobody: 'Nobody; whoever wants can have one',
  admins: 'Administrators',
  all: 'Everybody',
}

/** How people get in. */
export function waysInSentence({ sso, passwords }: { sso: boolean; passwords: boolean }): string {
  if (sso && passwords) return 'By password, or by SSO.'
  if (sso) return 'By SSO alone. A local administrator still gets in at the desk while the provider is down.'
  return 'By password. SSO is not set up.'
}

/** How people who have no account yet get one. */
export function registrationSentence(mode: RegistrationMode): string {
  const sentences: Readonly<Record<RegistrationMode, string>> = {
    open: 'Everybody who reaches the desk may make one.',
    invite_only: 'With an invite, or made by an administrator.',
    closed: 'Made by an administrator alone.',
  }
  return sentences[mode]
}
