import { expect, test } from 'vitest'
import { keepFirstSlots } from '../../../../main/live/first-slots.ts'
import { slotsOf } from '../../../../main/live/queries.ts'
import { Rights } from '../../../../main/access/rights.ts'
import { groupMembers, groups, views } from '../../../../main/store/tables/groups.ts'
import { users } from '../../../../main/store/tables/identity.ts'
import { openTestStore } from '../store/open-test-store.ts'

// Would catch: a guard whose keys open other views after an update of the desk, or whose choice is undone at a restart.
test('the digits that opened the first nine views by name open the same ones, and are never touched again', async () => {
  const store = openTestStore()
  const person = (id: string, admin: boolean) => ({
    id,
    email: `${id}@desk`,
    username: id,
    displayName: '',
    passwordHash: '',
    admin,
    disabled: false,
    mustChangePassword: false,
    documentedPassword: false,
    version: 1,
    createdAt: 1,
  })
  const view = (id: string, name: string, owner: { userId?: string; groupId?: string }) => ({
    id,
    name,
    layout: '1',
    tiles: '[]',
    savedAt: 1,
    userId: null,
    groupId: null,
    ...owner,
  })
  await store.write({ audit: null }, async (tx) => {
    await tx.insert(users).values([person('guard', false), person('boss', true)])
    await tx.insert(groups).values([{ id: 'hall', name: 'Hall', createdAt: 1 }])
    await tx.insert(groupMembers).values([{ groupId: 'hall', userId: 'guard', role: 'viewer' }])
    const own = Array.from({ length: 8 }, (_, index) => `View ${index + 3}`)
    await tx
      .insert(views)
      .values([
        ...own.map((name, index) => view(`own-${index}`, name, { userId: 'guard' })),
        view('alarm', 'Alarm', { groupId: 'hall' }),
        view('zone', 'Zone', { groupId: 'hall' }),
      ])
  })
  const rights = new Rights()
  rights.load({
    groupIds: ['hall'],
    cameras: [],
    members: [{ groupId: 'hall', userId: 'guard', role: 'viewer' }],
  })
  await keepFirstSlots(store, rights)
  const slots = (userId: string) => store.read(async (db) => Object.fromEntries(await slotsOf(db, userId)))
  const ofGuard = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`own-${index}`, index + 1]))
  expect(await slots('guard')).toEqual({ ...ofGuard, alarm: 9 })
  expect(await slots('boss')).toEqual({ alarm: 1, zone: 2 })
  await store.write({ audit: null }, (tx) => tx.delete(views))
  await store.write({ audit: null }, (tx) => tx.insert(views).values(view('new', 'New', { groupId: 'hall' })))
  await keepFirstSlots(store, rights)
  expect([await slots('guard'), await slots('boss')]).toEqual([{}, {}])
})
