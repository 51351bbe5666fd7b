import { auditOutcomes } from '../../../shared/contract/audit.ts'
import type { AuditFilter } from '../../../shared/contract/audit.ts'
import { deskMoment } from '../../app/times.ts'

/**
 * What can be filtered by, as the page's address names it. `from` and `to` are times of the desk to the minute, as a browser's
 * control has them: 2026-11-21T03:00.
 */
export const textNames = ['search', 'actor', 'action', 'target', 'outcome', 'from', 'to', 'renewals'] as const

/** What the controls of the page hold; empty where it does not matter. */
export type FilterTexts = Record<(typeof textNames)[number], string>

/** Every row of the log but the renewals of sign-ins: each open page adds one every quarter of an hour. */
export const noTexts: FilterTexts = {
  search: '',
  actor: '',
  action: '',
  target: '',
  outcome: '',
  from: '',
  to: '',
  renewals: '',
}

const minuteMs = 60_000

/** What the desk is asked for. A minute that is named as the end belongs to the time asked for. */
export function auditFilterOf(texts: FilterTexts): AuditFilter {
  const from = deskMoment(texts.from)
  const to = deskMoment(texts.to)
  return {
    search: texts.search.trim() || undefined,
    actor: texts.actor.trim() || undefined,
    action: texts.action || undefined,
    target: texts.target.trim() || undefined,
    outcome: auditOutcomes.find((outcome) => outcome === texts.outcome),
    from,
    to: to === undefined ? undefined : to + minuteMs - 1,
    // Whoever asks for an action by its name means it.
    renewals: texts.renewals === 'shown' || texts.action !== '' ? undefined : false,
  }
}

/** A sentence when nothing can fit: the end lies before the beginning. */
export function timesFailure(filter: AuditFilter): string | null {
  if (filter.from === undefined || filter.to === undefined || filter.from <= filter.to) return null
  return 'The end lies before the beginning. Change one of the two times.'
}
