import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Invite } from '../../shared/contract/invites.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import { users } from '../../main/store/tables/identity.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess, DeskInProcessOptions } from '../fixtures/desk-in-process.ts'

interface Page<Item> {
  items: Item[]
  total: number
}
type NewPerson = PersonView & { initialPassword: string | null }

async function openDesk(
  options: DeskInProcessOptions = {},
): Promise<{ desk: DeskInProcess; boss: ApiClient }> {
  const desk = await startDeskInProcess({ people: [testAdmin, testViewer], ...options })
  const boss = new ApiClient(desk.origin)
  await boss.signIn(testAdmin.email, testAdmin.password)
  return { desk, boss }
}

describe('accounts', () => {
  let desk: DeskInProcess
  let boss: ApiClient

  beforeAll(async () => {
    ;({ desk, boss } = await openDesk())
  })
  afterAll(() => desk.stop())

  const idOf = async (email: string): Promise<string> =>
    (await boss.want<Page<PersonView>>('GET', `/users?search=${email}`)).items[0]?.id ?? ''

  test('an account without a password gets one that is answered once and must be changed', async () => {
    const made = await boss.want<NewPerson>('POST', '/users', {
      email: ' New@Desk ',
      username: 'New.One',
      displayName: 'New One',
    })
    expect(made).toMatchObject({ email: 'new@desk', username: 'new.one', admin: false, groupCount: 0 })
    const person = new ApiClient(desk.origin)
    await person.signIn('new@desk', made.initialPassword ?? '')
    expect((await person.call('GET', '/account')).body).toMatchObject({ mustChangePassword: true })
    expect(JSON.stringify(await boss.want('GET', `/users/${made.id}`))).not.toContain(made.initialPassword)
  })

  test.each(['Eve\nadmin@desk', 'Eve\u0000', 'Eve \u202Egpj.exe', '\u001b[2JEve', 'Eve\ud800'])(
    'a name that shows as another than it is (%j) is refused: it would lie in lists and in the log',
    async (name) => {
      const person = { email: 'eve@desk', username: 'eve', displayName: name, password: 'slate-curlew-39' }
      const issues = [{ field: 'displayName' }]
      expect(await boss.call('POST', '/users', person)).toMatchObject({
        status: 400,
        body: { data: { issues } },
      })
      expect((await boss.call('POST', '/groups', { name })).status).toBe(400)
      const named = { ...person, displayName: 'Eve', email: `${name}@desk` }
      expect((await boss.call('POST', '/users', named)).status).toBe(400)
    },
  )

  test('addresses and usernames are taken whatever their case', async () => {
    const person = { email: 'twin@desk', username: 'twin', displayName: 'Twin', password: 'slate-curlew-39' }
    await boss.want('POST', '/users', person)
    expect(await boss.call('POST', '/users', { ...person, username: 'twin2' })).toMatchObject({
      status: 409,
      body: { code: 'EMAIL_TAKEN' },
    })
    const others = { ...person, email: 'TWIN2@desk', username: 'TWIN' }
    expect(await boss.call('POST', '/users', others)).toMatchObject({
      status: 409,
      body: { code: 'USERNAME_TAKEN' },
    })
    const id = await idOf('twin@desk')
    expect(await boss.call('PATCH', `/users/${id}`, { email: testViewer.email })).toMatchObject({
      status: 409,
    })
    expect(await boss.call('PATCH', `/users/${id}`, { email: 'Twin@desk' })).toMatchObject({ status: 200 })
    for (const username of ['ab', 'has space', 'x'.repeat(33), 'ümlaut'])
      expect((await boss.call('POST', '/users', { ...others, username })).status).toBe(400)
  })

  test('the last administrator stays, also where two are taken at the same moment', async () => {
    const bossId = await idOf(testAdmin.email)
    for (const change of [{ admin: false }, { disabled: true }]) {
      expect(await boss.call('PATCH', `/users/${bossId}`, change)).toMatchObject({
        status: 409,
        body: { code: 'LAST_ADMIN' },
      })
    }
    expect(await boss.call('DELETE', `/users/${bossId}`)).toMatchObject({ status: 409 })
    const second = await boss.want<NewPerson>('POST', '/users', {
      email: 'second@desk',
      username: 'second',
      displayName: 'Second',
      password: 'hazel-plover-81',
      admin: true,
    })
    const answers = await Promise.all(
      [bossId, second.id].map((id) =>
        boss.call('PATCH', `/users/${id}`, { admin: false, displayName: 'Was a boss' }),
      ),
    )
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1)
    const rest = await boss.call<Page<PersonView>>('GET', '/users?admin=true')
    const survivor = rest.status === 200 ? boss : new ApiClient(desk.origin)
    if (survivor !== boss) await survivor.signIn('second@desk', 'hazel-plover-81')
    expect((await survivor.want<Page<PersonView>>('GET', '/users?admin=true')).total).toBe(1)
    await survivor.want('PATCH', `/users/${bossId}`, { admin: true })
    await boss.signIn(testAdmin.email, testAdmin.password)
  })

  test('what an administrator had under way ends with the right: no account is made after they were disabled', async () => {
    const leaving = { email: 'leaving@desk', username: 'leaving', displayName: 'Leaving', admin: true }
    const password = 'hazel-plover-82'
    const { id } = await boss.want<NewPerson>('POST', '/users', { ...leaving, password })
    const rogue = new ApiClient(desk.origin)
    await rogue.signIn(leaving.email, password)
    const names = Array.from({ length: 8 }, (_, index) => `backdoor${index}`)
    const underWay = names.map((username) =>
      rogue.call('POST', '/users', {
        email: `${username}@desk`,
        username,
        displayName: 'Nobody',
        admin: true,
        password: 'hazel-plover-83',
      }),
    )
    await Promise.race(underWay)
    await boss.want('PATCH', `/users/${id}`, { disabled: true })
    const made = async () => (await boss.want<Page<PersonView>>('GET', '/users?search=backdoor')).total
    const madeBefore = await made()
    const statuses = (await Promise.all(underWay)).map(({ status }) => status)
    expect(await made()).toBe(madeBefore)
    expect(statuses.filter((status) => status === 401)).toHaveLength(names.length - madeBefore)
  })

  test('whoever is disabled, reset or deleted is out when the call answers; a name alone changes nothing', async () => {
    const id = await idOf(testViewer.email)
    const guard = new ApiClient(desk.origin)
    const works = async (): Promise<boolean> => (await guard.call('GET', '/account')).status === 200
    await guard.signIn(testViewer.email, testViewer.password)
    await boss.want('PATCH', `/users/${id}`, { displayName: 'Guard One' })
    expect(await works()).toBe(true)

    await boss.want('PATCH', `/users/${id}`, { disabled: true })
    expect(await works()).toBe(false)
    await expect(guard.signIn(testViewer.email, testViewer.password)).rejects.toThrow('401')
    await boss.want('PATCH', `/users/${id}`, { disabled: false })
    expect(await works()).toBe(false)

    await guard.signIn(testViewer.email, testViewer.password)
    const { initialPassword } = await boss.want<NewPerson>('POST', `/users/${id}/password`, {})
    expect(await works()).toBe(false)
    await expect(guard.signIn(testViewer.email, testViewer.password)).rejects.toThrow('401')
    await guard.signIn(testViewer.email, initialPassword ?? '')
    expect(await works()).toBe(true)

    const signIns = await boss.want<Page<{ id: string; current: boolean }>>('GET', `/users/${id}/sessions`)
    expect(signIns).toMatchObject({ total: 1, items: [{ current: false, remoteAddress: '127.0.0.1' }] })
    await boss.want('DELETE', `/users/${id}/sessions/${signIns.items[0]?.id}`)
    expect(await works()).toBe(false)
    expect((await boss.call('DELETE', `/users/${id}/sessions/${signIns.items[0]?.id}`)).status).toBe(404)

    await guard.signIn(testViewer.email, initialPassword ?? '')
    await boss.want('DELETE', `/users/${id}`)
    expect(await works()).toBe(false)
    expect((await boss.call('GET', `/users/${id}`)).status).toBe(404)
    expect(readAudit(desk).at(-1)).toMatchObject({ action: 'user.removed', actorName: testAdmin.email })
  })

  test('who is made an administrator, or is one no longer, gets no more from the old token', async () => {
    const made = await boss.want<NewPerson>('POST', '/users', {
      email: 'riser@desk',
      username: 'riser',
      displayName: 'Riser',
      password: 'umber-dunlin-46',
      admin: true,
    })
    const riser = new ApiClient(desk.origin)
    await riser.signIn('riser@desk', 'umber-dunlin-46')
    expect((await riser.call('GET', '/users')).status).toBe(200)
    await boss.want('PATCH', `/users/${made.id}`, { admin: false })
    expect((await riser.call('GET', '/users')).status).toBe(401)
    await riser.signIn('riser@desk', 'umber-dunlin-46')
    expect((await riser.call('GET', '/users')).status).toBe(403)
  })
})

