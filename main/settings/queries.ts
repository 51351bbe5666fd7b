import { eq } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { deskValues } from '../store/tables/desk.ts'

const listenerKey = 'listener_enabled'

/** Whether an administrator turned the LAN listener on; off until then. */
export async function listenerSwitch(db: ReadHandle): Promise<boolean> {
  return (await db.select().from(deskValues).where(eq(deskValues.key, listenerKey)).get())?.value === 'yes'
}

export async function setListenerSwitch(tx: Tx, enabled: boolean): Promise<void> {
  const value = enabled ? 'yes' : 'no'
  await tx
    .insert(deskValues)
    .values({ key: listenerKey, value })
    .onConflictDoUpdate({ target: deskValues.key, set: { value } })
}
