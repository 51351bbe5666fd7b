import type { AreaLogger } from '../platform/logging.ts'
import type { Store } from '../store/store-types.ts'
import { personOf, targetOf } from './people.ts'
import type { People } from './people.ts'
import { updateUser, userById } from './queries.ts'

/**
 * Makes the person with this username (`ADMIN_USERNAME`) an administrator where nobody is one who can sign in. The audit
 * row says that the desk itself did it.
 */
export function grantNamedAdministrator(parts: {
  readonly store: Store
  readonly people: People
  readonly username: string | null
  readonly log: AreaLogger
}): void {
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
  const user = store.write({ audit }, (tx) => {
    updateUser(tx, person.id, { admin: true, disabled: false, version: person.version + 1 })
    return userById(tx, person.id)
  })
  if (user) people.put(personOf(user))
  log.info('ADMIN_USERNAME was made an administrator, for there was none', { username })
}
