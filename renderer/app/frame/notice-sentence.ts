import type { Notice } from '../../../shared/contract/account.ts'
import { fullMoment } from '../times.ts'

const changes: Readonly<Record<Notice['kind'], string>> = {
  'password-changed': 'Your password was changed',
  'email-changed': 'Your e-mail address was changed',
  'authenticator-added': 'An authenticator app was set up for your account',
  'authenticator-removed': 'Your authenticator app was removed',
  'backup-codes-renewed': 'Your backup codes were replaced by new ones',
  'recovery-code-renewed': 'Your recovery code was replaced by a new one',
}

/** What was changed, by whom, from where and when, in the desk's time zone. */
export function noticeSentence({ kind, at, by, byName, remoteAddress }: Notice): string {
  const where = remoteAddress === 'desktop' ? 'the desktop application' : remoteAddress
  const author = {
    self: 'from another of your sign-ins',
    administrator: `by ${byName ?? 'an administrator'}`,
    'recovery-code': 'with your recovery code',
  }[by]
  return `${changes[kind]} ${author} (${where}) on ${fullMoment(at)}.`
}
