import type { AuditProof } from './audit-proof.ts'

/** What a proof found, in sentences for a terminal. */
export function describeProof({ rows, removedUpTo, end, chained, broken }: AuditProof): string {
  const count = rows === 1 ? '1 row holds' : `${rows} rows hold`
  const lines = [
    broken ? `The audit log does NOT hold: row ${broken.seq}: ${broken.reason}.` : 'The audit log holds.',
    broken ? `${count} before it.` : `${count}.`,
  ]
  if (removedUpTo > 0) lines.push(`Rows up to ${removedUpTo} were removed by retention.`)
  if (chained)
    lines.push(
      `Rows up to ${chained.seq - 1} were written without a chain and chained on ${new Date(chained.at).toISOString()}.`,
    )
  if (rows > 0) lines.push(`Last row that holds: ${end.seq} ${end.hmac}`)
  return lines.join('\n')
}