test('ten thousand people are listed, searched and paged', async () => {
  const { desk, boss } = await openDesk({
    seed: async (tx) => {
      for (let number = 0; number < 10_000; number += 1) {
        const username = `person-${String(number).padStart(5, '0')}`
        const names = { email: `${username}@example.com`, username, displayName: `Person ${number}` }
        const standing = { admin: false, disabled: number % 10 === 0, mustChangePassword: false, version: 1 }
        await tx.insert(users).values({
          id: username,
          passwordHash: '',
          ...names,
          ...standing,
          documentedPassword: false,
          createdAt: number,
        })
      }
    },
  })
  try {
    const all = await boss.want<Page<PersonView>>('GET', '/users?page=100&pageSize=100')
    const found = await boss.want<Page<PersonView>>('GET', '/users?search=SON-0999')
    const disabled = await boss.want<Page<PersonView>>('GET', '/users?disabled=true&sort=-name&pageSize=10')
    expect([all.total, all.items.length, found.total, disabled.total]).toEqual([10_002, 100, 10, 1000])
    expect(disabled.items[0]?.displayName).toBe('Person 9990')
  } finally {
    await desk.stop()
  }
})

describe('registration', () => {
  const account = { email: 'me@desk', username: 'me.too', displayName: 'Me', password: 'sienna-gadwall-72' }

  test('by invite alone: it is used once everything else is right, and never more often than it may be', async () => {
    const { desk, boss } = await openDesk({ variables: { PUBLIC_URL: 'https://desk.example' } })
    try {
      const anyone = new ApiClient(desk.origin)
      const register = (change: Record<string, unknown>) =>
        anyone.call<{ code?: string; accessToken?: string; recoveryCode?: string }>(
          'POST',
          '/auth/register',
          {
            ...account,
            ...change,
          },
        )
      expect((await anyone.call('GET', '/auth/registration')).body).toEqual({ mode: 'invite_only' })
      expect(await register({})).toMatchObject({ status: 403, body: { code: 'INVITE_NEEDED' } })
      expect(await register({ invite: 'AAAAAAAAAAAA' })).toMatchObject({ body: { code: 'INVITE_INVALID' } })

      const invite = await boss.want<Invite>('POST', '/invites', { maxUses: 1, expiresInHours: 8760 })
      expect(invite.code).toMatch(/^[2-9A-HJ-NP-Z]{12}$/)
      expect(invite.url).toBe(`https://desk.example/register?invite=${invite.code}`)
      const given = { invite: ` ${invite.code.toLowerCase().replace(/(.{4})(?=.)/g, '$1-')} ` }
      expect(await register({ ...given, email: testViewer.email })).toMatchObject({
        body: { code: 'EMAIL_TAKEN' },
      })
      expect(await register({ ...given, password: 'me.too-desk' })).toMatchObject({
        body: { code: 'WEAK_PASSWORD' },
      })
      const race = await Promise.all(
        ['a', 'b', 'c'].map((letter) =>
          register({ ...given, email: `${letter}@desk`, username: `me-${letter}` }),
        ),
      )
      expect(race.map(({ status }) => status).sort()).toEqual([200, 403, 403])
      const winner = race.find(({ status }) => status === 200)?.body
      anyone.token = winner?.accessToken ?? null
      expect((await anyone.call('GET', '/account')).body).toMatchObject({
        admin: false,
        mustChangePassword: false,
      })
      expect(winner?.recoveryCode).toMatch(/^[2-9A-Z-]{19}$/)
      const [listed] = (await boss.want<Page<Invite>>('GET', '/invites')).items
      expect(listed).toMatchObject({ id: invite.id, code: invite.code, uses: 1, state: 'used' })

      const open = await boss.want<Invite>('POST', '/invites', {})
      await boss.want('DELETE', `/invites/${open.id}`)
      expect(await register({ invite: open.code })).toMatchObject({ body: { code: 'INVITE_INVALID' } })
      expect((await boss.call('POST', '/invites', { expiresInHours: 8761 })).status).toBe(400)

      // In words, and with nothing of a code that still opens the door.
      const rows = readAudit(desk).filter(({ action }) => action.startsWith('invite.'))
      expect(rows.map(({ action, targetName }) => [action, targetName])).toEqual([
        ['invite.made', 'invite for 1 person'],
        ['invite.made', 'invite for any number of people'],
        ['invite.withdrawn', `invite for any number of people, ${open.code.slice(0, 4)}…`],
      ])
      expect(JSON.stringify(rows)).not.toContain(open.code)
    } finally {
      await desk.stop()
    }
  })

  test.each([
    ['open', 200, null],
    ['closed', 403, 'REGISTRATION_CLOSED'],
  ])('with REGISTRATION_MODE %s', async (mode, status, code) => {
    const { desk } = await openDesk({ variables: { REGISTRATION_MODE: mode } })
    try {
      const answer = await new ApiClient(desk.origin).call('POST', '/auth/register', account)
      expect(answer).toMatchObject({
        status,
        body: code === null ? { user: { username: 'me.too' } } : { code },
      })
    } finally {
      await desk.stop()
    }
  })

  test('an invalid REGISTRATION_MODE is a mistake of the configuration', async () => {
    await expect(openDesk({ variables: { REGISTRATION_MODE: 'anybody' } })).rejects.toThrow(
      'REGISTRATION_MODE',
    )
  })
})

test('ADMIN_USERNAME is made an administrator at start where there is none, and only there', async () => {
  const variables = { ADMIN_USERNAME: 'Guard' }
  const desk = await startDeskInProcess({ people: [testViewer], variables })
  try {
    const guard = new ApiClient(desk.origin)
    await guard.signIn(testViewer.email, testViewer.password)
    expect((await guard.call('GET', '/users')).status).toBe(200)
    expect(readAudit(desk).some(({ after }) => after?.includes('ADMIN_USERNAME'))).toBe(true)
  } finally {
    await desk.stop()
  }
  const other = await openDesk({ variables })
  try {
    const guard = new ApiClient(other.desk.origin)
    await guard.signIn(testViewer.email, testViewer.password)
    expect((await guard.call('GET', '/users')).status).toBe(403)
  } finally {
    await other.desk.stop()
  }
})
