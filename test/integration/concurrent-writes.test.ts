import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import type { ApiAnswer } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { addServer, testAlta } from '../fixtures/desk-with-alta.ts'
import { freePort } from '../fixtures/desk-process.ts'
import { startForgingProvider } from '../fixtures/forging-provider.ts'
import { GatheredWrites } from '../fixtures/gathered-writes.ts'
import { SmallBrowser, ssoClient } from '../fixtures/sso-provider.ts'

let desk: DeskInProcess
let boss: ApiClient
const writes = new GatheredWrites()

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin, testViewer], aroundStore: writes.around })
  boss = new ApiClient(desk.origin)
  await boss.signIn(testAdmin.email, testAdmin.password)
})
afterAll(() => desk.stop())

interface Person {
  readonly id: string
  readonly email: string
  readonly username: string
  readonly displayName: string
}
interface Named {
  readonly id: string
}
const password = 'copper-lantern-63'
const emptyWall = { layout: '1', tiles: [null] } as const

async function newPerson(): Promise<{ person: Person; api: ApiClient }> {
  const username = `person-${randomUUID().slice(0, 8)}`
  const names = { email: `${username}@desk`, username, displayName: username }
  const person = await boss.want<Person>('POST', '/users', { ...names, password })
  const api = new ApiClient(desk.origin)
  await api.signIn(person.email, password)
  return { person, api }
}

/** How often the audit log says that this was done, and to whom. */
function audited(action: string): number {
  return readAudit(desk).filter((row) => row.action === action && row.outcome === 'done').length
}

const statuses = (answers: readonly ApiAnswer<unknown>[]): number[] => answers.map(({ status }) => status)

describe('two who change the same thing at once', () => {
  // Would catch: a new address that is gone again, since a new name was written with the row as it was before.
  test('of one account keep what each of them changed, and the audit log says what each one found', async () => {
    const { person, api } = await newPerson()
    const [username, email] = [`${person.username}-2`, `second-${person.email}`]
    const answers = await writes.together(
      () => boss.call('PATCH', `/users/${person.id}`, { email }),
      () => api.call('PATCH', '/account', { username, currentPassword: password }),
      () => api.call('PATCH', '/account', { displayName: 'Shown' }),
      () => boss.call('PATCH', `/users/${person.id}`, { displayName: 'Shown last' }),
    )
    expect(statuses(answers)).toEqual([200, 200, 200, 200])
    const names = { username, email, displayName: 'Shown last' }
    expect(await boss.want('GET', `/users/${person.id}`)).toMatchObject(names)
    const last = readAudit(desk).at(-1)
    expect(JSON.parse(last?.before ?? '{}')).toMatchObject({ ...names, displayName: 'Shown' })
    expect(JSON.parse(last?.after ?? '{}')).toMatchObject(names)
  })

  // Would catch: somebody made an administrator again by a request that had not asked for a proof, for they were one then.
  test('who was demoted meanwhile is not promoted without a proof', async () => {
    const { person } = await newPerson()
    await boss.want('PATCH', `/users/${person.id}`, { admin: true })
    const answers = await writes.together(
      () => boss.call('PATCH', `/users/${person.id}`, { admin: false }),
      () => boss.call('PATCH', `/users/${person.id}`, { admin: true, displayName: 'Second' }),
    )
    expect(answers).toMatchObject([
      { status: 200 },
      { status: 403, body: { code: 'REAUTHENTICATION_REQUIRED' } },
    ])
    expect(await boss.want('GET', `/users/${person.id}`)).toMatchObject({ admin: false })
  })

  // Would catch: a rule of the database that speaks for the desk, as an error of ours, where two servers get one name.
  test('two servers do not get the same name', async () => {
    const [first, second] = [await testAlta(), await testAlta()]
    const servers = [await addServer(boss, first, 'Hall'), await addServer(boss, second, 'Yard')]
    const rename = (id = '') => boss.call('PATCH', `/servers/${id}`, { name: 'Gate' })
    const answers = await writes.together(
      () => rename(servers[0]?.id),
      () => rename(servers[1]?.id),
    )
    expect(answers).toMatchObject([{ status: 200 }, { status: 409, body: { code: 'SERVER_EXISTS' } }])
    for (const { id } of servers) await boss.want('DELETE', `/servers/${id}`)
  })
})

