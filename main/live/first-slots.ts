import { inOrderOfNames } from '../../shared/domain/view-order.ts'
import { deskValue, putDeskValue } from '../store/desk-values.ts'
import type { Rights } from '../access/rights.ts'
import type { Store } from '../store/store-types.ts'
import { users } from '../store/tables/identity.ts'
import { putSlot, viewsOf } from './queries.ts'

const doneKey = 'views.slots-kept'
const slots = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/**
 * Once: before people put views on digits themselves, the digits opened the first nine views by name. Everybody gets
 * those on the same digits, so that no key does something else after an update. Nothing is audited: nothing changes.
 */
export async function keepFirstSlots(store: Store, rights: Rights): Promise<void> {
  if ((await store.read((db) => deskValue(db, doneKey))) !== undefined) return
  await store.write({ audit: null }, async (tx) => {
    const people = await tx.select({ id: users.id, admin: users.admin }).from(users).all()
    for (const { id: userId, admin } of people) {
      const ordered = inOrderOfNames(await viewsOf(tx, userId, admin ? null : rights.groupsOf(userId)))
      for (const [index, slot] of slots.entries()) {
        const view = ordered[index]
        if (view) await putSlot(tx, userId, view.id, slot)
      }
    }
    await putDeskValue(tx, doneKey, 'yes')
  })
}
