import { and, asc, count, eq, sql } from 'drizzle-orm'
import type { Change } from '../store/change-feed.ts'
import type { ReadHandle, Store, Tx } from '../store/store-types.ts'
import { isOneOf } from '../store/one-of.ts'
import { preparedOnce } from '../store/prepared-once.ts'
import { textSearch } from '../store/text-search.ts'
import { cameras, servers } from '../store/tables/cameras.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    readonly 'camera.deleted': { readonly cameraId: string; readonly serverId: string }
  }
}

/** What a write declares that deleted a camera. */
export function cameraDeleted(cameraId: string, serverId: string): Change {
  return { name: 'camera.deleted', data: { cameraId, serverId } }
}

/** A camera as it is stored. */
export type CameraRow = typeof cameras.$inferSelect
/** A camera and the name of its server. */
export type NamedCameraRow = CameraRow & { readonly serverName: string }

export type CameraChanges = Partial<
  Pick<CameraRow, 'name' | 'receiverId' | 'subReceiverId' | 'storageId' | 'storageDurationHours'>
>

/** Which cameras a list asks for; `visibleIds` null means all of them. */
export interface CameraFilter {
  readonly visibleIds: readonly string[] | null
  readonly serverId: string | null
  readonly search: string | null
  /** Whether a search also looks at receivers and servers, which only administrators may know. */
  readonly searchesServers: boolean
}
export type CameraOrder = 'name' | '-name' | 'server' | '-server'
export interface CameraPage {
  readonly rows: NamedCameraRow[]
  readonly total: number
}

const namedColumns = {
  id: cameras.id,
  name: cameras.name,
  serverId: cameras.serverId,
  receiverId: cameras.receiverId,
  subReceiverId: cameras.subReceiverId,
  channelId: cameras.channelId,
  storageId: cameras.storageId,
  storageDurationHours: cameras.storageDurationHours,
  createdAt: cameras.createdAt,
  serverName: servers.name,
}

const byName = sql`${cameras.name} collate nocase`
const byServer = sql`${servers.name} collate nocase`
const orders = {
  name: [byName, asc(cameras.id)],
  '-name': [sql`${byName} desc`, asc(cameras.id)],
  server: [byServer, byName, asc(cameras.id)],
  '-server': [sql`${byServer} desc`, byName, asc(cameras.id)],
} as const

const filtered = and(
  sql`(${sql.placeholder('serverId')} is null or ${cameras.serverId} = ${sql.placeholder('serverId')})`,
  sql`(${sql.placeholder('visible')} is null or ${cameras.id} in (select value from json_each(${sql.placeholder('visible')})))`,
)

const listStatements = preparedOnce((db) => {
  const page = (order: CameraOrder) =>
    db
      .select(namedColumns)
      .from(cameras)
      .innerJoin(servers, eq(servers.id, cameras.serverId))
      .where(filtered)
      .orderBy(...orders[order])
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('offset'))
      .prepare()
  return {
    name: page('name'),
    '-name': page('-name'),
    server: page('server'),
    '-server': page('-server'),
    total: db.select({ value: count() }).from(cameras).where(filtered).prepare(),
    totalOfAll: db.select({ value: count() }).from(cameras).prepare(),
  }
})

const cameraStatement = preparedOnce((db) =>
  db
    .select(namedColumns)
    .from(cameras)
    .innerJoin(servers, eq(servers.id, cameras.serverId))
    .where(eq(cameras.id, sql.placeholder('id')))
    .prepare(),
)

/** One page of cameras without a search: short by nature, so it runs on the main connection. */
export async function pageOfCameras(
  db: ReadHandle,
  filter: Pick<CameraFilter, 'visibleIds' | 'serverId'>,
  order: CameraOrder,
  limit: number,
  offset: number,
): Promise<CameraPage> {
  const statements = listStatements(db)
  const values = {
    serverId: filter.serverId,
    visible: filter.visibleIds && JSON.stringify(filter.visibleIds),
  }
  const isAll = values.serverId === null && values.visible === null
  return {
    rows: await statements[order].all({ ...values, limit, offset }),
    total: (isAll ? await statements.totalOfAll.get() : await statements.total.get(values))?.value ?? 0,
  }
}