describe('two who end the same thing at once', () => {
  const endings = [
    {
      name: 'an account',
      action: 'user.removed',
      path: async () => `/users/${(await newPerson()).person.id}`,
    },
    {
      name: 'an invite',
      action: 'invite.withdrawn',
      path: async () => `/invites/${(await boss.want<Named>('POST', '/invites', { maxUses: 1 })).id}`,
    },
    {
      name: 'a sign-in of somebody',
      action: 'user.sign-in-ended',
      path: async () => {
        const { person } = await newPerson()
        const { items } = await boss.want<{ items: Named[] }>('GET', `/users/${person.id}/sessions`)
        return `/users/${person.id}/sessions/${items[0]?.id}`
      },
    },
    {
      name: 'a group',
      action: 'group.removed',
      path: async () => `/groups/${(await boss.want<Named>('POST', '/groups', { name: randomUUID() })).id}`,
    },
    {
      name: 'a view',
      action: 'view.removed',
      path: async () =>
        `/views/${(await boss.want<Named>('POST', '/views', { name: randomUUID(), ...emptyWall })).id}`,
    },
  ]

  // Would catch: an audit log that says twice that something was deleted.
  test.each(endings)(
    '$name: the second finds nothing, and nothing is recorded twice',
    async ({ action, path }) => {
      const [target, before] = [await path(), audited(action)]
      const remove = () => boss.call('DELETE', target)
      expect(statuses(await writes.together(remove, remove))).toEqual([200, 404])
      expect(audited(action)).toBe(before + 1)
    },
  )

  test('their own sign-in: the second finds nothing', async () => {
    const { person, api } = await newPerson()
    await new ApiClient(desk.origin).signIn(person.email, password)
    const { items } = await api.want<{ items: (Named & { current: boolean })[] }>('GET', '/account/sessions')
    const other = items.find(({ current }) => !current)
    const before = audited('session.ended')
    const end = () => api.call('DELETE', `/account/sessions/${other?.id}`)
    expect(statuses(await writes.together(end, end))).toEqual([200, 404])
    expect(audited('session.ended')).toBe(before + 1)
  })

  test('an authenticator app of somebody: the second is told that there is none', async () => {
    const { person, api } = await newPerson()
    const { secret } = await api.want<{ secret: string }>('POST', '/account/totp/setup')
    await api.want('POST', '/account/totp/confirm', { code: totpCode(secret, totpStep(Date.now())) })
    const remove = () => boss.call('DELETE', `/users/${person.id}/totp`)
    expect(await writes.together(remove, remove)).toMatchObject([
      { status: 200 },
      { status: 409, body: { code: 'TOTP_OFF' } },
    ])
    expect(audited('user.totp-removed')).toBe(1)
  })
})

describe('something that is deleted while somebody saves it', () => {
  // Would catch: a rule of the database that speaks for the desk, as an error of ours, with 500.
  test('a group is not found any more', async () => {
    const { id } = await boss.want<Named>('POST', '/groups', { name: randomUUID() })
    const answers = await writes.together(
      () => boss.call('DELETE', `/groups/${id}`),
      () => boss.call('PUT', `/groups/${id}/wall`, emptyWall),
      () => boss.call('POST', '/views', { name: 'Night', groupId: id, ...emptyWall }),
    )
    expect(statuses(answers)).toEqual([200, 404, 404])
  })

  test('who has no account any more is not signed in', async () => {
    const { person, api } = await newPerson()
    const answers = await writes.together(
      () => boss.call('DELETE', `/users/${person.id}`),
      () => api.call('PUT', '/live/wall', emptyWall),
      () => api.call('POST', '/views', { name: 'Night', ...emptyWall }),
      () => api.call('POST', '/account/totp/setup'),
      () => api.call('PATCH', '/account', { displayName: 'Shown' }),
    )
    expect(statuses(answers)).toEqual([200, 401, 401, 401, 401])
  })
})

describe('two tabs that come back from the provider at once', () => {
  async function ssoDesk(mode: string) {
    const [provider, port] = [await startForgingProvider(), await freePort()]
    onTestFinished(() => provider.stop())
    const gathered = new GatheredWrites()
    const started = await startDeskInProcess({
      people: [testAdmin],
      aroundStore: gathered.around,
      variables: {
        ALTAVMS_HTTP_ADDR: `127.0.0.1:${port}`,
        OIDC_ISSUER_URL: provider.issuer,
        OIDC_CLIENT_ID: ssoClient.id,
        OIDC_CLIENT_SECRET: ssoClient.secret,
        OIDC_REDIRECT_URI: `http://127.0.0.1:${port}/auth/oidc/callback`,
        REGISTRATION_MODE: mode,
      },
    })
    onTestFinished(() => started.stop())
    const tab = async () => {
      const { url } = await new SmallBrowser().open(`${started.origin}/api/auth/oidc/start`, 'forged')
      return url.searchParams.get('sso')
    }
    return { started, both: () => gathered.together(tab, tab) }
  }

  const doneByForged = (started: DeskInProcess): string[] =>
    readAudit(started)
      .filter(({ actorName }) => actorName === 'forged@sso.example')
      .map(({ action }) => action)

  // Would catch: a second tab that is told that its person's address is somebody else's.
  test('are one new account', async () => {
    const { started, both } = await ssoDesk('open')
    expect(await both()).toEqual([null, null])
    expect(doneByForged(started)).toEqual(['user.registered', 'session.opened', 'session.opened'])
  })

  // Would catch: a rule of the database that speaks for the desk, as an error of ours, with 500.
  test('link the account that was prepared once', async () => {
    const { started, both } = await ssoDesk('closed')
    const admin = new ApiClient(started.origin)
    await admin.signIn(testAdmin.email, testAdmin.password)
    const names = { email: 'forged@sso.example', username: 'forged', displayName: 'Forged' }
    await admin.want('POST', '/users', { ...names, password })
    expect(await both()).toEqual([null, null])
    expect(doneByForged(started)).toEqual(['account.linked', 'session.opened', 'session.opened'])
  })
})
