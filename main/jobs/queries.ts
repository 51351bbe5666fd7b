import { and, asc, desc, eq, inArray, isNotNull, lt, lte, min, notInArray } from 'drizzle-orm'
import { changedRows } from '../store/changed-rows.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { jobs } from '../store/tables/jobs.ts'

export type JobRow = typeof jobs.$inferSelect

/** What of a job changes while it is worked on. */
export type JobChanges = Partial<Omit<JobRow, 'id' | 'kind' | 'payload' | 'createdAt'>>

export async function insertJob(tx: Tx, row: JobRow): Promise<void> {
  await tx.insert(jobs).values(row)
}

export async function jobById(db: ReadHandle, id: string): Promise<JobRow | undefined> {
  const [row] = await db.select().from(jobs).where(eq(jobs.id, id))
  return row
}

/** Queued jobs of a kind whose time has come, the most urgent and then the oldest first. */
export function dueJobs(db: ReadHandle, kind: string, now: number, limit: number): Promise<JobRow[]> {
  return db
    .select()
    .from(jobs)
    .where(and(eq(jobs.state, 'queued'), eq(jobs.kind, kind), lte(jobs.runAt, now)))
    .orderBy(desc(jobs.priority), asc(jobs.runAt), asc(jobs.id))
    .limit(limit)
}

/** When the next queued job of these kinds is due, ms; null where none is queued. */
export async function nextDueAt(db: ReadHandle, kinds: readonly string[]): Promise<number | null> {
  const [row] = await db
    .select({ at: min(jobs.runAt) })
    .from(jobs)
    .where(and(eq(jobs.state, 'queued'), inArray(jobs.kind, [...kinds])))
  return row?.at ?? null
}

/** Jobs that somebody runs, but for those of these leases. */
export function jobsOfOtherLeases(db: ReadHandle, leaseIds: readonly string[]): Promise<JobRow[]> {
  return db
    .select()
    .from(jobs)
    .where(and(eq(jobs.state, 'running'), notInArray(jobs.leaseId, [...leaseIds])))
}

/** Which of these running jobs somebody wants to be cancelled. */
export async function cancelRequestsOf(db: ReadHandle, leaseIds: readonly string[]): Promise<string[]> {
  const rows = await db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(eq(jobs.cancelRequested, true), inArray(jobs.leaseId, [...leaseIds])))
  return rows.map(({ id }) => id)
}

export async function updateJob(tx: Tx, id: string, changes: JobChanges): Promise<void> {
  await tx.update(jobs).set(changes).where(eq(jobs.id, id))
}

/** Changes a job as long as this lease holds it; false where it does not any more. */
export async function updateLeased(
  tx: Tx,
  id: string,
  leaseId: string,
  changes: JobChanges,
): Promise<boolean> {
  const mine = and(eq(jobs.id, id), eq(jobs.leaseId, leaseId), eq(jobs.state, 'running'))
  return changedRows(await tx.update(jobs).set(changes).where(mine)) === 1
}

export async function extendLeases(tx: Tx, leaseIds: readonly string[], leasedUntil: number): Promise<void> {
  await tx
    .update(jobs)
    .set({ leasedUntil })
    .where(inArray(jobs.leaseId, [...leaseIds]))
}

/** Forgets jobs that finished before `at`; those that failed are kept until somebody has seen to them. */
export async function deleteFinishedBefore(tx: Tx, at: number): Promise<number> {
  const over = and(
    inArray(jobs.state, ['done', 'cancelled']),
    isNotNull(jobs.finishedAt),
    lt(jobs.finishedAt, at),
  )
  return changedRows(await tx.delete(jobs).where(over))
}
