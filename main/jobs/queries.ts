import { and, asc, desc, eq, gt, inArray, isNotNull, lt, lte, min, not, notExists, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { changedRows } from '../store/changed-rows.ts'
import { isOneOf } from '../store/one-of.ts'
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

/** Jobs of a lane that have not ended, in their order. */
export function openJobsOfLane(db: ReadHandle, lane: string): Promise<JobRow[]> {
  return db
    .select()
    .from(jobs)
    .where(and(eq(jobs.lane, lane), inArray(jobs.state, ['queued', 'running'])))
    .orderBy(asc(jobs.id))
}

/**
 * Queued jobs of a kind whose time has come, the most urgent and then the oldest first; of each lane the first one,
 * unless that runs.
 */
export function dueJobs(db: ReadHandle, kind: string, now: number, limit: number): Promise<JobRow[]> {
  const earlier = alias(jobs, 'earlier')
  const before = db
    .select({ one: sql`1` })
    .from(earlier)
    .where(
      and(
        eq(earlier.lane, jobs.lane),
        inArray(earlier.state, ['queued', 'running']),
        lt(earlier.id, jobs.id),
      ),
    )
  return db
    .select()
    .from(jobs)
    .where(and(eq(jobs.state, 'queued'), eq(jobs.kind, kind), lte(jobs.runAt, now), notExists(before)))
    .orderBy(desc(jobs.priority), asc(jobs.runAt), asc(jobs.id))
    .limit(limit)
}

/** When the next queued job of these kinds is due that was not due at `now`, ms; null where there is none. */
export async function nextDueAt(
  db: ReadHandle,
  kinds: readonly string[],
  now: number,
): Promise<number | null> {
  const [row] = await db
    .select({ at: min(jobs.runAt) })
    .from(jobs)
    .where(and(eq(jobs.state, 'queued'), isOneOf(jobs.kind, kinds), gt(jobs.runAt, now)))
  return row?.at ?? null
}

/** Lets the queued jobs of a lane run now. */
export async function updateLaneDue(tx: Tx, lane: string, now: number): Promise<void> {
  const waiting = and(eq(jobs.lane, lane), eq(jobs.state, 'queued'), gt(jobs.runAt, now))
  await tx.update(jobs).set({ runAt: now }).where(waiting)
}

/** Jobs that somebody runs, but for those of these leases. */
export function jobsOfOtherLeases(db: ReadHandle, leaseIds: readonly string[]): Promise<JobRow[]> {
  return db
    .select()
    .from(jobs)
    .where(and(eq(jobs.state, 'running'), not(isOneOf(jobs.leaseId, leaseIds))))
}

/** Keeps these leases until then. Answers those that still hold, and whether somebody wants their job to be cancelled. */
export function extendLeases(
  tx: Tx,
  leaseIds: readonly string[],
  leasedUntil: number,
): Promise<{ leaseId: string | null; cancelRequested: boolean }[]> {
  return tx
    .update(jobs)
    .set({ leasedUntil })
    .where(and(eq(jobs.state, 'running'), isOneOf(jobs.leaseId, leaseIds)))
    .returning({ leaseId: jobs.leaseId, cancelRequested: jobs.cancelRequested })
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

/** Forgets up to `limit` jobs that finished before `at`; those that failed are kept until somebody has seen to them. */
export async function deleteFinishedBefore(tx: Tx, at: number, limit: number): Promise<void> {
  const old = tx
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(inArray(jobs.state, ['done', 'cancelled']), isNotNull(jobs.finishedAt), lt(jobs.finishedAt, at)),
    )
    .limit(limit)
  await tx.delete(jobs).where(inArray(jobs.id, old))
}
