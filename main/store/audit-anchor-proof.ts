import { linesOf, readAnchor } from './audit-anchors.ts'
import type { AuditAnchor } from './audit-anchors.ts'
import type { RecordedRestore } from './audit-breaks.ts'
import type { ChainKeys } from './audit-chain.ts'
import { anchorVerdict } from './audit-start.ts'
import type { SqliteConnection } from './connection.ts'

/** What became of the anchors of a file in a log. */
export interface AnchorsProof {
  /** Whether there is an anchor, each is signed by this desk, and the log was cut before none of them. */
  readonly holds: boolean
  /** How many rows that are anchored are there, and the newest of those anchors. */
  readonly held: number
  readonly newestHeld: AuditAnchor | null
  /** Anchors of rows that retention has removed since: they prove nothing any more, and accuse nobody. */
  readonly retired: number
  /** Anchors of rows that are gone because an administrator restored a backup, and the restore that says so. */
  readonly restored: number
  readonly restore: RecordedRestore | null
  /** Anchors of rows that are missing or others, for which nobody has recorded a reason, and the first of them. */
  readonly cut: number
  readonly firstCut: AuditAnchor | null
  /** Lines in the form of an anchor that no key of this desk signed, and the number of the first. */
  readonly unsigned: number
  readonly firstUnsignedLine: number | null
}

interface CheckedLog {
  readonly connection: SqliteConnection
  readonly keys: ChainKeys
  readonly removedUpTo: number
  readonly restores: readonly RecordedRestore[]
}

/** Compares every anchor of a file with the log. In a transaction. Throws what the disk throws. */
export function checkAnchors(file: string, log: CheckedLog): AnchorsProof {
  let found = noAnchors
  for (const { number, text } of linesOf(file, { ifMissing: 'throw' })) {
    const read = readAnchor(text, log.keys)
    if (read === 'unsigned') {
      const firstUnsignedLine = found.firstUnsignedLine ?? number
      found = { ...found, unsigned: found.unsigned + 1, firstUnsignedLine }
    } else if (read !== null) found = withAnchor(found, read, log)
  }
  const hasAnchors = found.held + found.retired + found.restored > 0
  return { ...found, holds: hasAnchors && found.cut === 0 && found.unsigned === 0 }
}

const noAnchors: AnchorsProof = {
  holds: false,
  held: 0,
  newestHeld: null,
  retired: 0,
  restored: 0,
  restore: null,
  cut: 0,
  firstCut: null,
  unsigned: 0,
  firstUnsignedLine: null,
}

function withAnchor(found: AnchorsProof, anchor: AuditAnchor, log: CheckedLog): AnchorsProof {
  const verdict = anchorVerdict(log.connection, anchor, log.removedUpTo)
  if (verdict === 'held') return { ...found, held: found.held + 1, newestHeld: anchor }
  if (verdict === 'retired') return { ...found, retired: found.retired + 1 }
  // A restore accounts for what was written before it; what was anchored later was there after it.
  const restore = log.restores.find(({ at }) => at >= anchor.at)
  if (restore) return { ...found, restored: found.restored + 1, restore }
  return { ...found, cut: found.cut + 1, firstCut: found.firstCut ?? anchor }
}
