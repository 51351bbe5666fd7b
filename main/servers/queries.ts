import { asc, count, eq, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { cameras, servers } from '../store/tables/cameras.ts'
import { deskValues } from '../store/tables/desk.ts'
import { foldedText } from '../store/text-search.ts'

/** A server as it is stored; passwords and secrets are sealed. */
export type ServerRow = typeof servers.$inferSelect

/** What a person may change of a server. */
export type ServerChanges = Partial<Omit<ServerRow, 'id' | 'createdAt'>>

/** What the desk expects of one channel on Alta, as the camera's row says it. */
export type ExpectedCamera = Pick<
  typeof cameras.$inferSelect,
  | 'id'
  | 'name'
  | 'receiverId'
  | 'subReceiverId'
  | 'channelId'
  | 'storageId'
  | 'storageDurationHours'
  | 'createdAt'
>

function matches(search: string | undefined): SQL | undefined {
  if (!search) return undefined
  const wanted = foldedText(search)
  return sql`(holds_text(${servers.name}, ${wanted}) or holds_text(${servers.baseUrl}, ${wanted}))`
}

/** One page of servers by name, and how many there are in all. */
export async function pageOfServers(
  db: ReadHandle,
  page: { search: string | undefined; limit: number; offset: number },
): Promise<{ rows: ServerRow[]; total: number }> {
  const where = matches(page.search)
  const rows = await db
    .select()
    .from(servers)
    .where(where)
    .orderBy(sql`${servers.name} collate nocase`, asc(servers.id))
    .limit(page.limit)
    .offset(page.offset)
    .all()
  const total = (await db.select({ value: count() }).from(servers).where(where).get())?.value ?? 0
  return { rows, total }
}

/** Every server, oldest first. */
export function allServers(db: ReadHandle): Promise<ServerRow[]> {
  return db.select().from(servers).orderBy(asc(servers.id)).all()
}

/** One server, or undefined. */
export function serverById(db: ReadHandle, id: string): Promise<ServerRow | undefined> {
  return db.select().from(servers).where(eq(servers.id, id)).get()
}

/** The server that has this base URL or this name already, if any other than `exceptId`. */
export function serverLike(
  db: ReadHandle,
  name: string,
  baseUrl: string,
  exceptId: string | null,
): Promise<ServerRow | undefined> {
  return db
    .select()
    .from(servers)
    .where(
      sql`(${servers.name} = ${name} or ${servers.baseUrl} = ${baseUrl}) and ${servers.id} is not ${exceptId}`,
    )
    .get()
}

export async function insertServer(tx: Tx, row: ServerRow): Promise<void> {
  await tx.insert(servers).values(row)
}

export async function updateServer(tx: Tx, id: string, changes: ServerChanges): Promise<void> {
  await tx.update(servers).set(changes).where(eq(servers.id, id))
}

/** Forgets a server with its cameras. */
export async function deleteServer(tx: Tx, id: string): Promise<void> {
  await tx.delete(cameras).where(eq(cameras.serverId, id))
  await tx.delete(servers).where(eq(servers.id, id))
}

/** What the desk expects on a server, one entry for each camera. */
export function expectedCameras(db: ReadHandle, serverId: string): Promise<ExpectedCamera[]> {
  return db
    .select({
      id: cameras.id,
      name: cameras.name,
      receiverId: cameras.receiverId,
      subReceiverId: cameras.subReceiverId,
      channelId: cameras.channelId,
      storageId: cameras.storageId,
      storageDurationHours: cameras.storageDurationHours,
      createdAt: cameras.createdAt,
    })
    .from(cameras)
    .where(eq(cameras.serverId, serverId))
    .orderBy(asc(cameras.id))
    .all()
}

/** Number of cameras of each server that has any. */
export async function cameraCounts(db: ReadHandle): Promise<Map<string, number>> {
  const rows = await db
    .select({ serverId: cameras.serverId, value: count() })
    .from(cameras)
    .groupBy(cameras.serverId)
    .all()
  return new Map(rows.map((row) => [row.serverId, row.value]))
}

/** The oldest camera of a server, to try the server with; undefined where it has none. */
export function firstCamera(
  db: ReadHandle,
  serverId: string,
): Promise<{ id: string; channelId: string } | undefined> {
  return db
    .select({ id: cameras.id, channelId: cameras.channelId })
    .from(cameras)
    .where(eq(cameras.serverId, serverId))
    .orderBy(asc(cameras.id))
    .limit(1)
    .get()
}

const allowedOriginsKey = 'allowed_page_origins'

/** Names of the desk that an administrator has allowed on the servers. */
export async function allowedPageOrigins(db: ReadHandle): Promise<readonly string[]> {
  const row = await db.select().from(deskValues).where(eq(deskValues.key, allowedOriginsKey)).get()
  return row ? (JSON.parse(row.value) as string[]) : []
}

export async function setAllowedPageOrigins(tx: Tx, origins: readonly string[]): Promise<void> {
  const value = JSON.stringify(origins)
  await tx
    .insert(deskValues)
    .values({ key: allowedOriginsKey, value })
    .onConflictDoUpdate({ target: deskValues.key, set: { value } })
}
