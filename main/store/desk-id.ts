import { randomBytes } from 'node:crypto'
import type { Store } from './store-types.ts'
import { deskValue, putDeskValue } from './desk-values.ts'

const deskIdKey = 'desk_id'

/**
 * The name of this desk among others: eight hex digits, made at first start. It stands in tokens and tickets, and in
 * the names of what the desk makes on Alta servers.
 */
export async function loadDeskId(store: Store): Promise<string> {
  const known = await store.read((db) => deskValue(db, deskIdKey))
  if (known !== undefined) return known
  const made = randomBytes(4).toString('hex')
  await store.write({ audit: null }, (tx) => putDeskValue(tx, deskIdKey, made))
  return made
}
