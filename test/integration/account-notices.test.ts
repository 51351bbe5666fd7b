import Database from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Notice } from '../../shared/contract/account.ts'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'

/** Somebody new for each test, with two sign-ins. */
interface NewPerson {
  readonly id: string
  email: string
  password: string
  readonly here: ApiClient
  /** Another browser of theirs. */
  there: ApiClient
}

let desk: DeskInProcess
let boss: ApiClient
let person: NewPerson
let people = 0

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer] })
  boss = await signedIn(testAdmin)
  await boss.want('PATCH', '/account', { displayName: 'Olga Brandt' })
})
afterAll(() => desk.stop())
beforeEach(async () => {
  person = await newPerson()
})

async function signedIn({ email, password }: { email: string; password: string }): Promise<ApiClient> {
  const api = new ApiClient(desk.origin)
  await api.signIn(email, password)
  return api
}

async function newPerson(): Promise<NewPerson> {
  const username = `person-${(people += 1)}`
  const names = { email: `${username}@desk`, password: 'slate-curlew-39' }
  const made = { ...names, username, displayName: 'Mara Keller' }
  const { id } = await boss.want<{ id: string }>('POST', '/users', made)
  return { id, ...names, here: await signedIn(names), there: await signedIn(names) }
}

async function noticesOf(api: ApiClient): Promise<Notice[]> {
  const { items, total } = await api.want<{ items: Notice[]; total: number }>('GET', '/account/notices')
  expect(total).toBe(items.length)
  return items
}

async function withApp({ here, password }: NewPerson): Promise<string[]> {
  const { secret } = await here.want<{ secret: string }>('POST', '/account/totp/setup', { password })
  const code = totpCode(secret, totpStep(Date.now()))
  const { backupCodes } = await here.want<{ backupCodes: string[] }>('POST', '/account/totp/confirm', {
    code,
  })
  return backupCodes
}

async function dismissAll(api: ApiClient): Promise<void> {
  const ids = (await noticesOf(api)).map(({ id }) => id)
  await api.want('POST', '/account/notices/dismiss', { ids })
}

/** As somebody does who was given a password: they must choose their own before all else. */
async function signInAndChoose(): Promise<void> {
  const { email, password } = person
  const api = new ApiClient(desk.origin)
  await api.signIn(email, password)
  // Somebody else knows this password: until it is replaced nobody is told anything with it.
  const refused = await api.call('GET', '/account/notices')
  expect(refused).toMatchObject({ status: 403, body: { code: 'PASSWORD_CHANGE_REQUIRED' } })
  person.password = 'marble-kestrel-29'
  const change = { currentPassword: password, newPassword: person.password }
  await api.want('POST', '/account/password', change)
  person.there = await signedIn(person)
}

const newPassword = 'teal-falcon-88'
/** Every way in which the ways to sign in change; each is answered with what the person's other sign-in is told. */
const ways: Readonly<Record<string, { how: () => Promise<unknown>; told: readonly Partial<Notice>[] }>> = {
  'their own password': {
    how: async () => {
      const change = { currentPassword: person.password, newPassword }
      const session = await person.here.want<{ accessToken: string }>('POST', '/account/password', change)
      person.here.token = session.accessToken
      // The other sign-ins have ended; the next one is told.
      person.there = await signedIn({ ...person, password: newPassword })
    },
    told: [{ kind: 'password-changed', by: 'self', byName: null }],
  },
  'their own e-mail address': {
    how: () =>
      person.here.want('PATCH', '/account', {
        email: `new-${person.email}`,
        currentPassword: person.password,
      }),
    told: [{ kind: 'email-changed', by: 'self', byName: null }],
  },
  'an app of their own': {
    how: () => withApp(person),
    told: [{ kind: 'authenticator-added', by: 'self', byName: null }],
  },
  'the app removed by themselves': {
    how: async () => {
      const [code] = await withApp(person)
      await dismissAll(person.there)
      await person.here.want('POST', '/account/totp/disable', { password: person.password, code })
    },
    told: [{ kind: 'authenticator-removed', by: 'self', byName: null }],
  },
  'new backup codes': {
    how: async () => {
      const [code] = await withApp(person)
      await dismissAll(person.there)
      await person.here.want('POST', '/account/totp/backup-codes', { password: person.password, code })
    },
    told: [{ kind: 'backup-codes-renewed', by: 'self', byName: null }],
  },
  'a new recovery code': {
    how: () => person.here.want('POST', '/account/recovery-code', { password: person.password }),
    told: [{ kind: 'recovery-code-renewed', by: 'self', byName: null }],
  },
  'a password reset with the recovery code': {
    how: async () => {
      const path = '/account/recovery-code'
      const { password, email } = person
      const { recoveryCode } = await person.here.want<{ recoveryCode: string }>('POST', path, { password })
      await dismissAll(person.there)
      await new ApiClient(desk.origin).want('POST', '/auth/recover', { email, recoveryCode, newPassword })
      person.there = await signedIn({ email, password: newPassword })
    },
    told: [{ kind: 'password-changed', by: 'recovery-code', byName: null }],
  },
  'a password reset by an administrator': {
    how: async () => {
      await boss.want('POST', `/users/${person.id}/password`, { password: newPassword })
      person.password = newPassword
      await signInAndChoose()
    },
    told: [
      { kind: 'password-changed', by: 'self', byName: null },
      { kind: 'password-changed', by: 'administrator', byName: 'Olga Brandt' },
    ],
  },
  'password and e-mail address changed by an administrator': {
    how: async () => {
      const email = `moved-${person.email}`
      await boss.want('PATCH', `/users/${person.id}`, { password: newPassword, email })
      Object.assign(person, { email, password: newPassword })
      await signInAndChoose()
    },
    told: [
      { kind: 'password-changed', by: 'self', byName: null },
      { kind: 'email-changed', by: 'administrator', byName: 'Olga Brandt' },
      { kind: 'password-changed', by: 'administrator', byName: 'Olga Brandt' },
    ],
  },
  'the app removed by an administrator': {
    how: async () => {
      await withApp(person)
      await dismissAll(person.there)
      await boss.want('DELETE', `/users/${person.id}/totp`)
      person.there = await signedIn(person)
    },
    told: [{ kind: 'authenticator-removed', by: 'administrator', byName: 'Olga Brandt' }],
  },
}

