import type { AnchorsProof } from './audit-anchor-proof.ts'
import type { AuditAnchor } from './audit-anchors.ts'
import type { RecordedBreak } from './audit-breaks.ts'
import type { AuditProof } from './audit-proof.ts'

/** So many recorded breaks and restores are printed, the newest. */
const mostPrinted = 10

/** What a proof found, in sentences for a terminal. */
export function describeProof(proof: AuditProof): string {
  return [
    verdict(proof),
    proof.broken ? `${count(proof.rows, 'row holds', 'rows hold')} before it.` : holding(proof),
    ...resumed(proof),
    ...(proof.triggers ? [proof.triggers] : []),
    ...(proof.structure ? [proof.structure] : []),
    ...history(proof),
    ...breaks(proof),
    ...(proof.anchors ? describeAnchors(proof.anchors) : []),
    ...(proof.rows > 0 ? [`Last row that holds: ${proof.end.seq} ${proof.end.hmac}`] : []),
  ].join('\n')
}

function verdict({ holds, broken }: AuditProof): string {
  if (holds) return 'The audit log holds.'
  return broken
    ? `The audit log does NOT hold: row ${broken.seq}: ${broken.reason}.`
    : 'The audit log does NOT hold.'
}

const holding = ({ rows }: AuditProof): string => `${count(rows, 'row holds', 'rows hold')}.`

function resumed({ resumed: from }: AuditProof): string[] {
  if (!from) return []
  return [
    `From row ${from.seq} on, where the desk noticed it, ${count(from.rows, 'row holds', 'rows hold')} again.`,
  ]
}

function history({ removedUpTo, chained, publicKeyRows }: AuditProof): string[] {
  return [
    ...(removedUpTo > 0 ? [`Rows up to ${removedUpTo} were removed by retention.`] : []),
    ...(chained
      ? [`Rows up to ${chained.seq - 1} were written without a chain and chained on ${time(chained.at)}.`]
      : []),
    ...(publicKeyRows > 0
      ? [
          `${count(publicKeyRows, 'row is', 'rows are')} signed with the development key, which is public: anybody can forge such rows.`,
        ]
      : []),
  ]
}

function breaks({ breaks: found, restores }: AuditProof): string[] {
  const lastRestore = restores.at(-1)?.seq ?? 0
  const said = ({ seq, at, finding }: RecordedBreak): string =>
    `On ${time(at)} (row ${seq}) the desk noticed, and ${seq > lastRestore ? 'nobody has recorded a restore since' : 'a restore was recorded since'}: ${finding}`
  return [
    ...found.slice(-mostPrinted).map(said),
    ...restores
      .slice(-mostPrinted)
      .map(
        ({ seq, at, by, reason }) => `On ${time(at)} (row ${seq}) a restore was recorded by ${by}: ${reason}`,
      ),
  ]
}

function describeAnchors(proof: AnchorsProof): string[] {
  const { held, newestHeld, retired, restored, restore, cut, firstCut, unsigned, firstUnsignedLine } = proof
  return [
    ...(newestHeld
      ? [`${count(held, 'anchor holds', 'anchors hold')}, the newest of ${written(newestHeld)}.`]
      : []),
    ...(retired > 0
      ? [`${count(retired, 'anchor is', 'anchors are')} older than the rows that retention kept.`]
      : []),
    ...(restore
      ? [
          `${count(restored, 'anchor is', 'anchors are')} of rows that were given up by the restore recorded in row ${restore.seq}.`,
        ]
      : []),
    ...(firstCut
      ? [
          `CUT: ${count(cut, 'anchored row is', 'anchored rows are')} missing or replaced, the first of ${written(firstCut)}.`,
        ]
      : []),
    ...(firstUnsignedLine === null
      ? []
      : [
          `${count(unsigned, 'anchor was', 'anchors were')} not signed with a key of this desk, the first in line ${firstUnsignedLine}.`,
        ]),
    ...(held + retired + restored + cut + unsigned === 0 ? ['There is no anchor in that file.'] : []),
  ]
}

function written({ at, point }: AuditAnchor): string {
  return `${time(at)} (row ${point.seq})`
}

function time(at: number): string {
  return new Date(at).toISOString()
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}
