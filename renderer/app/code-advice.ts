/** What to do with backup codes, on screen and on paper. */
export const backupCodesAdvice =
  'Each signs you in once when your app is not at hand. They are not shown again: print them, keep them apart from your password.'

/** What to do with a recovery code, on screen and on paper. */
export const recoveryCodeAdvice =
  'It resets your password if you forget it, and it is not shown again. Print it and keep it where only you find it.'
