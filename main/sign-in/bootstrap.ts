import { isCommonPassword } from '../../shared/domain/common-passwords.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { ConfigError } from '../platform/config.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import type { Passwords } from '../accounts/passwords.ts'
import { insertUser } from '../accounts/queries.ts'
import { accountChanged } from '../accounts/account-cache.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { storedEmail } from '../accounts/account-names.ts'
import { newAdministrator } from './setup.ts'

/** The password of the documentation; while it stands, only this machine may enter. */
const documentedPassword = 'admin'

/**
 * Makes the first administrator where nobody has an account and the configuration names one; does nothing otherwise.
 * The audit row says that the desk itself did it. Throws a `ConfigError` for one of the commonest passwords, but in
 * development; the documented one has a guard of its own, which lets nobody in but from this machine.
 */
export async function makeFirstAdministrator(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly passwords: Passwords
  readonly people: AccountCache
  readonly log: AreaLogger
  readonly env: Config['env']
  readonly administrator: { readonly email: string; readonly password: string } | null
}): Promise<void> {
  const { store, clock, passwords, people, administrator } = parts
  if (people.size > 0 || !administrator) return
  if (parts.env !== 'development') await refuseCommon(administrator.password)
  const email = storedEmail(administrator.email)
  const passwordHash = await passwords.hash(administrator.password)
  const isDocumented = administrator.password === documentedPassword
  const user = await newAdministrator(email, passwordHash, isDocumented, clock.now())
  const audit = {
    action: 'desk.set-up',
    actorId: null,
    actorName: 'desk',
    door: 'desk',
    remoteAddress: '',
    requestId: '',
    outcome: 'done',
    target: { kind: 'user', id: user.id, name: email },
    before: null,
    after: { from: 'ADMIN_BOOTSTRAP_EMAIL' },
  } as const
  await store.write({ audit, changes: [accountChanged(user)] }, (tx) => insertUser(tx, user))
  parts.log.info('the first administrator was made', { email })
}

async function refuseCommon(password: string): Promise<void> {
  if (password === documentedPassword || !(await isCommonPassword(password))) return
  const problem = 'is one of the 10,000 commonest passwords, which are tried first. Choose another.'
  throw new ConfigError([{ key: null, variable: 'ADMIN_BOOTSTRAP_PASSWORD', problem, allowed: null }])
}