// Would catch: a way to change how somebody signs in of which they are not told, are told twice, or strangers are told.
test.each(Object.entries(ways))(
  '%s: their other sign-in is told, nobody else',
  async (_name, { how, told }) => {
    const since = Date.now()
    await how()
    const notices = await noticesOf(person.there)
    expect(notices).toEqual(told.map((notice) => expect.objectContaining(notice) as unknown))
    for (const { at, remoteAddress } of notices) {
      expect(at).toBeGreaterThanOrEqual(since)
      expect(remoteAddress).toBe('127.0.0.1')
    }
    const viewer = await signedIn(testViewer)
    for (const other of [boss, viewer]) expect(await noticesOf(other)).toEqual([])
    const here = await person.here.call<{ items: Notice[] }>('GET', '/account/notices')
    // The sign-in that made the change knows; where it ended it is told nothing any more.
    if (here.status === 200) expect(here.body.items).toEqual([])
    else expect(here.status).toBe(401)
  },
)

// Would catch: an e-mail address or name that was only saved again, told as if it were changed.
test('what changes no way to sign in is not told', async () => {
  const { here, there, email, id } = person
  await here.want('PATCH', '/account', { displayName: 'Mara', email: email.toUpperCase() })
  await boss.want('PATCH', `/users/${id}`, { displayName: 'Mara K', email })
  const refused = await here.call('POST', '/account/password', { currentPassword: 'no', newPassword })
  expect(refused.status).toBe(422)
  expect(await noticesOf(there)).toEqual([])
})

// Would catch: a notice that comes back, that another person can dismiss, or the sign-in that made the change.
test('a notice is gone once it is dismissed by somebody who was told it', async () => {
  const { here, there, password, email } = person
  await here.want('POST', '/account/recovery-code', { password })
  await here.want('PATCH', '/account', { email: `new-${email}`, currentPassword: password })
  const [newest, oldest] = await noticesOf(there)
  const ids = [newest?.id, oldest?.id]
  for (const other of [boss, here]) await other.want('POST', '/account/notices/dismiss', { ids })
  expect((await new ApiClient(desk.origin).call('POST', '/account/notices/dismiss', { ids })).status).toBe(
    401,
  )
  expect(await noticesOf(there)).toHaveLength(2)
  await there.want('POST', '/account/notices/dismiss', { ids: [newest?.id] })
  expect(await noticesOf(there)).toEqual([oldest])
  const { items } = await boss.want<{ items: unknown[] }>('GET', '/audit?action=notices.dismissed&limit=1')
  expect(items).toMatchObject([{ target: { name: `new-${email}` }, before: { notices: [newest] } }])
})

// Would catch: a table that whoever knows a password can fill, and rows of people who are gone.
test('the newest 20 of a person are kept, and none of who was deleted', async () => {
  const { here, there, password, id } = person
  const other = await newPerson()
  await other.here.want('POST', '/account/recovery-code', { password: other.password })
  for (let count = 0; count < 21; count += 1) await here.want('POST', '/account/recovery-code', { password })
  await here.want('PATCH', '/account', {
    username: `named-${people}`,
    email: `last-${people}@desk`,
    currentPassword: password,
  })
  const kept = await noticesOf(there)
  expect(kept).toHaveLength(20)
  expect(kept[0]?.kind).toBe('email-changed')
  expect(await noticesOf(other.there)).toHaveLength(1)
  await boss.want('DELETE', `/users/${id}`)
  const database = new Database(desk.databasePath, { readonly: true })
  const rows = database.prepare('select count(*) as rows from notices where user_id = ?').get(id)
  database.close()
  expect(rows).toEqual({ rows: 0 })
})
