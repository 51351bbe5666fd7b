/** Who may make an account of their own: everybody, whoever has an invite, nobody. */
export const registrationModes = ['open', 'invite_only', 'closed'] as const
export type RegistrationMode = (typeof registrationModes)[number]
