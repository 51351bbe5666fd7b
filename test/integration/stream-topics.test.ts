import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StreamMessage } from '../../shared/contract/events.ts'
import type { Group } from '../../shared/contract/groups.ts'
import type { Invite } from '../../shared/contract/invites.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { startDeskInProcess, testAdmin, testViewer } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { hall, seedGroupedCameras, yard } from '../fixtures/grouped-cameras.ts'

let desk: DeskInProcess
let boss: ApiClient
let viewer: ApiClient

beforeAll(async () => {
  desk = await startDeskInProcess({
    people: [testAdmin, testViewer],
    seed: seedGroupedCameras,
    variables: { REGISTRATION_MODE: 'invite_only' },
  })
  boss = new ApiClient(desk.origin)
  await boss.signIn(testAdmin.email, testAdmin.password)
  viewer = new ApiClient(desk.origin)
  await viewer.signIn(testViewer.email, testViewer.password)
})
afterAll(() => desk.stop())

type Told = StreamMessage['type']

/** An open page of the person that `api` is signed in as. */
async function openPage(api: ApiClient) {
  const stream = await desk.window(() => api.token).events.stream()
  await stream.next()
  return {
    /** The messages about people until one of this type comes, which is the last; the server is polled meanwhile. */
    until: async (type: Told): Promise<StreamMessage[]> => {
      const messages: StreamMessage[] = []
      for (;;) {
        const { value, done } = await stream.next()
        if (done) throw new Error(`The stream ended before ${type}.`)
        if (!['heartbeat', 'camera.changed', 'server.changed'].includes(value.type)) messages.push(value)
        if (value.type === type) return messages
      }
    },
    close: () => stream.return?.(undefined),
  }
}

/** The first message about an act on the boss's page, and all of them on the viewer's. */
async function toldOf(act: () => Promise<unknown>, type: Told) {
  const [theirs, mine] = [await openPage(boss), await openPage(viewer)]
  await act()
  const toBoss = (await theirs.until(type)).at(-1)
  // The message about a view of the viewer's own comes after all of these.
  const view = await viewer.want<{ id: string }>('POST', '/views', {
    name: `After ${performance.now()}`,
    layout: '1',
    tiles: [null],
    groupId: null,
  })
  const toViewer = (await mine.until('walls.changed')).slice(0, -1)
  await viewer.want('DELETE', `/views/${view.id}`)
  await Promise.all([theirs.close(), mine.close()])
  return { toBoss, toViewer }
}

// Would catch: a list of people that shows what another administrator did only when it is read again after 10 s.
test('an account that is made, locked, unlocked and deleted reaches administrators alone', async () => {
  const names = { displayName: 'Wilma Torn', email: 'wilma@desk.example', username: 'wilma' }
  let id = ''
  const made = await toldOf(async () => {
    const person = await boss.want<PersonView>('POST', '/users', { ...names, password: 'copper-lantern-63' })
    id = person.id
  }, 'user.changed')
  expect(made).toMatchObject({ toBoss: { userId: id, change: 'changed' }, toViewer: [] })

  const wrong = { email: names.email, password: 'nothing like it' }
  const locked = await toldOf(async () => {
    for (let count = 0; count < 10; count += 1)
      await new ApiClient(desk.origin).call('POST', '/auth/login', wrong)
  }, 'user.changed')
  expect(locked).toMatchObject({ toBoss: { userId: id, change: 'changed' }, toViewer: [] })
  const unlocked = await toldOf(() => boss.want('DELETE', `/users/${id}/lock`), 'user.changed')
  expect(unlocked).toMatchObject({ toBoss: { userId: id, change: 'changed' }, toViewer: [] })

  const theirs = new ApiClient(desk.origin)
  const signedIn = await toldOf(() => theirs.signIn(names.email, 'copper-lantern-63'), 'user.changed')
  expect(signedIn).toMatchObject({ toBoss: { userId: id, change: 'changed' }, toViewer: [] })
  const page = await openPage(boss)
  await boss.want('DELETE', `/users/${id}`)
  for (;;) {
    const [message] = (await page.until('user.changed')).slice(-1)
    if (message?.type === 'user.changed' && message.userId === id && message.change === 'removed') break
  }
  await page.close()
})

test('a changed group reaches its members, but not who else is in it, nor a group of others', async () => {
  const renamed = await toldOf(
    () => boss.want<Group>('PATCH', `/groups/${hall.id}`, { name: 'Great hall' }),
    'group.changed',
  )
  expect(renamed.toBoss).toMatchObject({ groupId: hall.id, change: 'changed' })
  expect(renamed.toViewer.map(({ type }) => type).filter((type) => type === 'group.changed')).toHaveLength(1)
  const others = await toldOf(
    () => boss.want<Group>('PATCH', `/groups/${yard.id}`, { name: 'Back yard' }),
    'group.changed',
  )
  expect(others).toMatchObject({ toBoss: { groupId: yard.id }, toViewer: [] })
  const me = await boss.want<{ id: string }>('GET', '/account')
  const joined = await toldOf(
    () => boss.want('PUT', `/groups/${hall.id}/members/${me.id}`, { role: 'viewer' }),
    'group.changed',
  )
  expect(joined).toMatchObject({ toBoss: { groupId: hall.id, change: 'changed' }, toViewer: [] })
})

test('an invite that is made, used and withdrawn reaches administrators alone', async () => {
  let invite: Invite | undefined
  const made = await toldOf(async () => {
    invite = await boss.want<Invite>('POST', '/invites', { maxUses: 2, expiresInHours: null })
  }, 'invites.changed')
  expect(made).toMatchObject({ toBoss: { type: 'invites.changed' }, toViewer: [] })
  const newcomer = {
    displayName: 'Nina Ruiz',
    email: 'nina@desk.example',
    username: 'nina',
    password: 'a lantern under the stairs',
    invite: invite?.code,
  }
  const used = await toldOf(
    () => new ApiClient(desk.origin).want('POST', '/auth/register', newcomer),
    'invites.changed',
  )
  expect(used).toMatchObject({ toBoss: { type: 'invites.changed' }, toViewer: [] })
  const withdrawn = await toldOf(() => boss.want('DELETE', `/invites/${invite?.id}`), 'invites.changed')
  expect(withdrawn).toMatchObject({ toBoss: { type: 'invites.changed' }, toViewer: [] })
})

test('a setting reaches administrators alone', async () => {
  const asked = await toldOf(
    () => boss.want('PUT', '/settings/sign-in', { totpRequiredFor: 'nobody' }),
    'settings.changed',
  )
  expect(asked).toMatchObject({ toBoss: { setting: 'sign-in' }, toViewer: [] })
})

test("what changes of one's own account reaches its person", async () => {
  const mine = await openPage(viewer)
  const theirs = await openPage(boss)
  await viewer.want('PATCH', '/account', { displayName: 'The guard' })
  expect((await mine.until('account.changed')).map(({ type }) => type)).toEqual(['account.changed'])
  expect((await theirs.until('user.changed')).map(({ type }) => type)).toEqual(['user.changed'])
  await Promise.all([mine.close(), theirs.close()])
})
