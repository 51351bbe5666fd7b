import { asc, count, eq, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { altaIntents, cameras, servers } from '../store/tables/cameras.ts'
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
export function pageOfServers(
  db: ReadHandle,
  page: { search: string | undefined; limit: number; offset: number },
): { rows: ServerRow[]; total: number } {
  const where = matches(page.search)
  const rows = db
    .select()
    .from(servers)
    .where(where)
    .orderBy(sql`${servers.name} collate nocase`, asc(servers.id))
    .limit(page.limit)
    .offset(page.offset)
    .all()
  const total = db.select({ value: count() }).from(servers).where(where).get()?.value ?? 0
  return { rows, total }
}

/** Every server, oldest first. */
export function allServers(db: ReadHandle): ServerRow[] {
  return db.select().from(servers).orderBy(asc(servers.id)).all()
}

/** One server, or undefined. */
export function serverById(db: ReadHandle, id: string): ServerRow | undefined {
  return db.select().from(servers).where(eq(servers.id, id)).get()
}

/** The server that has this base URL or this name already, if any other than `exceptId`. */
export function serverLike(
  db: ReadHandle,
  name: string,
  baseUrl: string,
  exceptId: string | null,
): ServerRow | undefined {
  return db
    .select()
    .from(servers)
    .where(
      sql`(${servers.name} = ${name} or ${servers.baseUrl} = ${baseUrl}) and ${servers.id} is not ${exceptId}`,
    )
    .get()
}

export function insertServer(tx: Tx, row: ServerRow): void {
  tx.insert(servers).values(row).run()
}

export function updateServer(tx: Tx, id: string, changes: ServerChanges): void {
  tx.update(servers).set(changes).where(eq(servers.id, id)).run()
}

/** Forgets a server with its cameras and what was left to do on it. */
export function deleteServer(tx: Tx, id: string): void {
  tx.delete(altaIntents).where(eq(altaIntents.serverId, id)).run()
  tx.delete(cameras).where(eq(cameras.serverId, id)).run()
  tx.delete(servers).where(eq(servers.id, id)).run()
}

/** What the desk expects on a server, one entry for each camera. */
export function expectedCameras(db: ReadHandle, serverId: string): ExpectedCamera[] {
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
export function cameraCounts(db: ReadHandle): Map<string, number> {
  const rows = db
    .select({ serverId: cameras.serverId, value: count() })
    .from(cameras)
    .groupBy(cameras.serverId)
    .all()
  return new Map(rows.map((row) => [row.serverId, row.value]))
}

/** The oldest camera of a server, to try the server with; undefined where it has none. */
export function firstCamera(db: ReadHandle, serverId: string): { id: string; channelId: string } | undefined {
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
export function allowedPageOrigins(db: ReadHandle): readonly string[] {
  const row = db.select().from(deskValues).where(eq(deskValues.key, allowedOriginsKey)).get()
  return row ? (JSON.parse(row.value) as string[]) : []
}

export function setAllowedPageOrigins(tx: Tx, origins: readonly string[]): void {
  const value = JSON.stringify(origins)
  tx.insert(deskValues)
    .values({ key: allowedOriginsKey, value })
    .onConflictDoUpdate({ target: deskValues.key, set: { value } })
    .run()
}
