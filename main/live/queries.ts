import { eq, sql } from 'drizzle-orm'
import { preparedOnce } from '../store/prepared-once.ts'
import type { ReadHandle, Tx } from '../store/store-types.ts'
import { walls } from '../store/tables/cameras.ts'

export type WallRow = typeof walls.$inferSelect

const wallStatement = preparedOnce((db) =>
  db
    .select()
    .from(walls)
    .where(eq(walls.userId, sql.placeholder('userId')))
    .prepare(),
)

/** The wall this person left, or undefined. */
export function wallOf(db: ReadHandle, userId: string): WallRow | undefined {
  return wallStatement(db).get({ userId })
}

export function saveWall(tx: Tx, row: WallRow): void {
  const { layout, tiles, savedAt } = row
  tx.insert(walls)
    .values(row)
    .onConflictDoUpdate({ target: walls.userId, set: { layout, tiles, savedAt } })
    .run()
}
