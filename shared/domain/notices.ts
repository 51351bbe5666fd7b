/** What of a person's ways to sign in was changed. */
export const noticeKinds = [
  'password-changed',
  'email-changed',
  'authenticator-added',
  'authenticator-removed',
  'backup-codes-renewed',
  'recovery-code-renewed',
] as const

/** Who changed it: the person, an administrator, or whoever typed the recovery code. */
export const noticeAuthors = ['self', 'administrator', 'recovery-code'] as const
