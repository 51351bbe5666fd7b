import { and, eq, lte, ne, sum } from 'drizzle-orm'
import { changedRows } from '../store/changed-rows.ts'
import { isOneOf } from '../store/one-of.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { files, fileTickets } from '../store/tables/files.ts'

/** A file as its row says it. */
export type FileRow = typeof files.$inferSelect

/** A ticket as its row says it. */
export type FileTicketRow = typeof fileTickets.$inferSelect

export async function insertFile(tx: Tx, row: FileRow): Promise<void> {
  await tx.insert(files).values(row)
}

/** Changes a file that is being written; false where its row is gone. */
export async function updateWriting(
  tx: Tx,
  id: string,
  changes: Partial<Pick<FileRow, 'state' | 'size' | 'sha256' | 'expiresAt'>>,
): Promise<boolean> {
  const one = and(eq(files.id, id), eq(files.state, 'writing'))
  return changedRows(await tx.update(files).set(changes).where(one)) === 1
}

export async function deleteFile(tx: Tx, id: string): Promise<void> {
  await tx.delete(files).where(eq(files.id, id))
}

/** Bytes of an owner's files, and of what is reserved for those that are written; without the file `butId`. */
export async function bytesOf(db: ReadHandle, ownerId: string, butId: string): Promise<number> {
  const [row] = await db
    .select({ bytes: sum(files.size) })
    .from(files)
    .where(and(eq(files.ownerId, ownerId), ne(files.id, butId)))
  return Number(row?.bytes ?? 0)
}

/** Ids of the files that are being written, or were when an earlier desk ended. */
export async function writingIds(db: ReadHandle): Promise<string[]> {
  const rows = await db.select({ id: files.id }).from(files).where(eq(files.state, 'writing'))
  return rows.map(({ id }) => id)
}

/** Ids of up to `limit` whole files that are not kept any longer. */
export async function expiredIds(db: ReadHandle, now: number, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: files.id })
    .from(files)
    .where(and(eq(files.state, 'kept'), lte(files.expiresAt, now)))
    .limit(limit)
  return rows.map(({ id }) => id)
}

/** Those of these ids of which there is a file, whole or not. */
export async function idsOfFiles(db: ReadHandle, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.select({ id: files.id }).from(files).where(isOneOf(files.id, ids))
  return new Set(rows.map(({ id }) => id))
}

export async function insertTicket(tx: Tx, row: FileTicketRow): Promise<void> {
  await tx.insert(fileTickets).values(row)
}

/** The ticket of this secret with its file, where that is whole and not expired. */
export async function ticketedFile(
  db: ReadHandle,
  secretHash: string,
  now: number,
): Promise<{ readonly ticket: FileTicketRow; readonly file: FileRow } | null> {
  const [row] = await db
    .select({ ticket: fileTickets, file: files })
    .from(fileTickets)
    .innerJoin(files, eq(files.id, fileTickets.fileId))
    .where(and(eq(fileTickets.secretHash, secretHash), eq(files.state, 'kept')))
  return row && row.file.expiresAt > now ? row : null
}
