import type { AreaLogger } from '../platform/logging.ts'
import type { Change } from '../store/change-feed.ts'
import type { Store } from '../store/store-types.ts'
import { accountChanged, targetOf } from '../accounts/account-cache.ts'
import type { AccountCache } from '../accounts/account-cache.ts'
import { updateUser, userById } from '../accounts/queries.ts'
import type { UserRow } from '../accounts/queries.ts'

/**
 * Makes the person with this username (`ADMIN_USERNAME`) an administrator where nobody is one who can sign in. The audit
 * row says that the desk itself did it.
 */
export async function grantNamedAdministrator(parts: {
  readonly store: Store
  readonly people: AccountCache
  readonly username: string | null
  readonly log: AreaLogger
}): Promise<void> {
  const { store, people, username, log } = parts
  const everybody = people.all()
  if (username === null || everybody.some(({ admin, disabled }) => admin && !disabled)) return
  const person = everybody.find((somebody) => somebody.username === username)
  if (!person) {
    if (everybody.length > 0) log.warn('nobody has the username of ADMIN_USERNAME', { username })
    return
  }
  const audit = {
    action: 'user.changed',
    actorId: null,
    actorName: 'desk',
    door: 'desk',
    remoteAddress: '',
    requestId: '',
    outcome: 'done',
    target: targetOf(person),
    before: { admin: person.admin, disabled: person.disabled },
    after: { admin: true, disabled: false, from: 'ADMIN_USERNAME' },
  } as const
  const changes = (user: UserRow | undefined): Change[] => (user ? [accountChanged(user)] : [])
  await store.write({ audit, changes }, async (tx) => {
    await updateUser(tx, person.id, { admin: true, disabled: false, version: person.version + 1 })
    return userById(tx, person.id)
  })
  log.info('ADMIN_USERNAME was made an administrator, for there was none', { username })
}