const orderTexts: Record<CameraOrder, string> = {
  name: 'c.name collate nocase, c.id',
  '-name': 'c.name collate nocase desc, c.id',
  server: 's.name collate nocase, c.name collate nocase, c.id',
  '-server': 's.name collate nocase desc, c.name collate nocase, c.id',
}

/**
 * All cameras that match, in order, read apart from the main connection: for searches, and where the status, which is
 * not in the database, decides what is on a page. `%`, `_` and `\` in the search stand for themselves.
 */
export function matchingCameras(
  store: Store,
  filter: CameraFilter,
  order: CameraOrder,
): Promise<NamedCameraRow[]> {
  const { on, value } = textSearch(filter.search ?? '')
  const visible = filter.visibleIds && JSON.stringify(filter.visibleIds)
  return store.runInWorker<NamedCameraRow>(
    `select c.id, c.name, c.server_id as serverId, c.receiver_id as receiverId, c.sub_receiver_id as subReceiverId,
       c.channel_id as channelId, c.storage_id as storageId, c.storage_duration_hours as storageDurationHours,
       c.created_at as createdAt, s.name as serverName
     from cameras c join servers s on s.id = c.server_id
     where (? is null or c.server_id = ?)
       and (? is null or c.id in (select value from json_each(?)))
       and (${on('c.name')} or (? and (${on('c.receiver_id')} or ${on('s.name')})))
     order by ${orderTexts[order]}`,
    [
      ...[filter.serverId, filter.serverId, visible, visible],
      ...[value, filter.searchesServers ? 1 : 0, value, value],
    ],
  )
}

/** One camera, or undefined. */
export function cameraById(db: ReadHandle, id: string): Promise<NamedCameraRow | undefined> {
  return cameraStatement(db).get({ id })
}

/** Which of these cameras there are. */
export async function existingCameras(db: ReadHandle, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db.select({ id: cameras.id }).from(cameras).where(isOneOf(cameras.id, ids))
  return new Set(rows.map(({ id }) => id))
}

/** Those of these cameras that there are, in the order of the ids. */
export async function camerasById(db: ReadHandle, ids: readonly string[]): Promise<NamedCameraRow[]> {
  if (ids.length === 0) return []
  const rows = await db
    .select(namedColumns)
    .from(cameras)
    .innerJoin(servers, eq(servers.id, cameras.serverId))
    .where(isOneOf(cameras.id, ids))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** Every camera; for the start of the desk. */
export function allCameras(db: ReadHandle): Promise<NamedCameraRow[]> {
  return db
    .select(namedColumns)
    .from(cameras)
    .innerJoin(servers, eq(servers.id, cameras.serverId))
    .orderBy(asc(cameras.id))
    .all()
}

/** The camera that this receiver, or this channel, of a server was imported as. */
export function cameraOfReceiver(
  db: ReadHandle,
  serverId: string,
  receiverId: string,
  channelId: string,
): Promise<CameraRow | undefined> {
  return db
    .select()
    .from(cameras)
    .where(
      and(
        eq(cameras.serverId, serverId),
        sql`(${cameras.receiverId} = ${receiverId} or ${cameras.channelId} = ${channelId})`,
      ),
    )
    .get()
}

export async function insertCamera(tx: Tx, row: CameraRow): Promise<void> {
  await tx.insert(cameras).values(row)
}

export async function updateCamera(tx: Tx, id: string, changes: CameraChanges): Promise<void> {
  await tx.update(cameras).set(changes).where(eq(cameras.id, id))
}

export async function deleteCamera(tx: Tx, id: string): Promise<void> {
  await tx.delete(cameras).where(eq(cameras.id, id))
}

/** The ids of the first cameras by name; `visibleIds` null means all of them. */
export async function firstCameraIds(
  db: ReadHandle,
  visibleIds: readonly string[] | null,
  limit: number,
): Promise<string[]> {
  return (
    await db
      .select({ id: cameras.id })
      .from(cameras)
      .where(visibleIds === null ? undefined : isOneOf(cameras.id, visibleIds))
      .orderBy(byName, asc(cameras.id))
      .limit(limit)
      .all()
  ).map(({ id }) => id)
}
