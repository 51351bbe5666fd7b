import { eq } from 'drizzle-orm'
import type { ReadHandle, Tx } from './store-types.ts'
import { deskValues } from './tables/desk.ts'

/** A value that the desk keeps under a name of its own; undefined where there is none. */
export async function deskValue(db: ReadHandle, key: string): Promise<string | undefined> {
  return (await db.select().from(deskValues).where(eq(deskValues.key, key)).get())?.value
}

/** Keeps a value under a name, in place of the one before. */
export async function putDeskValue(tx: Tx, key: string, value: string): Promise<void> {
  await tx
    .insert(deskValues)
    .values({ key, value })
    .onConflictDoUpdate({ target: deskValues.key, set: { value } })
}
